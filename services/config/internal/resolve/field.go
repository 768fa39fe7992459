package resolve

import (
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// fields resolves the field mappings, or the app's defaults.
func (r *resolver) fields() []*configv1.FieldLine {
	lines := r.spec.Fields
	if lines == nil {
		lines = r.Defaults
	}
	if len(lines) == 0 {
		r.fail("spec", "missing_required", "spec.fields is missing: %s has no default field mappings for %s", r.AppTitle, r.spec.Object)
	}
	resolved := make([]*configv1.FieldLine, 0, len(lines))
	for i := range lines {
		path := fmt.Sprintf("spec.fields[%d]", i)
		hubspot := r.field(path+".hubspot", "HubSpot", r.HubSpot, lines[i].HubSpot)
		app := r.field(path+".app", r.AppTitle, r.App, lines[i].App)
		if hubspot == nil || app == nil {
			continue
		}
		resolved = append(resolved, &configv1.FieldLine{
			Hubspot: fieldSpec(hubspot), App: fieldSpec(app),
			Direction: protoDirection(r.fieldDirection(path, lines[i], hubspot, app)),
		})
	}
	r.currencies(lines)
	return resolved
}

func fieldSpec(f *connector.Field) *configv1.FieldSpec {
	return &configv1.FieldSpec{Name: f.Name, Type: string(f.Type), ReadOnly: f.ReadOnly, Currency: f.Currency}
}

func (r *resolver) field(path, title string, schema *connector.Schema, name string) *connector.Field {
	f := schema.Field(name)
	if f == nil {
		r.fail(path, "unknown_field", "%s: %s has no %s field %q; %s", path, title, r.spec.Object, name, fieldsOf(name, schema))
		return nil
	}
	if f.Type == deal.Stage || (schema == r.HubSpot && name == "pipeline") {
		r.fail(path, "stage_in_fields", "%s: %s says where a deal stands; pipelines and stages are mapped in spec.pipelines", path, name)
		return nil
	}
	return f
}

func fieldsOf(got string, schema *connector.Schema) string {
	ids := make([]string, 0, len(schema.Fields))
	for i := range schema.Fields {
		ids = append(ids, schema.Fields[i].Name)
	}
	slices.Sort(ids)
	return exists(got, ids, ids)
}

// fieldDirection narrows a line to what both fields allow. A direction that is
// written must be possible; one that is not is narrowed silently, as the
// specification wants of read-only fields.
func (r *resolver) fieldDirection(path string, line document.Field, hubspot, app *connector.Field) deal.Ways {
	possible := allowed(hubspot, app)
	want := wayOf(line.Direction, r.direction)
	got := want & possible
	if got == deal.NoWay || (line.Direction != "" && got != want) {
		code, why := "types_incompatible", fmt.Sprintf("HubSpot's %s is %s, %s's %s is %s", hubspot.Name, typed(hubspot), r.AppTitle, app.Name, typed(app))
		if hubspot.ReadOnly || app.ReadOnly {
			code = "read_only"
		}
		r.fail(path, code, "%s: values can't travel %s: %s; allowed: %s", path, want, why, possible)
		return want
	}
	if hubspot.Type == deal.Picklist && app.Type == deal.Picklist {
		r.options(path, got, hubspot, app)
	}
	return got
}

func typed(f *connector.Field) string {
	if f.ReadOnly {
		return "read-only " + string(f.Type)
	}
	return string(f.Type)
}

// options makes sure that every option which may travel has its like on the
// other side.
func (r *resolver) options(path string, w deal.Ways, hubspot, app *connector.Field) {
	check := func(from, to *connector.Field, title string) {
		ids := make([]string, 0, len(to.Options))
		for _, o := range to.Options {
			ids = append(ids, o.ID)
		}
		for _, o := range from.Options {
			if !slices.Contains(ids, o.ID) {
				r.fail(path, "option_not_mapped", "%s: option %s of %s does not exist in %s's %s; %s", path, labelled(o.ID, o.Label), from.Name, title, to.Name, exists(o.ID, ids, ids))
			}
		}
	}
	if w&deal.ToApp != 0 {
		check(hubspot, app, r.AppTitle)
	}
	if w&deal.ToHubSpot != 0 {
		check(app, hubspot, "HubSpot")
	}
}

// currencies keeps an amount's currency from being mapped a second time: the
// two travel as one (R18).
func (r *resolver) currencies(lines []document.Field) {
	hubspot, app := map[string]string{}, map[string]string{}
	for i := range lines {
		if f := r.HubSpot.Field(lines[i].HubSpot); f != nil && f.Currency != "" {
			hubspot[f.Currency] = f.Name
		}
		if f := r.App.Field(lines[i].App); f != nil && f.Currency != "" {
			app[f.Currency] = f.Name
		}
	}
	for i := range lines {
		path := fmt.Sprintf("spec.fields[%d]", i)
		for name, amount := range map[string]string{lines[i].HubSpot: hubspot[lines[i].HubSpot], lines[i].App: app[lines[i].App]} {
			if amount != "" {
				r.fail(path, "currency_travels_with_amount", "%s: %s travels with %s already; remove this line", path, name, amount)
			}
		}
	}
}
