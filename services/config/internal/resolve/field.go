package resolve

import (
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/settings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// fields resolves the field mappings, or the app's defaults.
func (r *resolver) fields() []*configv1.FieldLine {
	lines := r.spec.Fields
	if lines == nil {
		lines = r.defaults()
	}
	if len(lines) == 0 {
		r.fail("spec", "missing_required", "spec.fields is missing: %s has no default field mappings for %s", r.title, r.spec.Object)
	}
	resolved := make([]*configv1.FieldLine, 0, len(lines))
	for i := range lines {
		path := fmt.Sprintf("spec.fields[%d]", i)
		hubspot := r.field(path+".hubspot", "HubSpot", r.HubSpot, lines[i].HubSpot)
		app := r.field(path+".app", r.title, r.App, lines[i].App)
		if hubspot == nil || app == nil {
			continue
		}
		way, ok := r.fieldDirection(path, lines[i], hubspot, app)
		if !ok {
			continue
		}
		line := &configv1.FieldLine{Hubspot: fieldSpec(hubspot), App: fieldSpec(app), Direction: settings.DirectionOf(way)}
		r.options(path, lines[i], way, line, hubspot, app)
		r.owners(path, lines[i], line, hubspot, app)
		resolved = append(resolved, line)
	}
	r.currencies(lines)
	return resolved
}

// defaults are the field mappings of the app's manifest, as far as they go the
// sync's way.
func (r *resolver) defaults() []document.Field {
	shared := r.AppManifest.Object(deal.Object(r.spec.Object))
	if shared == nil {
		return nil
	}
	var lines []document.Field
	for _, f := range shared.Fields {
		line := document.Field{HubSpot: f.HubSpot, App: f.App}
		if f.Ways != deal.NoWay {
			way := f.Ways & r.direction
			if way == deal.NoWay {
				continue
			}
			line.Direction = way.String()
		}
		lines = append(lines, line)
	}
	return lines
}

func fieldSpec(f *connector.Field) *configv1.FieldSpec {
	return &configv1.FieldSpec{Name: f.Name, Type: string(f.Type), ReadOnly: f.ReadOnly, Currency: f.Currency, Label: f.Label}
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
	if f.Type == deal.Reference {
		r.fail(path, "reference_in_fields", "%s: %s holds associated records; associations are carried over by themselves when their records sync too; remove this line", path, name)
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
func (r *resolver) fieldDirection(path string, line document.Field, hubspot, app *connector.Field) (deal.Ways, bool) {
	possible := Ways(hubspot, app)
	want := wayOf(line.Direction, r.direction)
	got := want & possible
	if got == deal.NoWay || (line.Direction != "" && got != want) {
		code, why := "types_incompatible", fmt.Sprintf("HubSpot's %s is %s, %s's %s is %s", hubspot.Name, typed(hubspot), r.title, app.Name, typed(app))
		if hubspot.ReadOnly || app.ReadOnly {
			code = "read_only"
		}
		r.fail(path, code, "%s: values can't travel %s: %s; allowed: %s", path, want, why, possible)
		return want, false
	}
	return got, true
}

func typed(f *connector.Field) string {
	if f.ReadOnly {
		return "read-only " + string(f.Type)
	}
	return string(f.Type)
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
