package mapping_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/libs/mapping"
)

// now is when records are mapped; it matters to relative dates only.
var now = time.Date(2026, time.May, 13, 12, 0, 0, 0, time.UTC)

// settings are a deal sync between HubSpot and a Pipedrive-like app.
func settings(change ...func(*mapping.Settings)) mapping.Settings {
	line := func(h, a string, t deal.Type) mapping.Line {
		return mapping.Line{Unit: h, HubSpot: mapping.Field{Name: h, Type: t}, App: mapping.Field{Name: a, Type: t}, Ways: deal.BothWays}
	}
	s := mapping.Settings{
		Object: deal.Deals, Ways: deal.BothWays, CurrencyHubSpot: "USD", CurrencyApp: "EUR",
		Lines: []mapping.Line{
			line("dealname", "title", deal.Text),
			{
				Unit:    "amount",
				HubSpot: mapping.Field{Name: "amount", Type: deal.Number, Currency: "deal_currency_code"},
				App:     mapping.Field{Name: "value", Type: deal.Number, Currency: "currency"},
				Ways:    deal.BothWays,
			},
		},
		Pipelines: []mapping.Pipeline{
			{HubSpot: "default", App: "1", Stages: []mapping.Stage{{"new", "1/1"}, {"qualified", "1/1"}, {"closedwon", "1/won"}}},
			{HubSpot: "second", App: "2", Stages: []mapping.Stage{{"s2", "2/7"}}},
		},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func record(fields map[string]string, changed ...string) *mapping.Record {
	r := &mapping.Record{Fields: map[string]mapping.Value{}, Changed: map[string]bool{}}
	at := int64(100)
	for name, v := range fields {
		r.Fields[name] = mapping.Value{Text: v, At: at}
	}
	for _, name := range changed {
		r.Changed[name] = true
	}
	return r
}

func appDeal(change ...string) *mapping.Record {
	fields := map[string]string{"title": "Boat", "value": "1500", "currency": "GBP", "stage": "1/1"}
	for i := 0; i+1 < len(change); i += 2 {
		fields[change[i]] = change[i+1]
	}
	return record(fields)
}

func hubspotDeal(change ...string) *mapping.Record {
	fields := map[string]string{
		"dealname": "Boat", "amount": "1500", "deal_currency_code": "", "dealstage": "new", "pipeline": "default",
	}
	for i := 0; i+1 < len(change); i += 2 {
		fields[change[i]] = change[i+1]
	}
	return record(fields)
}

func unit(t *testing.T, img mapping.Image, name string) mapping.Unit {
	t.Helper()
	for _, u := range img.Units {
		if u.Name == name {
			return u
		}
	}
	t.Fatalf("no unit %q in %v", name, img.Units)
	return mapping.Unit{}
}

func TestAnImageIsTheWholeRecordInBothSidesTerms(t *testing.T) {
	t.Parallel()
	r := appDeal()
	r.Changed["currency"] = true
	r.Fields["currency"] = mapping.Value{Text: "GBP", At: 170}
	want := mapping.Image{Title: "Boat", Units: []mapping.Unit{
		{Name: "dealname", Own: deal.Fields{"title": "Boat"}, Other: deal.Fields{"dealname": "Boat"}, At: 100},
		{
			Name: "amount", Own: deal.Fields{"value": "1500", "currency": "GBP"},
			Other: deal.Fields{"amount": "1500", "deal_currency_code": "GBP"}, At: 170, Changed: true,
		},
		{Name: "stage", Own: deal.Fields{"stage": "1/1"}, Other: deal.Fields{"pipeline": "default", "dealstage": "new"}, At: 100},
	}}
	if diff := cmp.Diff(want, mapping.NewSync(settings()).Map(deal.App, r, false, now)); diff != "" {
		t.Errorf("image (-want +got):\n%s", diff)
	}
}

func TestAmountAndCurrencyTravelAsOne_R18(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		side       deal.Side
		record     *mapping.Record
		own, other deal.Fields
	}{
		{
			"a blank HubSpot currency is the account's", deal.HubSpot, hubspotDeal(),
			deal.Fields{"amount": "1500", "deal_currency_code": "USD"},
			deal.Fields{"value": "1500", "currency": "USD"},
		},
		{
			"a HubSpot currency that is set stands", deal.HubSpot, hubspotDeal("deal_currency_code", "JPY"),
			deal.Fields{"amount": "1500", "deal_currency_code": "JPY"},
			deal.Fields{"value": "1500", "currency": "JPY"},
		},
		{
			"a currency without an amount is blank, so that it wipes nothing", deal.App, appDeal("value", ""),
			deal.Fields{"value": ""},
			deal.Fields{"amount": "", "deal_currency_code": ""},
		},
		{
			"a blank amount names the currency, as the app may answer 0 with one", deal.HubSpot, hubspotDeal("amount", ""),
			deal.Fields{"amount": ""},
			deal.Fields{"value": "", "currency": ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := unit(t, mapping.NewSync(settings()).Map(tt.side, tt.record, false, now), "amount")
			if diff := cmp.Diff([]deal.Fields{tt.own, tt.other}, []deal.Fields{u.Own, u.Other}); diff != "" {
				t.Errorf("unit (-want +got):\n%s", diff)
			}
			if tt.own.Blank() != u.Other.Blank() {
				t.Error("a blank must stay blank, and only a blank")
			}
		})
	}
}

func TestStages_R8(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		side       deal.Side
		record     *mapping.Record
		own, other deal.Fields
	}{
		{
			"the first of several HubSpot stages is written", deal.App, appDeal("stage", "1/1"),
			deal.Fields{"stage": "1/1"},
			deal.Fields{"pipeline": "default", "dealstage": "new"},
		},
		{
			"won is a stage", deal.App, appDeal("stage", "1/won"),
			deal.Fields{"stage": "1/won"},
			deal.Fields{"pipeline": "default", "dealstage": "closedwon"},
		},
		{
			"several HubSpot stages mean one stage of the app", deal.HubSpot, hubspotDeal("dealstage", "qualified"),
			deal.Fields{"pipeline": "default", "dealstage": "qualified"},
			deal.Fields{"stage": "1/1"},
		},
		{
			"the pipeline is the stage's, whatever the copy still says", deal.HubSpot, hubspotDeal("dealstage", "s2", "pipeline", "default"),
			deal.Fields{"pipeline": "second", "dealstage": "s2"},
			deal.Fields{"stage": "2/7"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img := mapping.NewSync(settings()).Map(tt.side, tt.record, false, now)
			if img.Excluded != "" {
				t.Fatalf("excluded: %s (%s)", img.Excluded, img.Detail)
			}
			u := unit(t, img, deal.StageUnit)
			if diff := cmp.Diff([]deal.Fields{tt.own, tt.other}, []deal.Fields{u.Own, u.Other}); diff != "" {
				t.Errorf("unit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStageMoveHasTheStagesOwnTime(t *testing.T) {
	t.Parallel()
	r := hubspotDeal("dealstage", "s2")
	r.Fields["pipeline"] = mapping.Value{Text: "second", At: 900}
	if at := unit(t, mapping.NewSync(settings()).Map(deal.HubSpot, r, false, now), deal.StageUnit).At; at != 100 {
		t.Errorf("edit time = %d, want the stage's 100: the pipeline follows from it", at)
	}
}

func TestAStageSaysTheSameWhetherItIsMappedOrNot(t *testing.T) {
	t.Parallel()
	without := settings()
	without.Pipelines = nil
	own := unit(t, mapping.NewSync(settings()).Map(deal.HubSpot, hubspotDeal(), false, now), deal.StageUnit).Own
	if diff := cmp.Diff(own, unit(t, mapping.NewSync(without).Map(deal.HubSpot, hubspotDeal(), false, now), deal.StageUnit).Own); diff != "" {
		t.Errorf("a changed mapping would be taken for an edit (-mapped +unmapped):\n%s", diff)
	}
}

func TestWhoIsExcluded(t *testing.T) {
	t.Parallel()
	oneWay := func(s *mapping.Settings) { s.Ways = deal.ToHubSpot }
	terms, err := filter.New(filter.Group{Conditions: []filter.Condition{
		{Field: "value", Type: deal.Number, Op: filter.Gte, Values: []string{"1000"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	atLeast1000 := func(cont bool) func(*mapping.Settings) {
		return func(s *mapping.Settings) { s.FilterApp = &mapping.Filter{Continue: cont, Terms: terms} }
	}
	tests := []struct {
		name     string
		settings mapping.Settings
		side     deal.Side
		record   *mapping.Record
		paired   bool
		reason   string
		detail   []string
	}{
		{"R9: an unmapped stage, by name", settings(), deal.App, appDeal("stage", "1/99"), false, mapping.StageNotMapped, []string{`"99"`, `"1"`}},
		{"R9: an unmapped pipeline, by name", settings(), deal.App, appDeal("stage", "5/50"), false, mapping.StageNotMapped, []string{`"5"`, `"50"`}},
		{"R9: an unmapped HubSpot stage", settings(), deal.HubSpot, hubspotDeal("dealstage", "odd"), true, mapping.StageNotMapped, []string{`"odd"`, `"default"`}},
		{"R9: no stage at all", settings(), deal.HubSpot, hubspotDeal("dealstage", ""), false, mapping.StageNotMapped, []string{"no stage"}},
		{"R11: a deal outside the filter, with what it fails", settings(atLeast1000(false)), deal.App, appDeal("value", "999.99"), true, mapping.FilteredOut, []string{"value", "999.99", "gte 1000"}},
		{"R11: a deal inside the filter", settings(atLeast1000(false)), deal.App, appDeal("value", "1000"), false, "", nil},
		{"R11: the other side has no filter", settings(atLeast1000(false)), deal.HubSpot, hubspotDeal("amount", "1"), false, "", nil},
		{"R11: on exit continue keeps a pair going", settings(atLeast1000(true)), deal.App, appDeal("value", "5"), true, "", nil},
		{"R11: on exit continue begins no pair", settings(atLeast1000(true)), deal.App, appDeal("value", "5"), false, mapping.FilteredOut, nil},
		{"R6: the receiving side begins no pair", settings(oneWay), deal.HubSpot, hubspotDeal(), false, mapping.OneWay, []string{"from hubspot to app"}},
		{"R6: the receiving side of a pair is seen", settings(oneWay), deal.HubSpot, hubspotDeal(), true, "", nil},
		{"R6: the source side", settings(oneWay), deal.App, appDeal(), false, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img := mapping.NewSync(tt.settings).Map(tt.side, tt.record, tt.paired, now)
			if img.Excluded != tt.reason {
				t.Fatalf("excluded = %q (%s), want %q", img.Excluded, img.Detail, tt.reason)
			}
			for _, part := range tt.detail {
				if !strings.Contains(img.Detail, part) {
					t.Errorf("detail %q does not say %s", img.Detail, part)
				}
			}
			if len(img.Units) == 0 {
				t.Error("an excluded record still shows its values: they are known when it comes back")
			}
		})
	}
}

func TestADeletedRecordIsNotJudged(t *testing.T) {
	t.Parallel()
	img := mapping.NewSync(settings()).Map(deal.App, &mapping.Record{Deleted: true}, false, now)
	if img.Excluded != "" || len(img.Units) != 0 {
		t.Errorf("image = %+v, want no verdict and no values: nothing is known", img)
	}
}

func TestWhatMustNotBeWrittenHasNoOther(t *testing.T) {
	t.Parallel()
	line := func(change func(*mapping.Line)) func(*mapping.Settings) {
		return func(s *mapping.Settings) { change(&s.Lines[0]) }
	}
	tests := []struct {
		name                 string
		settings             mapping.Settings
		fromApp, fromHubSpot bool // has Other
		untranslatable       bool
	}{
		{"two-way", settings(), true, true, false},
		{"a line only to HubSpot", settings(line(func(l *mapping.Line) { l.Ways = deal.ToHubSpot })), true, false, false},
		{"a line only to the app", settings(line(func(l *mapping.Line) { l.Ways = deal.ToApp })), false, true, false},
		{"a sync only to HubSpot (R6)", settings(func(s *mapping.Settings) { s.Ways = deal.ToHubSpot }), true, false, false},
		{"a date of the app in a text of HubSpot", settings(line(func(l *mapping.Line) { l.App.Type = deal.Date })), true, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := mapping.NewSync(tt.settings)
			app := unit(t, s.Map(deal.App, appDeal(), true, now), "dealname")
			hubspot := unit(t, s.Map(deal.HubSpot, hubspotDeal(), true, now), "dealname")
			if got := len(app.Other) > 0; got != tt.fromApp {
				t.Errorf("app's value has other = %v, want %v", got, tt.fromApp)
			}
			if got := len(hubspot.Other) > 0; got != tt.fromHubSpot {
				t.Errorf("HubSpot's value has other = %v, want %v", got, tt.fromHubSpot)
			}
			if got := hubspot.Untranslatable != ""; got != tt.untranslatable {
				t.Errorf("untranslatable = %q, want said: %v", hubspot.Untranslatable, tt.untranslatable)
			}
		})
	}
}

func TestAFieldThatWasNeverReadIsNotBlank(t *testing.T) {
	t.Parallel()
	r := appDeal()
	delete(r.Fields, "title")
	for _, u := range mapping.NewSync(settings()).Map(deal.App, r, false, now).Units {
		if u.Name == "dealname" {
			t.Errorf("unit %+v of a field that the image does not have", u)
		}
	}
}
