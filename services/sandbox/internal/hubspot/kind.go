package hubspot

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// kind describes an object type.
type kind struct {
	name, singular, typeID, legacy string
	modified                       string // property that holds the time of the last change
	created                        string
	defaults                       []string // returned when no properties are asked for
	searched                       []string // where a search's query looks
	group                          string
}

var kinds = []*kind{
	{
		name: "deals", singular: "deal", typeID: "0-3", legacy: "DEAL", modified: "hs_lastmodifieddate", created: "createdate", group: "dealinformation",
		defaults: []string{"amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id", "pipeline"},
		searched: []string{"dealname", "pipeline", "dealstage", "description", "dealtype"},
	},
	{
		name: "contacts", singular: "contact", typeID: "0-1", legacy: "CONTACT", modified: "lastmodifieddate", created: "createdate", group: "contactinformation",
		defaults: []string{"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"},
		searched: []string{"firstname", "lastname", "email", "phone", "company"},
	},
	{
		name: "companies", singular: "company", typeID: "0-2", legacy: "COMPANY", modified: "hs_lastmodifieddate", created: "createdate", group: "companyinformation",
		defaults: []string{"createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"},
		searched: []string{"name", "domain", "website", "phone"},
	},
}

var kindByName = func() map[string]*kind {
	m := map[string]*kind{}
	for _, k := range kinds {
		m[k.name], m[k.singular], m[k.typeID] = k, k, k
	}
	return m
}()

func findKind(name string) *kind { return kindByName[strings.ToLower(name)] }

// object is one object type in one portal: its records and their properties.
type object struct {
	*kind
	table *crm.Table
	view  *crm.View

	mu     sync.Mutex // for writers of the two maps
	props  atomic.Pointer[map[string]*property]
	groups []*group
	lines  atomic.Pointer[[]*pipeline] // deals only; replaced as a whole
}

type group struct {
	Name         string `json:"name"`
	Label        string `json:"label"`
	DisplayOrder int    `json:"displayOrder"`
	Archived     bool   `json:"archived"`
}

func newObject(k *kind, firstID int64, view *crm.View) *object {
	o := &object{kind: k, view: view, table: crm.NewTable(firstID, view.Push)}
	props := standardProperties(k)
	o.props.Store(&props)
	for name, p := range props {
		if p.HasUniqueValue && name != "hs_object_id" {
			o.unique(name)
		}
	}
	o.groups = []*group{{Name: k.group, Label: strings.ToUpper(k.singular[:1]) + k.singular[1:] + " information"}}
	o.lines.Store(&[]*pipeline{})
	return o
}

func (o *object) unique(name string) {
	o.table.SetUnique(name)
	o.view.Table().SetUnique(name)
}

func (o *object) prop(name string) *property { return (*o.props.Load())[name] }

func (o *object) pipelines() []*pipeline { return *o.lines.Load() }

func (o *object) setProp(p *property) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := make(map[string]*property, len(*o.props.Load())+1)
	for k, v := range *o.props.Load() {
		next[k] = v
	}
	next[p.Name] = p
	o.props.Store(&next)
}
