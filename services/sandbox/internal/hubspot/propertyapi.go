package hubspot

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// fieldTypes are the field types that a type allows (page "Properties").
var fieldTypes = map[string][]string{
	"string":      {"text", "textarea", "html", "file", "phonenumber", "calculation_equation"},
	"number":      {"number", "calculation_equation"},
	"bool":        {"booleancheckbox", "calculation_equation"},
	"enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
	"date":        {"date"},
	"datetime":    {"date"},
}

const maxUnique = 10

var propertyName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

func (o *object) sortedProps(archived bool) []*property {
	out := []*property{}
	for _, p := range *o.props.Load() {
		if p.Archived == archived {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *property) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func listProperties(c *call) *apiError {
	o, err := c.schema(false)
	if err != nil {
		return err
	}
	if s := c.r.URL.Query().Get("dataSensitivity"); s != "" && s != "non_sensitive" {
		return c.replyValue(200, map[string]any{"results": []*property{}})
	}
	return c.replyValue(200, map[string]any{"results": o.sortedProps(c.r.URL.Query().Get("archived") == "true")})
}

func getProperty(c *call) *apiError {
	o, err := c.schema(false)
	if err != nil {
		return err
	}
	p := o.prop(c.r.PathValue("name"))
	if p == nil || p.Archived != (c.r.URL.Query().Get("archived") == "true") {
		return noProperty(c.r.PathValue("name"))
	}
	return c.replyValue(200, p)
}

func noProperty(name string) *apiError {
	e := fail(404, catNotFound, "Property %q does not exist", name)
	e.SubCategory = "PropertiesError.PROPERTY_NOT_FOUND"
	return e
}

func createProperty(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	var in property
	if err := c.body(&in); err != nil {
		return err
	}
	if err := c.p.addProperty(o, &in, false); err != nil {
		return err
	}
	return c.replyValue(http.StatusCreated, &in)
}

// addProperty adds a custom property. A score can be made by HubSpot only, not
// through the API.
func (p *Portal) addProperty(o *object, in *property, byHubSpot bool) *apiError {
	if in.Name == "" || in.Label == "" || in.Type == "" || in.FieldType == "" || in.GroupName == "" {
		return invalid("name, label, type, fieldType and groupName are required")
	}
	if !propertyName.MatchString(in.Name) {
		return invalid("Property name %q is not valid: use lower-case letters, digits and underscores", in.Name)
	}
	if score := in.Type == "number" && in.FieldType == "calculation_score"; !(score && byHubSpot) && !slices.Contains(fieldTypes[in.Type], in.FieldType) {
		return invalid("fieldType %q does not fit type %q", in.FieldType, in.Type)
	}
	if !o.hasGroup(in.GroupName) {
		return invalid("Property group %q does not exist", in.GroupName)
	}
	if old := o.prop(in.Name); old != nil && !old.Archived {
		e := fail(409, catConflict, "A property named %q already exists.", in.Name)
		e.SubCategory = "Properties.PROPERTY_EXISTS"
		return e
	}
	if in.HasUniqueValue {
		n := 0
		for _, other := range *o.props.Load() {
			if other.HasUniqueValue && !other.HubspotDefined {
				n++
			}
		}
		if n >= maxUnique {
			return invalid("At most %d properties with unique values are allowed for %s", maxUnique, o.name)
		}
	}
	now := crm.ISO(p.srv.clock.Milli())
	in.CreatedAt, in.UpdatedAt = now, now
	in.CreatedUserID, in.UpdatedUserID = "9586501", "9586501"
	in.HubspotDefined, in.Archived = false, false
	in.ModificationMetadata = modification{Archivable: true}
	in.Calculated = strings.HasPrefix(in.FieldType, "calculation_")
	in.ModificationMetadata.ReadOnlyValue = in.Calculated
	if in.Options == nil {
		in.Options = []option{}
	}
	if in.HasUniqueValue {
		o.unique(in.Name)
	}
	kept := *in
	o.setProp(&kept)
	return nil
}

func (o *object) hasGroup(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.groups, func(g *group) bool { return g.Name == name })
}

func patchProperty(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	p := o.prop(c.r.PathValue("name"))
	if p == nil || p.Archived {
		return noProperty(c.r.PathValue("name"))
	}
	var in struct {
		Label, Description, GroupName *string
		Type, FieldType               *string
		DisplayOrder                  *int
		Options                       *[]option // replaces the list
		Hidden, FormField             *bool
	}
	if err := c.body(&in); err != nil {
		return err
	}
	if p.ModificationMetadata.ReadOnlyDefinition && (in.Type != nil || in.FieldType != nil) {
		return invalid("Property %q is defined by HubSpot; its type cannot be changed", p.Name)
	}
	next := *p
	put(&next.Label, in.Label)
	put(&next.Description, in.Description)
	put(&next.GroupName, in.GroupName)
	put(&next.Type, in.Type)
	put(&next.FieldType, in.FieldType)
	put(&next.DisplayOrder, in.DisplayOrder)
	put(&next.Options, in.Options)
	put(&next.Hidden, in.Hidden)
	put(&next.FormField, in.FormField)
	next.UpdatedAt = crm.ISO(c.s.clock.Milli())
	o.setProp(&next)
	return c.replyValue(200, &next)
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func deleteProperty(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	if err := c.dropProperty(o, c.r.PathValue("name")); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) dropProperty(o *object, name string) *apiError {
	p := o.prop(name)
	if p == nil || p.Archived {
		return noProperty(name)
	}
	if p.HubspotDefined {
		return invalid("Property %q is defined by HubSpot and cannot be archived", name)
	}
	next := *p
	next.Archived, next.ArchivedAt = true, crm.ISO(c.s.clock.Milli())
	o.setProp(&next)
	return nil
}

func (c *call) replyBatch(status int, results []*property, errs [][]byte, started int64) *apiError {
	return c.reply(multi(status, errs), func(b []byte) []byte {
		b = append(b, `{"status":"COMPLETE","results":`...)
		b = wire.AppendValue(b, results)
		return c.appendDone(b, started, errs)
	})
}

func batchCreateProperties(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	var in struct {
		Inputs []*property `json:"inputs"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	started := c.s.clock.Milli()
	done, errs := []*property{}, [][]byte(nil)
	for _, p := range in.Inputs {
		if err := c.p.addProperty(o, p, false); err != nil {
			err.Context = map[string][]string{"name": {p.Name}}
			errs = append(errs, err.entry())
			continue
		}
		done = append(done, p)
	}
	return c.replyBatch(201, done, errs, started)
}

type nameInputs struct {
	Archived bool `json:"archived"`
	Inputs   []struct {
		Name string `json:"name"`
	} `json:"inputs"`
}

func batchReadProperties(c *call) *apiError {
	o, err := c.schema(false)
	if err != nil {
		return err
	}
	var in nameInputs
	if err := c.body(&in); err != nil {
		return err
	}
	started := c.s.clock.Milli()
	done, errs := []*property{}, [][]byte(nil)
	for _, n := range in.Inputs {
		if p := o.prop(n.Name); p != nil && p.Archived == in.Archived {
			done = append(done, p)
			continue
		}
		e := noProperty(n.Name)
		e.Context = map[string][]string{"name": {n.Name}}
		errs = append(errs, e.entry())
	}
	return c.replyBatch(200, done, errs, started)
}

func batchArchiveProperties(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	var in nameInputs
	if err := c.body(&in); err != nil {
		return err
	}
	for _, n := range in.Inputs {
		if err := c.dropProperty(o, n.Name); err != nil && err.status != 404 {
			return err
		}
	}
	return c.noContent()
}

func listGroups(c *call) *apiError {
	o, err := c.schema(false)
	if err != nil {
		return err
	}
	o.mu.Lock()
	list := slices.Clone(o.groups)
	o.mu.Unlock()
	return c.replyValue(200, map[string]any{"results": list})
}

func createGroup(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	var in group
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Name == "" || in.Label == "" {
		return invalid("name and label are required")
	}
	o.mu.Lock()
	exists := slices.ContainsFunc(o.groups, func(g *group) bool { return g.Name == in.Name })
	if !exists {
		o.groups = append(slices.Clone(o.groups), &in)
	}
	o.mu.Unlock()
	if exists {
		return fail(409, catConflict, "A property group named %q already exists.", in.Name)
	}
	return c.replyValue(http.StatusCreated, &in)
}
