package resolve

import (
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

var (
	ordered    = []deal.Type{deal.Number, deal.Date, deal.Datetime}
	searchable = []deal.Type{deal.Text, deal.Multi}
)

// typesOf are the types that an operator is made for; others take any type.
var typesOf = map[string][]deal.Type{
	"lt": ordered, "lte": ordered, "gt": ordered, "gte": ordered,
	"contains": searchable, "not_contains": searchable,
}

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
	if types := typesOf[t.Op]; types != nil && !slices.Contains(types, f.Type) {
		r.fail(path+".op", "bad_filter", "%s: %s can't be used on %s, which is %s; it is for: %v", path, t.Op, f.Name, f.Type, types)
		return nil
	}
	c := &configv1.Condition{Field: f.Name, Op: t.Op, Type: string(f.Type)}
	for _, v := range t.Value {
		canonical, ok := deal.Canonical(f.Type, v)
		switch {
		case !ok:
			r.fail(path+".value", "bad_filter", "%s: %q is no %s, which %s is", path, v, f.Type, f.Name)
		case f.Type == deal.Picklist && len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o connector.Option) bool { return o.ID == canonical }):
			r.fail(path+".value", "unknown_option", "%s: %s has no option %q; %s", path, f.Name, v, optionsOf(v, f))
		}
		c.Values = append(c.Values, canonical)
	}
	return c
}

func optionsOf(got string, f *connector.Field) string {
	var ids, shown []string
	for _, o := range f.Options {
		ids, shown = append(ids, o.ID), append(shown, labelled(o.ID, o.Label))
	}
	return exists(got, ids, shown)
}
