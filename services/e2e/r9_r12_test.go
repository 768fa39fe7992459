package e2e

import (
	"strings"
	"testing"
	"time"
)

// R9: only deals in mapped stages sync; a paired deal that leaves them is
// excluded by name until it comes back, and then catches up.
func TestR9_UnmappedStagesAreExcludedByNameAndCatchUp(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		outside := x.hubspot.create(fields{"dealname": "Outside", "dealstage": "contractsent", "pipeline": "default"})
		p := x.becomes(outside, "excluded: stage_not_mapped")
		if !strings.Contains(p.Pair.HubSpot.Detail, "contractsent") {
			t.Errorf("the reason does not name the stage: %q", p.Pair.HubSpot.Detail)
		}
		if p.Pair.App.Record != "" {
			t.Errorf("an excluded deal has a counterpart: %+v", p)
		}

		hubspot := x.hubspot.create(fields{"dealname": "Inside", "amount": "10", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		app := x.counterpart(hubspot)
		x.becomes(hubspot, "in_sync")
		x.hubspot.do(hubspot, "stage", "contractsent")
		x.becomes(hubspot, "excluded: stage_not_mapped")
		x.hubspot.edit(hubspot, fields{"amount": "20"})
		x.pipedrive.edit(app, fields{"title": "Renamed meanwhile"})
		x.sentinel()
		x.holds(x.pipedrive, app, fields{"value": "10", "stage_id": "2"})
		x.holds(x.hubspot, hubspot, fields{"dealname": "Inside"})

		x.hubspot.do(hubspot, "stage", "presentationscheduled")
		x.holds(x.pipedrive, app, fields{"value": "20", "stage_id": "3", "title": "Renamed meanwhile"})
		x.holds(x.hubspot, hubspot, fields{"dealname": "Renamed meanwhile"})
		x.becomes(hubspot, "in_sync")

		x.pipedrive.do(app, "stage", "5") // the app's side has an unmapped stage too
		p = x.becomes(hubspot, "excluded: stage_not_mapped")
		if !strings.Contains(p.Pair.App.Detail, "5") {
			t.Errorf("the reason does not name the stage: %q", p.Pair.App.Detail)
		}
		x.hubspot.do(outside, "stage", "appointmentscheduled")
		x.counterpart(outside)
	})
}

// R11: a filter on the app's deals; leaving it stops the pair, or not.
func TestR11_TheFilterDecidesWhatTheAppShares(t *testing.T) {
	filter := `{app: {all: [{field: value, op: gte, value: 1000}]}}`
	everywhere(t, func(t *testing.T, in *installation) {
		t.Run("stop", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) { s.Filter = filter }, nil)
			app := x.pipedrive.create(fields{"title": "Small", "value": 500})
			x.becomes(app, "excluded: filter")
			x.pipedrive.edit(app, fields{"value": 1500})
			hubspot := x.counterpart(app)
			x.holds(x.hubspot, hubspot, fields{"amount": "1500"})
			x.becomes(app, "in_sync")
			x.pipedrive.edit(app, fields{"value": 800})
			p := x.becomes(app, "excluded: filter")
			if p.Pair.HubSpot.Record != text(hubspot) {
				t.Errorf("the pair is not kept: %+v", p)
			}
			x.pipedrive.edit(app, fields{"title": "Left"})
			x.hubspot.edit(hubspot, fields{"amount": "1600"})
			x.pipedrive.edit(app, fields{"value": 2000})
			x.holds(x.hubspot, hubspot, fields{"dealname": "Left"})
			x.becomes(app, "in_sync")
			x.same(hubspot, app)
		})
		t.Run("continue", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) { s.Filter, s.OnExit = filter, "continue" }, nil)
			small := x.pipedrive.create(fields{"title": "Small", "value": 500})
			x.becomes(small, "excluded: filter")
			app := x.pipedrive.create(fields{"title": "Big", "value": 1500})
			hubspot := x.counterpart(app)
			x.pipedrive.edit(app, fields{"value": 800})
			x.holds(x.hubspot, hubspot, fields{"amount": "800"})
			x.becomes(app, "in_sync")
		})
	})
}

// R12: sensible defaults, and lines that go one way.
func TestR12_FieldMappings(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		t.Run("defaults where none are given", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) { s.NoFields = true }, nil)
			hubspot := x.hubspot.create(fields{"dealname": "Defaults", "amount": "12", "closedate": "2027-03-01T00:00:00Z", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
			app := x.counterpart(hubspot)
			x.holds(x.pipedrive, app, fields{"title": "Defaults", "value": "12", "expected_close_date": "2027-03-01"})
			x.pipedrive.edit(app, fields{"expected_close_date": "2027-04-02"})
			x.eventually("the date crosses", func() error {
				if got := x.hubspot.show(hubspot).Fields["closedate"]; !strings.HasPrefix(string(got), "2027-04-02") {
					return errorf("closedate is %q", got)
				}
				return nil
			})
		})
		t.Run("a read-only field goes one way", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) {
				s.Fields = [][]string{{"dealname", "title"}, {"amount", "value", "to_hubspot"}, {"description", "add_time"}}
			}, nil)
			app := x.pipedrive.create(fields{"title": "One way", "value": 5})
			hubspot := x.counterpart(app)
			added := strings.NewReplacer("T", " ", "Z", "").Replace(string(x.pipedrive.show(app).Fields["add_time"]))
			x.eventually("the app's read-only field shows in HubSpot", func() error {
				if got := x.hubspot.show(hubspot).Fields["description"]; !strings.Contains(string(got), added) {
					return errorf("description is %q, add_time %q", got, added)
				}
				return nil
			})
			x.hubspot.edit(hubspot, fields{"description": "typed over", "amount": "6"})
			x.hubspot.edit(hubspot, fields{"dealname": "Crosses"})
			x.holds(x.pipedrive, app, fields{"title": "Crosses", "value": "5"})
		})
	})
}
