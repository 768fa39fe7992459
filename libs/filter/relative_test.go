package filter_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones below are known on every machine

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
)

func zone(t interface{ Fatal(args ...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestRelativeDates(t *testing.T) {
	t.Parallel()
	berlin, apia := zone(t, "Europe/Berlin"), zone(t, "Pacific/Apia")
	// In Berlin it is the 14th already, an hour and a half after midnight.
	night := time.Date(2026, time.May, 13, 23, 30, 0, 0, time.UTC)
	endOfMarch := time.Date(2028, time.March, 31, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		of    deal.Type
		value string
		op    filter.Op
		want  string
		now   time.Time
		met   bool
	}{
		{"today is today", deal.Date, "2026-05-13", filter.Eq, "today", noon, true},
		{"so is now, on a date", deal.Date, "2026-05-13", filter.Eq, "now", noon, true},
		{"yesterday is not today", deal.Date, "2026-05-12", filter.Gte, "today", noon, false},
		{"30 days ago", deal.Date, "2026-04-13", filter.Eq, "-30d", noon, true},
		{"without a word it counts from today", deal.Date, "2026-04-13", filter.Eq, "today-30d", noon, true},
		{"case and spaces do not matter", deal.Date, "2026-05-27", filter.Eq, "Today + 2W", noon, true},
		{"two weeks ahead", deal.Date, "2026-05-28", filter.Lte, "+2w", noon, false},
		{"three months ago", deal.Date, "2026-02-13", filter.Eq, "-3m", noon, true},
		{"a year ago", deal.Date, "2025-05-13", filter.Eq, "-1y", noon, true},
		{"a month before the 31st is the month's last day", deal.Date, "2028-02-29", filter.Eq, "-1m", endOfMarch, true},
		{"also in another year", deal.Date, "2027-02-28", filter.Eq, "-13m", endOfMarch, true},
		{"in one of several dates", deal.Date, "2026-05-14", filter.In, "+1d", noon, true},

		{"the day is the zone's", deal.Date, "2026-05-14", filter.Eq, "today", night.In(berlin), true},
		{"a moment of today", deal.Datetime, "2026-05-13T22:00:00Z", filter.Gte, "today", night.In(berlin), true},
		{"a moment before today", deal.Datetime, "2026-05-13T21:59:59Z", filter.Gte, "today", night.In(berlin), false},
		{"today began earlier in UTC", deal.Datetime, "2026-05-13T00:00:00Z", filter.Gte, "today", night, true},
		{"now is a moment", deal.Datetime, "2026-05-13T23:30:00.001Z", filter.Gt, "now", night, true},
		{"a week before now, to the minute", deal.Datetime, "2026-05-06T23:30:00Z", filter.Eq, "now-1w", night, true},
		{"a week before today began", deal.Datetime, "2026-05-06T00:00:00Z", filter.Eq, "-1w", night, true},
		{"the clocks' change does not move midnight", deal.Datetime, "2026-03-28T23:00:00Z", filter.Eq, "-46d", night.In(berlin), true},
		{"a date on a moment is the zone's midnight", deal.Datetime, "2026-05-12T22:00:00Z", filter.Eq, "2026-05-13", night.In(berlin), true},
		{
			"a day that the zone left out begins with the next one", deal.Datetime, "2011-12-30T10:00:00Z", filter.Eq, "today-1d",
			time.Date(2011, time.December, 31, 9, 0, 0, 0, apia), true,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := ready(t, filter.Group{Groups: []filter.Group{all(when("f", tc.of, tc.op, tc.want))}})
			if got := f.Match(deal.Fields{"f": tc.value}, tc.now); got != tc.met {
				t.Errorf("%s %s %s: %t", tc.value, tc.op, tc.want, got)
			}
		})
	}
}

func TestAFilterKnowsWhetherItDependsOnTheTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		cond filter.Condition
		want bool
	}{
		{"a relative date", when("f", deal.Date, filter.Gte, "-30d"), true},
		{"now", when("f", deal.Datetime, filter.Lt, "now"), true},
		{"one of several", when("f", deal.Date, filter.In, "2026-01-01", "today"), true},
		{"a date", when("f", deal.Date, filter.Gte, "2026-01-01"), false},
		{"a date on a moment", when("f", deal.Datetime, filter.Gte, "2026-01-01"), false},
		{"a text that says today", when("f", deal.Text, filter.Eq, "today"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := ready(t, filter.Group{Any: true, Groups: []filter.Group{all(tc.cond)}}).Relative(); got != tc.want {
				t.Errorf("relative: %t", got)
			}
		})
	}
}

func TestTheOperatorsOfAType(t *testing.T) {
	t.Parallel()
	for _, of := range filter.Types() {
		ops := filter.OpsFor(of)
		if !slices.Contains(ops, filter.Eq) || !slices.Contains(ops, filter.Blank) {
			t.Errorf("%s has operators %v", of, ops)
		}
	}
	if ops := filter.OpsFor(deal.Reference); ops != nil {
		t.Errorf("references have operators %v", ops)
	}
}

func TestStoredValuesStayRelative(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		of       deal.Type
		in, want string
		ok       bool
	}{
		{deal.Date, " Today - 7D ", "today-7d", true},
		{deal.Datetime, "2026-05-13", "2026-05-13", true},
		{deal.Datetime, "2026-05-13T12:00:00+02:00", "2026-05-13T10:00:00Z", true},
		{deal.Number, "10.50", "10.5", true},
		{deal.Text, "Today", "Today", true},
		{deal.Date, "soon", "soon", false},
	} {
		if got, ok := filter.Canonical(tc.of, tc.in); got != tc.want || ok != tc.ok {
			t.Errorf("%s %q: %q %t, want %q %t", tc.of, tc.in, got, ok, tc.want, tc.ok)
		}
	}
}

func TestASearchGetsTheDatesAsTheyAre(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 13, 23, 30, 0, 0, time.UTC).In(zone(t, "Europe/Berlin"))
	got := filter.At(filter.Group{
		Conditions: []filter.Condition{when("t", deal.Text, filter.Eq, "today")},
		Groups: []filter.Group{all(
			when("d", deal.Date, filter.In, "-1d", "2026-01-01"), when("m", deal.Datetime, filter.Gte, "today"), when("m", deal.Datetime, filter.Blank),
		)},
	}, now)
	want := filter.Group{
		Conditions: []filter.Condition{when("t", deal.Text, filter.Eq, "today")},
		Groups: []filter.Group{{Conditions: []filter.Condition{
			when("d", deal.Date, filter.In, "2026-05-13", "2026-01-01"),
			when("m", deal.Datetime, filter.Gte, "2026-05-13T22:00:00Z"),
			{Field: "m", Type: deal.Datetime, Op: filter.Blank, Values: []string{}},
		}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
}

// zones change their clocks at midnight, by half an hour, at the date line, or
// never.
var zones = []string{
	"UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Asia/Beirut",
	"Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns",
}

// What a relative date says today is what the date itself says, and the record
// that it lets in tomorrow is one day later.
func TestRelativeDatesAreDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		z := zone(rt, rapid.SampledFrom(zones).Draw(rt, "zone"))
		now := time.UnixMilli(rapid.Int64Range(0, 2e12).Draw(rt, "now")).In(z)
		n := rapid.IntRange(-9999, 9999).Draw(rt, "n")
		unit := rapid.SampledFrom([]string{"d", "w", "m", "y"}).Draw(rt, "unit")
		text := fmt.Sprintf("%+d%s", n, unit)
		for _, of := range []deal.Type{deal.Date, deal.Datetime} {
			fixed := filter.At(all(when("f", of, filter.Gte, text)), now).Conditions[0].Values[0]
			if at, err := time.Parse(time.RFC3339Nano, fixed); of == deal.Datetime && err == nil {
				if h, m, s := at.In(z).Clock(); h > 2 || m+s > 30 { // midnight, or when the clocks go on
					rt.Fatalf("%s is %s, not the start of a day", text, at.In(z))
				}
			}
			relative, err := filter.New(all(when("f", of, filter.Gte, text)))
			if err != nil {
				rt.Fatal(err)
			}
			absolute, err := filter.New(all(when("f", of, filter.Gte, fixed)))
			if err != nil {
				continue // a year that no value can have
			}
			v, _ := deal.Canonical(of, time.UnixMilli(rapid.Int64Range(-1e13, 1e13).Draw(rt, "value")).UTC().Format(time.RFC3339Nano))
			record := deal.Fields{"f": v}
			if relative.Match(record, now) != absolute.Match(record, now) {
				rt.Fatalf("%s %s: %s and %s differ on %s", of, now, text, fixed, v)
			}
			if relative.Match(deal.Fields{"f": fixed}, now) != true {
				rt.Fatalf("%s %s: %s is not met by %s itself", of, now, text, fixed)
			}
		}
	})
}

// As time goes by, what has dropped out of the last days never comes back.
func TestTheLastDaysMoveOn(t *testing.T) {
	t.Parallel()
	f := ready(t, all(when("f", deal.Date, filter.Gte, "-30d")))
	rapid.Check(t, func(rt *rapid.T) {
		z := zone(rt, rapid.SampledFrom(zones).Draw(rt, "zone"))
		now := time.UnixMilli(rapid.Int64Range(0, 2e12).Draw(rt, "now"))
		later := now.Add(time.Duration(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(rt, "passed")))
		day := now.AddDate(0, 0, rapid.IntRange(-60, 10).Draw(rt, "day")).Format(time.DateOnly)
		record := deal.Fields{"f": day}
		if f.Match(record, later.In(z)) && !f.Match(record, now.In(z)) {
			rt.Fatalf("%s is out at %s and in at %s", day, now, later)
		}
	})
}
