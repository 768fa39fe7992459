package hubspot

import (
	"slices"
	"strings"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// kind is what HubSpot has of one of our objects. HubSpot's own singular name is
// ours too.
type kind struct {
	object deal.Object
	// plural is its name in paths, typeID the one in generic events, group the
	// property group that ours is put into.
	plural, typeID, group string
	// modified is the property that holds the time of the last change.
	modified string
	// defaults are the properties that are read and subscribed to without being
	// asked for. Custom properties come beside them.
	defaults []string
	required []string
	// unique are properties whose values HubSpot keeps apart without saying so.
	unique []string
	// links are the objects whose records this one keeps as a field.
	links []deal.Object
	// piped: its records go through pipelines.
	piped bool
}

var kinds = []kind{
	{
		object: deal.Deals, plural: "deals", typeID: "0-3", group: "dealinformation", modified: "hs_lastmodifieddate",
		defaults: []string{
			"dealname", "amount", "deal_currency_code", "pipeline", "dealstage", "closedate",
			"hubspot_owner_id", "dealtype", "description", "hs_priority", "hs_next_step",
			"closed_lost_reason", "closed_won_reason", "createdate", deal.PairKeyField,
		},
		required: []string{"dealname", "dealstage"},
		links:    []deal.Object{deal.Contacts, deal.Companies},
		piped:    true,
	},
	{
		object: deal.Contacts, plural: "contacts", typeID: "0-1", group: "contactinformation", modified: "lastmodifieddate",
		defaults: []string{
			"email", "firstname", "lastname", "phone", "mobilephone", "jobtitle", "company", "website", "city", "country",
			"lifecyclestage", "hs_lead_status", "hubspot_owner_id", "createdate", deal.PairKeyField,
		},
		unique: []string{"email"},
		links:  []deal.Object{deal.Companies},
	},
	{
		object: deal.Companies, plural: "companies", typeID: "0-2", group: "companyinformation", modified: "hs_lastmodifieddate",
		defaults: []string{
			"name", "domain", "website", "phone", "industry", "city", "country", "numberofemployees", "annualrevenue",
			"description", "lifecyclestage", "hubspot_owner_id", "createdate", deal.PairKeyField,
		},
	},
}

// kindOf finds a kind by a test; nil when there is none.
func kindOf(is func(*kind) bool) *kind {
	for i := range kinds {
		if is(&kinds[i]) {
			return &kinds[i]
		}
	}
	return nil
}

func kindByObject(object deal.Object) *kind {
	return kindOf(func(k *kind) bool { return k.object == object })
}

func kindByTypeID(id string) *kind { return kindOf(func(k *kind) bool { return k.typeID == id }) }

// linkField is the field that stands for the associations with an object. Search
// filters know them by this name.
func linkField(to deal.Object) string { return linkPrefix + string(to) }

const linkPrefix = "associations."

// isLink reports whether a field stands for associations: no property holds it.
func isLink(field string) bool { return strings.HasPrefix(field, linkPrefix) }

// shape is an object of the account: what HubSpot has of it everywhere, and what
// the last schema taught us about it here.
type shape struct {
	*kind

	mu       sync.RWMutex
	custom   []string        // custom properties
	readOnly map[string]bool // calculated and read-only ones
	known    map[string]bool
	keyed    bool // the pair key property exists
}

func newShapes() map[deal.Object]*shape {
	all := map[deal.Object]*shape{}
	for i := range kinds {
		all[kinds[i].object] = &shape{kind: &kinds[i]}
	}
	return all
}

// shape is the object's; fault.Invalid when HubSpot does not share it.
func (d *Driver) shape(object deal.Object) (*shape, error) {
	if s := d.shapes[object]; s != nil {
		return s, nil
	}
	return nil, fault.New(fault.Invalid, "object_not_shared", "HubSpot connections share deals, contacts and companies, not %q", object)
}

// learn remembers which properties there are.
func (s *shape) learn(properties []property) {
	var custom []string
	readOnly, known := map[string]bool{}, map[string]bool{}
	keyed := false
	for i := range properties {
		p := &properties[i]
		if p.Archived {
			continue
		}
		known[p.Name] = true
		readOnly[p.Name] = p.Calculated || p.Modification.ReadOnlyValue
		if !p.HubspotDefined && p.Name != deal.PairKeyField && !slices.Contains(s.defaults, p.Name) {
			custom = append(custom, p.Name)
		}
		keyed = keyed || p.Name == deal.PairKeyField && p.HasUniqueValue
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.custom, s.readOnly, s.known, s.keyed = custom, readOnly, known, s.keyed || keyed
}

func (s *shape) learned() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known != nil
}

func (s *shape) hasKey() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keyed
}

func (s *shape) setKey(there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyed = there
}

// wanted are the properties to read: the defaults, the custom ones and what the
// account's syncs ask for. HubSpot leaves unknown names out of its answers.
func (d *Driver) wanted(s *shape) []string {
	s.mu.RLock()
	names := slices.Concat(s.defaults, s.custom)
	s.mu.RUnlock()
	for _, name := range d.extra(s.object) {
		if !bookkeeping(name) && !isLink(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// wantedLinks are the objects whose associations the account's syncs ask for:
// each costs a call for every page of records.
func (d *Driver) wantedLinks(k *kind) []deal.Object {
	if len(k.links) == 0 || d.extra == nil {
		return nil
	}
	asked := d.extra(k.object)
	var all []deal.Object
	for _, to := range k.links {
		if slices.Contains(asked, linkField(to)) {
			all = append(all, to)
		}
	}
	return all
}
