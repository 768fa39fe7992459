package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func TestUnitsHaveNamesOfTheirOwnAndTheWaysOfTheirLines(t *testing.T) {
	t.Parallel()
	const both, toHubSpot, toApp = configv1.Direction_DIRECTION_BOTH, configv1.Direction_DIRECTION_TO_HUBSPOT, configv1.Direction_DIRECTION_TO_APP
	line := func(d configv1.Direction, hubspot, app string, change ...func(hubspot, app *configv1.FieldSpec)) *configv1.FieldLine {
		l := &configv1.FieldLine{Hubspot: &configv1.FieldSpec{Name: hubspot}, App: &configv1.FieldSpec{Name: app}, Direction: d}
		for _, c := range change {
			c(l.Hubspot, l.App)
		}
		return l
	}
	stages := func(hubspot, app *configv1.FieldSpec) {
		hubspot.Type, app.Type = string(deal.Stage), string(deal.Stage)
	}
	hubspotReadOnly := func(hubspot, _ *configv1.FieldSpec) { hubspot.ReadOnly = true }
	appReadOnly := func(_, app *configv1.FieldSpec) { app.ReadOnly = true }

	type unit struct {
		Name string
		Ways deal.Ways
	}
	want := []unit{
		{"dealname", deal.BothWays},
		{"dealname:label", deal.ToHubSpot},
		{"amount", deal.ToApp},
		{"closedate", deal.BothWays},
		{"stage", deal.BothWays},
		{"stage:text", deal.BothWays},
		{"score", deal.ToApp},
		{"source", deal.ToHubSpot},
		{"age", deal.NoWay},
	}
	var got []unit
	for _, u := range settings.UnitsOf(&configv1.Sync{Fields: []*configv1.FieldLine{
		line(both, "dealname", "title"),
		line(toHubSpot, "dealname", "label"),
		line(toApp, "amount", "value"),
		line(configv1.Direction_DIRECTION_UNSPECIFIED, "closedate", "expected_close_date"),
		line(both, "dealstage", "stage", stages),
		line(both, "stage", "text"), // a property that happens to have the stage unit's name
		line(both, "score", "score", hubspotReadOnly),
		line(both, "source", "origin", appReadOnly),
		line(toHubSpot, "age", "age", hubspotReadOnly),
	}}) {
		got = append(got, unit{u.Name, u.Ways})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
}
