package mapping_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests are known on every machine

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
)

// lineOf is a two-way line between HubSpot's h and the app's a, as far as their
// types allow.
func lineOf(hubspot, app deal.Type, change ...func(*mapping.Line)) mapping.Line {
	l := mapping.Line{
		Unit: "h", HubSpot: mapping.Field{Name: "h", Type: hubspot}, App: mapping.Field{Name: "a", Type: app}, Ways: deal.BothWays,
	}
	for _, c := range change {
		c(&l)
	}
	return l
}

// oneLine is a sync of contacts, which have no stages, with a single line.
func oneLine(l mapping.Line, change ...func(*mapping.Settings)) *mapping.Sync {
	s := mapping.Settings{Object: deal.Contacts, Ways: deal.BothWays, Lines: []mapping.Line{l}}
	for _, c := range change {
		c(&s)
	}
	return mapping.NewSync(s)
}

// cross maps a record that has nothing but fields.
func cross(s *mapping.Sync, from deal.Side, fields deal.Fields) mapping.Unit {
	return s.Map(from, record(fields), true, now).Units[0]
}

// of is a record's single field on a side.
func of(side deal.Side, value string) deal.Fields {
	if side == deal.HubSpot {
		return deal.Fields{"h": value}
	}
	return deal.Fields{"a": value}
}

func in(t interface{ Fatal(args ...any) }, name string) func(*mapping.Settings) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return func(s *mapping.Settings) { s.Zone = zone }
}

func priorities(l *mapping.Line) {
	l.Options = []mapping.Option{{"high", "1"}, {"urgent", "1"}, {"low", "3"}, {"low", "4"}}
}

func labels(l *mapping.Line) {
	l.Options = []mapping.Option{{"new", "New business"}, {"old", "Renewal"}}
}

func people(l *mapping.Line) {
	l.Owners = []mapping.Owner{{"h1", "a1", "ann@example.com"}, {"h2", "a2", "bob@example.com"}, {"h3", "", "cem@example.com"}}
}

func withDefaults(l *mapping.Line) {
	people(l)
	l.DefaultHubSpotOwner, l.DefaultAppOwner = "h1", "a2"
}

func TestTranslate_R12(t *testing.T) {
	t.Parallel()
	const h, a = deal.HubSpot, deal.App
	utc, berlin, cairo := in(t, "UTC"), in(t, "Europe/Berlin"), in(t, "Africa/Cairo")
	tests := []struct {
		name  string
		from  deal.Side
		line  mapping.Line
		zone  func(*mapping.Settings)
		value string
		want  string
		fails string // the code, and a piece of the words
	}{
		{"text stays as it is", h, lineOf(deal.Text, deal.Text), utc, " Ä ", " Ä ", ""},
		{"a number loses no digit", h, lineOf(deal.Number, deal.Number), utc, "12345678901234567890.123456789012345", "12345678901234567890.123456789012345", ""},
		{"not even where a float would", a, lineOf(deal.Number, deal.Number), utc, "0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827", ""},
		{"a number becomes text", h, lineOf(deal.Number, deal.Text), utc, "1500.1", "1500.1", ""},
		{"what is no number is not written", h, lineOf(deal.Number, deal.Number), utc, "ten", "", `type_mismatch: "ten" of HubSpot's h is no number`},
		{"text does not become a number", h, lineOf(deal.Text, deal.Number), utc, "5", "", "type_mismatch: HubSpot's h (text) can't be written to the app's a (number)"},
		{"not even when it is blank", h, lineOf(deal.Text, deal.Number), utc, "", "", "type_mismatch"},

		{"a date begins at midnight UTC", h, lineOf(deal.Date, deal.Datetime), utc, "2026-03-01", "2026-03-01T00:00:00Z", ""},
		{"a date begins at midnight of the zone", h, lineOf(deal.Date, deal.Datetime), berlin, "2026-07-01", "2026-06-30T22:00:00Z", ""},
		{"an hour later in winter", h, lineOf(deal.Date, deal.Datetime), berlin, "2026-01-01", "2025-12-31T23:00:00Z", ""},
		{"at one where the clocks skip midnight", h, lineOf(deal.Date, deal.Datetime), cairo, "2026-04-24", "2026-04-23T22:00:00Z", ""},
		{"a moment has the date of the zone", a, lineOf(deal.Date, deal.Datetime), berlin, "2026-02-28T23:30:00Z", "2026-03-01", ""},
		{"a moment keeps its milliseconds", h, lineOf(deal.Datetime, deal.Datetime), berlin, "2026-02-28T23:30:00.25Z", "2026-02-28T23:30:00.25Z", ""},
		{"what is no date does not become one", h, lineOf(deal.Date, deal.Datetime), utc, "soon", "", `type_mismatch: "soon" of HubSpot's h`},
		{"what is no moment has no date", a, lineOf(deal.Date, deal.Datetime), utc, "soon", "", `type_mismatch: "soon" of the app's a`},
		{"nor what is out of the calendar", h, lineOf(deal.Date, deal.Datetime), berlin, "0000-01-01", "", "type_mismatch"},
		{"on either side", a, lineOf(deal.Date, deal.Datetime), berlin, "9999-12-31T23:30:00Z", "", "type_mismatch"},
		{"blank stays blank", h, lineOf(deal.Date, deal.Datetime), utc, "", "", ""},
		{"a date is read as it is", h, lineOf(deal.Date, deal.Text), berlin, "2026-03-01", "2026-03-01", ""},
		{"a moment is read in the zone", h, lineOf(deal.Datetime, deal.Text), berlin, "2026-07-01T10:00:00Z", "2026-07-01 12:00:00 +02:00", ""},
		{"what can't be read is text already", a, lineOf(deal.Text, deal.Datetime), utc, "soon", "soon", ""},

		{"true", a, lineOf(deal.Bool, deal.Bool), utc, "true", "true", ""},
		{"true is read as true", a, lineOf(deal.Text, deal.Bool), utc, "true", "true", ""},

		{"without lines both sides have the same options", h, lineOf(deal.Picklist, deal.Picklist), utc, "newbusiness", "newbusiness", ""},
		{"an option becomes the other side's", h, lineOf(deal.Picklist, deal.Picklist, priorities), utc, "urgent", "1", ""},
		{"of several the first is written", a, lineOf(deal.Picklist, deal.Picklist, priorities), utc, "1", "high", ""},
		{"in either direction", h, lineOf(deal.Picklist, deal.Picklist, priorities), utc, "low", "3", ""},
		{"every one of several means the one", a, lineOf(deal.Picklist, deal.Picklist, priorities), utc, "4", "low", ""},
		{"an option without a line is named", h, lineOf(deal.Picklist, deal.Picklist, priorities), utc, "medium", "", `option_not_mapped: option "medium" of HubSpot's h is mapped to no option of the app's a`},
		{"no option stays none", h, lineOf(deal.Picklist, deal.Picklist, priorities), utc, "", "", ""},
		{"an option becomes text", a, lineOf(deal.Text, deal.Picklist), utc, "1", "1", ""},
		{"its label where there is one", h, lineOf(deal.Picklist, deal.Text, labels), utc, "new", "New business", ""},
		{"several options become text", h, lineOf(deal.Multi, deal.Text), utc, "a;b", "a; b", ""},
		{"their labels where there are some", h, lineOf(deal.Multi, deal.Text, labels), utc, "a;new", "a; New business", ""},

		{"R18: an owner is the one with the same address", h, lineOf(deal.Owner, deal.Owner, people), utc, "h2", "a2", ""},
		{"R18: an owner without a counterpart is named", h, lineOf(deal.Owner, deal.Owner, people), utc, "h3", "", `owner_unknown: owner "h3" (cem@example.com) of HubSpot's h has no user with the same e-mail address in the app`},
		{"R18: so is one without an address", a, lineOf(deal.Owner, deal.Owner, people), utc, "a9", "", `owner_unknown: owner "a9" of the app's a has no user with the same e-mail address in HubSpot`},
		{"R18: the default owner stands for one without a counterpart", h, lineOf(deal.Owner, deal.Owner, withDefaults), utc, "h3", "a2", ""},
		{"R18: and for one without an address", a, lineOf(deal.Owner, deal.Owner, withDefaults), utc, "a9", "h1", ""},
		{"R18: not for one who has a counterpart", a, lineOf(deal.Owner, deal.Owner, withDefaults), utc, "a2", "h2", ""},
		{"R18: nor for none", a, lineOf(deal.Owner, deal.Owner, withDefaults), utc, "", "", ""},
		{"an owner is read by the address", h, lineOf(deal.Owner, deal.Text, people), utc, "h3", "cem@example.com", ""},
		{"by the id where there is none", a, lineOf(deal.Text, deal.Owner, people), utc, "a9", "a9", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := cross(oneLine(tt.line, tt.zone), tt.from, of(tt.from, tt.value))
			if tt.fails != "" {
				if u.Other != nil || !strings.Contains(u.Untranslatable, tt.fails) {
					t.Errorf("translated to %v (%s), want it to fail by %s", u.Other, u.Untranslatable, tt.fails)
				}
				return
			}
			want := of(tt.from.Other(), tt.want)
			if u.Untranslatable != "" || u.Other.Fingerprint() != want.Fingerprint() || u.Other == nil {
				t.Errorf("translated to %v (%s), want %v", u.Other, u.Untranslatable, want)
			}
		})
	}
}

func TestACurrencyThatTheOtherSideLacksIsANamedFailure_R18(t *testing.T) {
	t.Parallel()
	accept := func(hubspot, app []string) func(*mapping.Settings) {
		return func(s *mapping.Settings) { s.CurrenciesHubSpot, s.CurrenciesApp = hubspot, app }
	}
	tests := []struct {
		name     string
		settings mapping.Settings
		side     deal.Side
		record   *mapping.Record
		says     string // "": it travels
	}{
		{"a currency that is enabled", settings(accept([]string{"USD", "GBP"}, nil)), deal.App, appDeal(), ""},
		{"a currency that is not", settings(accept([]string{"USD", "EUR"}, nil)), deal.App, appDeal(), `currency_unknown: currency "GBP" of the app's value is not enabled in HubSpot (USD, EUR)`},
		{"the sending side's currencies don't matter", settings(accept(nil, []string{"EUR"})), deal.App, appDeal(), ""},
		{"the app has currencies too", settings(accept(nil, []string{"EUR"})), deal.HubSpot, hubspotDeal("deal_currency_code", "JPY"), `"JPY" of HubSpot's amount is not enabled in the app (EUR)`},
		{"the account's own currency counts", settings(accept(nil, []string{"EUR"})), deal.HubSpot, hubspotDeal(), `"USD"`},
		{"without an amount there is no currency", settings(accept([]string{"USD"}, nil)), deal.App, appDeal("value", ""), ""},
		{"many currencies are not all named", settings(accept(strings.Split("AUD BRL CAD CHF CNY CZK DKK EUR HUF", " "), nil)), deal.App, appDeal(), "EUR and 1 more)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := unit(t, mapping.NewSync(tt.settings).Map(tt.side, tt.record, true, now), "amount")
			if (u.Other == nil) != (tt.says != "") || !strings.Contains(u.Untranslatable, tt.says) {
				t.Errorf("other %v, untranslatable %q; want it to say %q", u.Other, u.Untranslatable, tt.says)
			}
		})
	}
}

func TestReferencesAreNoUnits_R16(t *testing.T) {
	t.Parallel()
	s := oneLine(lineOf(deal.Reference, deal.Reference))
	if img := s.Map(deal.App, record(of(deal.App, "7")), true, now); len(img.Units) != 0 {
		t.Errorf("units %v of records that others refer to", img.Units)
	}
}

func TestAReasonHasACodeAndWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"owner_unknown: owner \"7\": nobody": {"owner_unknown", "owner \"7\": nobody"},
		"No such option: 5":                  {"", "No such option: 5"},
		"no such option":                     {"", "no such option"},
		"":                                   {"", ""},
	} {
		if code, words := mapping.SplitReason(in); [2]string{code, words} != want {
			t.Errorf("%q: %q and %q", in, code, words)
		}
	}
	stage := unit(t, mapping.NewSync(settings()).Map(deal.App, appDeal("stage", "1/99"), true, now), deal.StageUnit)
	if code, words := mapping.SplitReason(stage.Untranslatable); code != mapping.StageNotMapped || !strings.Contains(words, `"99"`) {
		t.Errorf("a stage without a counterpart says %q", stage.Untranslatable)
	}
}

func TestALineWhoseEndsBothHaveOthersIsTangled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lines []mapping.Option
		want  mapping.Option
	}{
		"one to one":                {[]mapping.Option{{"a", "1"}, {"b", "2"}}, mapping.Option{}},
		"many to one":               {[]mapping.Option{{"a", "1"}, {"b", "1"}, {"c", "2"}, {"c", "3"}}, mapping.Option{}},
		"the same line twice":       {[]mapping.Option{{"a", "1"}, {"a", "1"}}, mapping.Option{}},
		"a way from one to a third": {[]mapping.Option{{"a", "1"}, {"b", "1"}, {"b", "2"}}, mapping.Option{HubSpot: "b", App: "1"}},
	} {
		if got, ok := mapping.Tangled(tc.lines); got != tc.want || ok != (tc.want != mapping.Option{}) {
			t.Errorf("%s: %v %t, want %v", name, got, ok, tc.want)
		}
	}
}
