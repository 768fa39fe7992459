package detect

import (
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// due is a filter on the expected close date.
func due(values ...string) *configv1.Filter {
	return &configv1.Filter{Group: &configv1.Group{Groups: []*configv1.Group{{
		Conditions: []*configv1.Condition{{Field: "close", Type: string(deal.Date), Op: "gte", Values: values}},
	}}}}
}

func TestTheDayCountsWhereAFilterLooksAtToday_R11(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		sync *configv1.Sync
		want string
	}{
		{"no filter", &configv1.Sync{}, ""},
		{"a date that stands still", &configv1.Sync{FilterApp: due("2026-01-01")}, ""},
		{"today", &configv1.Sync{FilterApp: due("today")}, "2026-03-01"},
		{"a month ago, in HubSpot", &configv1.Sync{FilterHubspot: due("-30d")}, "2026-03-01"},
		{"the sync's zone has the day", &configv1.Sync{FilterApp: due("+2w"), TimeZone: "Europe/Berlin"}, "2026-03-02"},
		{"an unknown zone is UTC", &configv1.Sync{FilterApp: due("now"), TimeZone: "Mars/Olympus"}, "2026-03-01"},
		{"what is no date is none that moves", &configv1.Sync{FilterApp: &configv1.Filter{Group: &configv1.Group{
			Conditions: []*configv1.Condition{{Field: "title", Type: string(deal.Text), Op: "eq", Values: []string{"today"}}},
		}}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := dayOf(tt.sync, evening); got != tt.want {
				t.Errorf("day %q, want %q", got, tt.want)
			}
		})
	}
}

func TestANewDayOffersEveryCopyAgain_R11(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].FilterApp = due("-30d") })
	sch := newScheduler(b.service)
	b.tick(t, sch)
	b.hold(t, "1", at(0), map[string]string{"title": "Deal 1", "value": "1", "close": "2026-01-01"})
	b.clock.advance(12 * time.Hour)
	b.tick(t, sch)
	if c := b.cursor(t, "hs", "refresh:deals"); c.GetRun() != "1.2026-01-01" {
		t.Errorf("cursor = %v, want the day it began", c)
	}
	b.clock.advance(12 * time.Hour)
	b.until(t, sch, func() bool { return b.cursor(t, "hs", "refresh:deals").GetRun() == "1.2026-01-02" })
	if c := b.next(t).change; c.GetRecord() != "1" {
		t.Errorf("change = %v", c)
	}
}
