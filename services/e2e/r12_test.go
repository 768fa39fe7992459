package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// appTypes are the columns of the specification's compatibility table, and what
// the table says of HubSpot's types: two-way, only to HubSpot, only to the app,
// not allowed.
var (
	appTypes = []string{"text", "number", "date", "datetime", "boolean", "picklist", "owner"}
	table    = []struct {
		name, kind, fieldType string // how HubSpot defines such a property
		cells                 string
	}{
		{"text", "string", "text", "2HHHHHH"},
		{"number", "number", "number", "A2-----"},
		{"date", "date", "date", "A-22---"},
		{"datetime", "datetime", "date", "A-22---"},
		{"checkbox", "bool", "booleancheckbox", "A---2--"},
		{"dropdown", "enumeration", "select", "A----2-"},
		{"checkboxes", "enumeration", "checkbox", "A------"},
		{"score", "number", "calculation_score", "AA-----"},
		{"owner", "enumeration", "select", "A-----2"},
	}
	ways = map[byte]string{'2': "DIRECTION_BOTH", 'H': "DIRECTION_TO_HUBSPOT", 'A': "DIRECTION_TO_APP"}
)

// samples are a value of each type as the two accounts have it. The day of the
// date begins in Berlin an hour before it does in UTC; the moment is on that day
// there and on the one before in UTC.
var (
	hubspotSamples = map[string]string{
		"text": "Words", "number": "123456789012.345", "date": "2027-01-28", "datetime": "2027-01-27T23:30:00Z",
		"checkbox": "true", "dropdown": "red", "checkboxes": "blue;red", "score": "42", "owner": "41629772",
	}
	appSamples = map[string]string{
		"text": "Words", "number": "123456789012.345", "date": "2027-01-28", "datetime": "2027-01-27T23:30:00Z",
		"boolean": "true", "picklist": "red", "owner": "2",
	}
	// crossed are the values that arrive as another: type of origin, arriving type.
	crossed = map[[2]string]string{
		{"datetime", "text"}: "2027-01-28 00:30:00 +01:00", {"checkboxes", "text"}: "blue; red", {"owner", "text"}: "ben.schmidt@example.com",
		{"date", "datetime"}: "2027-01-27T23:00:00Z", {"datetime", "date"}: "2027-01-28",
		{"checkbox", "boolean"}: "true", {"boolean", "checkbox"}: "true",
		{"dropdown", "picklist"}: "red", {"picklist", "dropdown"}: "red",
		{"hubspot owner", "owner"}: "2", {"app owner", "owner"}: "41629772",
	}
)

// arrives is what a value is on the other side.
func arrives(side, value, from, to string) string {
	for _, of := range []string{side + " " + from, from} {
		if v, ok := crossed[[2]string{of, to}]; ok {
			return v
		}
	}
	return value
}

// R12: every cell of the compatibility table: what may not travel is refused, what
// may goes the ways of the cell and no other, and each value arrives in the other
// type's terms. The app is the sandbox's directory, which has fields of all types.
func TestR12_EveryCellOfTheTable(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x, simple := prepareOwnApps(t, in)
		x.pipedrive = &crm{t, simple, "contacts"} // the app of this test
		x.hubspot, x.cli = x.hubspot.of("contacts"), x.cli.of("contacts")
		var allowed, forbidden []string
		cells := 0
		name := func(row, column string) string { return "x_" + row + "_" + column }
		for _, row := range table {
			for i, column := range appTypes {
				field := name(row.name, column)
				h := map[string]any{"name": field, "label": field, "type": row.kind, "fieldType": row.fieldType}
				a := map[string]any{"name": field, "label": field, "type": column}
				if row.name == "owner" {
					h["externalOptions"], h["referencedObjectType"] = true, "OWNER"
				} else if row.kind == "enumeration" {
					h["options"] = []map[string]any{{"label": "Red", "value": "red"}, {"label": "Blue", "value": "blue"}}
				}
				if column == "picklist" {
					a["options"] = []map[string]any{{"id": "red", "label": "Red"}, {"id": "blue", "label": "Blue"}}
				}
				x.hubspot.call("POST", "/fields/contacts", h, nil)
				x.pipedrive.call("POST", "/fields/contacts", a, nil)
				line := fmt.Sprintf("    - {hubspot: %s, app: %s}\n", field, field)
				if row.cells[i] == '-' {
					forbidden = append(forbidden, line)
				} else {
					cells++
					allowed = append(allowed, line)
				}
			}
		}
		docs := func(lines []string) string {
			return ownApps(x, simple, "") + fmt.Sprintf("---\napiVersion: dealsync/v1\nkind: Sync\nmetadata: {workspace: %s, name: contacts}\nspec:\n"+
				"  connection: orders\n  object: contact\n  timeZone: Europe/Berlin\n  fields:\n    - {hubspot: email, app: email}\n%s", x.spec.Workspace, strings.Join(lines, ""))
		}
		a := x.cli.run(docs(forbidden), "apply", "-f", "-")
		if n := strings.Count(a.err, "(types_incompatible)") + strings.Count(a.err, "(read_only)"); a.code == 0 || n != len(forbidden) {
			t.Errorf("%d of %d cells are refused: exit code %d: %s", n, len(forbidden), a.code, a.err)
		}
		if a := x.cli.run(docs(allowed), "apply", "-f", "-"); a.code != 0 {
			t.Fatalf("apply: %s", a.err)
		}
		var sync struct {
			Sync struct {
				Fields []struct {
					HubSpot struct {
						Name string `json:"name"`
					} `json:"hubspot"`
					Direction string `json:"direction"`
				} `json:"fields"`
			} `json:"sync"`
		}
		x.cli.do(&sync, "describe", "sync", "contacts")
		shown := map[string]string{}
		for _, f := range sync.Sync.Fields {
			shown[f.HubSpot.Name] = f.Direction
		}
		hubspot, app := fields{"email": "born@hubspot.example"}, fields{"email": "born@app.example"}
		wantApp, wantHubSpot := fields{}, fields{}
		for _, row := range table {
			for i, column := range appTypes {
				field, cell := name(row.name, column), row.cells[i]
				if cell == '-' {
					continue
				}
				if shown[field] != ways[cell] {
					t.Errorf("%s to %s goes %s, want %s", row.name, column, shown[field], ways[cell])
				}
				hubspot[field], app[field] = hubspotSamples[row.name], appSamples[column]
				if wantApp[field] = ""; cell != 'H' {
					wantApp[field] = arrives("hubspot", hubspotSamples[row.name], row.name, column)
				}
				if wantHubSpot[field] = ""; cell != 'A' {
					wantHubSpot[field] = arrives("app", appSamples[column], column, row.name)
				}
			}
		}
		if cells != len(shown)-1 {
			t.Errorf("%d lines are shown, want %d", len(shown)-1, cells)
		}
		x.filled("contacts", "hubspot", "app")
		bornInHubSpot, bornInApp := x.hubspot.create(hubspot), x.pipedrive.create(app)
		x.crosses(bornInHubSpot, x.pipedrive, wantApp)
		x.crosses(bornInApp, x.hubspot, wantHubSpot)
		x.crosses(bornInHubSpot, x.hubspot, hubspot) // and nothing comes back
		x.settled()
		x.crosses(bornInApp, x.pipedrive, app)
		x.crosses(bornInHubSpot, x.hubspot, hubspot)
	})
}

// crosses waits until the record of a pair in one account holds these values.
func (x *tenant) crosses(id int64, c *crm, want fields) {
	x.t.Helper()
	x.eventually(fmt.Sprintf("the pair of %d in %s is as wanted", id, c.url), func() error {
		p, ok := x.cli.pairOf(id)
		if !ok {
			return errorf("there is no pair")
		}
		record := p.Pair.App.Record
		if c == x.hubspot {
			record = p.Pair.HubSpot.Record
		}
		if record == "" {
			return errorf("it is %s %s", p.state(), p.Pair.Message)
		}
		got := c.show(recordID(record)).Fields
		var wrong []string
		for name, v := range want {
			if s := strings.TrimSuffix(strings.Replace(string(got[name]), ".000Z", "Z", 1), " "); s != fmt.Sprint(v) {
				wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", name, s, v))
			}
		}
		if slices.Sort(wrong); len(wrong) > 0 {
			return errorf("%s", strings.Join(wrong, "; "))
		}
		return nil
	})
}

// flow are the lines of a printed part of a document, to be put into one line.
var flow = regexp.MustCompile(`\{[^}]*\}`)

// R12: fields of a CRM's own: options by suggestion, one by one; a value without a
// counterpart fails by name and recovers; a calculated field goes one way.
func TestR12_CustomFieldsOfPipedrive(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := prepare(t, in, nil)
		x.hubspot.call("POST", "/fields/deals/examples", map[string]any{}, nil)
		x.pipedrive.call("POST", "/fields/deals/examples", map[string]any{}, nil)
		x.spec.NoDeals, x.spec.TimeZone = true, "Europe/Berlin"
		x.apply()
		codes, red := x.labels("pipedrive-main")
		code := func(kind string) string { return codes["Example "+kind] }

		x.spec.NoDeals = false
		x.spec.Fields = [][]string{
			{"dealname", "title"},
			{"example_text", code("varchar")},
			{"example_number", code("double")},
			{"example_date", code("date")},
			{"closedate", "expected_close_date"},
			{"example_score", "probability"},
			{"description", "add_time"},
			{"example_checkboxes", code("text")},
			{"example_dropdown", code("enum")},
		}
		x.refused(x.documents(), "option_not_mapped", "dealsync suggest options pipedrive-main example_dropdown "+code("enum"))
		a := x.cli.run("", "suggest", "options", "pipedrive-main", "example_dropdown", code("enum"), "-o", "yaml")
		lines := flow.FindAllString(a.out, -1)
		if a.code != 0 || len(lines) != 3 {
			t.Fatalf("exit code %d: %s%s", a.code, a.err, a.out)
		}
		withoutBlue := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.Contains(l, "blue") })
		picklist := len(x.spec.Fields) - 1
		x.spec.Fields[picklist] = append(x.spec.Fields[picklist], "", "options: ["+strings.Join(withoutBlue, ", ")+"]")
		x.apply()
		x.connected()

		id := x.hubspot.create(fields{
			"dealname": "All", "example_text": "Müller & Söhne", "example_number": "123456789012.345", "example_date": "2027-03-28",
			"closedate": "2027-03-27T23:30:00Z", "example_dropdown": "red", "example_checkboxes": "red;blue", "example_score": "42",
			"dealstage": "qualifiedtobuy", "pipeline": "default",
		}, ago(time.Hour))
		app := x.counterpart(id)
		x.holds(x.pipedrive, app, fields{
			code("varchar"): "Müller & Söhne", code("double"): "123456789012.345", code("date"): "2027-03-28", code("enum"): red,
			code("text"): "blue; red", "expected_close_date": "2027-03-28", "probability": "42",
		})
		x.pipedrive.edit(app, fields{
			"expected_close_date": "2027-07-01", "probability": 7,
			"custom_fields": map[string]any{code("double"): 999999999999.125, code("text"): "typed over"},
		})
		x.eventually("the app's edits cross where they may", func() error {
			got := x.hubspot.show(id).Fields
			if got["example_number"] != "999999999999.125" || !strings.HasPrefix(string(got["closedate"]), "2027-06-30T22:00:00") {
				return errorf("number %q, closedate %q", got["example_number"], got["closedate"])
			}
			return nil
		})
		x.hubspot.edit(id, fields{"example_dropdown": "blue", "example_text": "Blue"})
		p := x.becomes(id, "failing: option_not_mapped")
		if !strings.Contains(p.Pair.Message, `"blue"`) {
			t.Errorf("the failure does not name the option: %q", p.Pair.Message)
		}
		x.holds(x.pipedrive, app, fields{code("varchar"): "Blue", code("enum"): red})
		x.spec.Fields[picklist][3] = "options: [" + strings.Join(lines, ", ") + "]"
		x.apply()
		x.becomes(id, "in_sync")
		if got := x.pipedrive.show(app).Fields[code("enum")]; string(got) == red || got == "" {
			t.Errorf("blue arrives as %q", got)
		}
		x.holds(x.hubspot, id, fields{"example_score": "42", "example_checkboxes": "red;blue"})
	})
}

// labels are the names of a connection's deal fields by label, and the id of the
// option Red of the example picklist.
func (x *tenant) labels(connection string) (names map[string]string, red string) {
	x.t.Helper()
	var out struct {
		Fields []struct {
			Name    string `json:"name"`
			Label   string `json:"label"`
			Options []struct {
				ID    string `json:"id"`
				Label string `json:"label"`
			} `json:"options"`
		} `json:"fields"`
	}
	x.cli.do(&out, "get", "fields", connection)
	names = map[string]string{}
	for _, f := range out.Fields {
		names[f.Label] = f.Name
		for _, o := range f.Options {
			if f.Label == "Example enum" && o.Label == "Red" {
				red = o.ID
			}
		}
	}
	return names, red
}
