package settings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// contacts is a sync that uses every part of a mapping.
func contacts() *configv1.Sync {
	line := func(of deal.Type, hubspot, app string) *configv1.FieldLine {
		return &configv1.FieldLine{
			Hubspot: &configv1.FieldSpec{Name: hubspot, Type: string(of)}, App: &configv1.FieldSpec{Name: app, Type: string(of)},
		}
	}
	status, owner, since, worth := line(deal.Picklist, "status", "label"), line(deal.Owner, "owner", "user"), line(deal.Date, "since", "start"), line(deal.Number, "worth", "value")
	status.Options = []*configv1.OptionLine{{Hubspot: "lead", App: "7"}}
	owner.Owners = []*configv1.OwnerLine{{Hubspot: "1", App: "10", Email: "ann@example.com"}}
	owner.DefaultHubspotOwner, owner.DefaultAppOwner = "1", "99"
	since.App.Type = string(deal.Datetime)
	worth.Hubspot.Currency, worth.App.Currency = "worth_currency", "currency"
	return &configv1.Sync{
		Object: string(deal.Contacts), Fields: []*configv1.FieldLine{status, owner, since, worth},
		TimeZone: "Europe/Berlin", HubspotCurrencies: []string{"EUR"}, AppCurrencies: []string{"EUR", "USD"},
	}
}

func TestAMappingHasAllThatASyncSays(t *testing.T) {
	t.Parallel()
	ready, err := settings.Mapping(contacts())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.May, 13, 12, 0, 0, 0, time.UTC)
	image := func(side deal.Side, fields deal.Fields) map[string]deal.Fields {
		r := &mapping.Record{Fields: map[string]mapping.Value{}}
		for name, v := range fields {
			r.Fields[name] = mapping.Value{Text: v}
		}
		got := map[string]deal.Fields{}
		for _, u := range ready.Map(side, r, true, now).Units {
			got[u.Name] = u.Other
			if code, _ := mapping.SplitReason(u.Untranslatable); code != "" {
				got[u.Name] = deal.Fields{"failed": code}
			}
		}
		return got
	}
	want := map[string]deal.Fields{
		"status": {"label": "7"}, "owner": {"user": "99"}, "since": {"start": "2026-05-12T22:00:00Z"},
		"worth": {"value": "5", "currency": "USD"},
	}
	if diff := cmp.Diff(want, image(deal.HubSpot, deal.Fields{
		"status": "lead", "owner": "2", "since": "2026-05-13", "worth": "5", "worth_currency": "USD",
	})); diff != "" {
		t.Errorf("from HubSpot (-want +got):\n%s", diff)
	}
	want = map[string]deal.Fields{
		"status": {"failed": mapping.OptionNotMapped}, "owner": {"owner": "1"}, "since": {"since": "2026-05-14"},
		"worth": {"failed": mapping.CurrencyUnknown},
	}
	if diff := cmp.Diff(want, image(deal.App, deal.Fields{
		"label": "8", "user": "11", "start": "2026-05-13T22:00:00Z", "value": "5", "currency": "USD",
	})); diff != "" {
		t.Errorf("from the app (-want +got):\n%s", diff)
	}
}

func TestAnUnknownZoneIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Atlantis", "Local"} {
		_, err := settings.Mapping(&configv1.Sync{TimeZone: name})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want it invalid and named", name, err)
		}
	}
	if zone, err := settings.Zone(""); err != nil || zone != time.UTC {
		t.Errorf("no zone is %v, %v; want UTC", zone, err)
	}
}

func TestASyncKnowsWhetherItDependsOnTheTime(t *testing.T) {
	t.Parallel()
	filter := func(op, value string) *configv1.Filter {
		return &configv1.Filter{Group: &configv1.Group{Conditions: []*configv1.Condition{
			{Field: "since", Type: string(deal.Date), Op: op, Values: []string{value}},
		}}}
	}
	for name, tc := range map[string]struct {
		sync  *configv1.Sync
		timed bool
		fails bool
	}{
		"no filter":                    {&configv1.Sync{}, false, false},
		"a date":                       {&configv1.Sync{FilterApp: filter("gte", "2026-01-01")}, false, false},
		"a relative date of HubSpot":   {&configv1.Sync{FilterHubspot: filter("gte", "-30d")}, true, false},
		"a relative date of the app":   {&configv1.Sync{FilterApp: filter("lt", "today")}, true, false},
		"a filter that makes no sense": {&configv1.Sync{FilterApp: filter("like", "today")}, false, true},
	} {
		if timed, err := settings.Timed(tc.sync); timed != tc.timed || (err != nil) != tc.fails {
			t.Errorf("%s: %t, %v", name, timed, err)
		}
	}
}
