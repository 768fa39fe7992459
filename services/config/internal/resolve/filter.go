package resolve

import (
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// filter resolves the conditions on one side's records (R11).
func (r *resolver) filter(path string, t *document.Term, title string, schema *connector.Schema) *configv1.Filter {
	if t == nil {
		return nil
	}
	f := &configv1.Filter{Group: &configv1.Group{}, OnExit: r.spec.OnExit}
	if f.OnExit == "" {
		f.OnExit = "stop"
	}
	r.term(f.Group, path, t, title, schema)
	// A group that holds nothing but a group is that group.
	if g := f.Group; len(g.Conditions) == 0 && len(g.Groups) == 1 {
		f.Group = g.Groups[0]
	}
	return f
}

// Filter resolves a term that stands alone (document.ParseTerm) for records of
// an object; a group that all meet when there is none. title names the app in
// problems.
func Filter(doc *document.Document, object deal.Object, title string, schema *connector.Schema) (filter.Group, []document.Problem) {
	r := &resolver{Input: Input{Doc: doc, App: schema, HubSpot: &connector.Schema{}}, spec: &document.SyncSpec{Object: string(object)}, title: title}
	f := r.filter("filter", doc.Sync.Filter.App, title, schema)
	return settings.GroupOf(f.GetGroup()), r.problems
}

func (r *resolver) term(into *configv1.Group, path string, t *document.Term, title string, schema *connector.Schema) {
	if t.Field != "" {
		if c := r.condition(path, t, title, schema); c != nil {
			into.Conditions = append(into.Conditions, c)
		}
		return
	}
	name, terms := "all", t.All
	if t.Any != nil {
		name, terms = "any", t.Any
	}
	group := &configv1.Group{Any: t.Any != nil}
	for i := range terms {
		r.term(group, fmt.Sprintf("%s.%s[%d]", path, name, i), &terms[i], title, schema)
	}
	into.Groups = append(into.Groups, group)
}

func (r *resolver) condition(path string, t *document.Term, title string, schema *connector.Schema) *configv1.Condition {
	f := schema.Field(t.Field)
	if f == nil {
		r.fail(path+".field", "unknown_field", "%s: %s has no %s field %q; %s", path, title, r.spec.Object, t.Field, fieldsOf(t.Field, schema))
		return nil
	}
	if f.Type == deal.Reference {
		r.fail(path+".field", "reference_in_filter", "%s: %s holds associated records, and those are no condition", path, t.Field)
		return nil
	}
	c := &configv1.Condition{Field: f.Name, Op: t.Op, Type: string(f.Type)}
	wrong := path + ".op" // unless a value is
	for _, v := range t.Value {
		canonical, ok := filter.Canonical(f.Type, v)
		if !ok {
			wrong = path + ".value"
		}
		if f.Type == deal.Picklist && len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o connector.Option) bool { return o.ID == canonical }) {
			r.fail(path+".value", "unknown_option", "%s: %s has no option %q; %s", path, f.Name, v, optionsOf(v, f))
		}
		c.Values = append(c.Values, canonical)
	}
	// What the mapper will make of it decides.
	if _, err := filter.New(filter.Group{Conditions: []filter.Condition{
		{Field: f.Name, Type: f.Type, Op: filter.Op(t.Op), Values: t.Value},
	}}); err != nil {
		r.fail(wrong, filter.CodeBad, "%s: %v", path, err)
	}
	return c
}
