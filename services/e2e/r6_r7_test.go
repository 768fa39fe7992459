package e2e

import (
	"fmt"
	"testing"
	"time"
)

// R6: the direction of a sync. Only-to-HubSpot never changes the app.
func TestR6_OneWayNeverChangesTheSource(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		t.Run("only to HubSpot", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) { s.Direction = "to_hubspot" }, nil)
			app := x.pipedrive.create(fields{"title": "From the app", "value": 10})
			hubspot := x.counterpart(app)
			alone := x.hubspot.create(fields{"dealname": "HubSpot's own", "dealstage": "qualifiedtobuy", "pipeline": "default"})
			x.hubspot.edit(hubspot, fields{"dealname": "Changed in HubSpot"})
			x.hubspot.do(hubspot, "stage", "presentationscheduled")
			x.pipedrive.edit(app, fields{"value": 11})
			x.holds(x.hubspot, hubspot, fields{"amount": "11"})
			x.settled()
			if n := x.pipedrive.stats().Writes; n != 0 {
				t.Errorf("%d writes to the app", n)
			}
			if p, ok := x.cli.pairOf(alone); ok {
				t.Errorf("a deal of the receiving side began a pair: %+v", p)
			}
		})
		t.Run("only to the app", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) { s.Direction = "to_app" }, nil)
			hubspot := x.hubspot.create(fields{"dealname": "From HubSpot", "amount": "10", "dealstage": "qualifiedtobuy", "pipeline": "default"})
			app := x.counterpart(hubspot)
			x.pipedrive.edit(app, fields{"title": "Changed in the app"})
			x.hubspot.edit(hubspot, fields{"amount": "11"})
			x.holds(x.pipedrive, app, fields{"value": "11"})
			x.settled()
			if n := x.hubspot.stats().Writes; n != 0 {
				t.Errorf("%d writes to HubSpot", n)
			}
		})
		t.Run("inside the window the source wins over the receiving side", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, func(s *spec) { s.Direction = "to_hubspot" }, nil)
			app := x.pipedrive.create(fields{"title": "First", "value": 10})
			hubspot := x.counterpart(app)
			until(time.Now().Add(2 * time.Second)) // edits before a counterpart was made are no rivals
			x.pipedrive.edit(app, fields{"title": "Source"})
			x.holds(x.hubspot, hubspot, fields{"dealname": "Source"})
			x.hubspot.edit(hubspot, fields{"dealname": "Receiver"})
			x.eventually("HubSpot's edit is a conflict that the app wins", func() error { return x.verdict(hubspot, "dealname", "SIDE_APP") })
			x.holds(x.hubspot, hubspot, fields{"dealname": "Source"})
		})
	})
}

// R7 with a window of 10 seconds instead of 5 minutes: the same field edited in
// both apps within it, by edit times at the source. Only what was edited after
// the counterpart was made counts, so the pairs are let grow older than that.
// Edits are dated back only on fields that nobody has touched since.
func TestR7_ConflictsAreDecidedByTheRule(t *testing.T) {
	const window, inside, outside = 10 * time.Second, 3 * time.Second, 12 * time.Second
	everywhere(t, func(t *testing.T, in *installation) {
		hubspotWins := newTenant(t, in, func(s *spec) { s.Window = "10s" }, nil)
		appWins := newTenant(t, in, func(s *spec) { s.Window, s.Winner = "10s", "app" }, nil)
		type both struct{ hubspot, app int64 }
		bornInHubSpot := func(x *tenant) both {
			id := x.hubspot.create(fields{"dealname": "Before", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
			return both{id, x.counterpart(id)}
		}
		bornInApp := func(x *tenant) both {
			id := x.pipedrive.create(fields{"title": "Before", "value": 1}, ago(time.Hour))
			return both{x.counterpart(id), id}
		}
		cases := []struct {
			name               string
			x                  *tenant
			born               func(x *tenant) both
			inHubSpot, inApp   string // the two edits, and how long ago they were made
			hubspotAge, appAge time.Duration
			crosses            bool // the older edit crosses before the younger is made
			want, winner       string
			deals              both
		}{
			{name: "inside the window HubSpot's older edit stands", x: hubspotWins, born: bornInHubSpot, inHubSpot: "H", inApp: "A", hubspotAge: inside, want: "H", winner: "SIDE_HUBSPOT"},
			{name: "also when it has crossed before", x: hubspotWins, born: bornInHubSpot, inHubSpot: "H", inApp: "A", hubspotAge: inside, crosses: true, want: "H", winner: "SIDE_HUBSPOT"},
			{name: "HubSpot's later edit stands too", x: hubspotWins, born: bornInApp, inHubSpot: "H", inApp: "A", appAge: inside, crosses: true, want: "H", winner: "SIDE_HUBSPOT"},
			{name: "outside the window the later edit stands", x: hubspotWins, born: bornInHubSpot, inHubSpot: "H", inApp: "A", hubspotAge: outside, want: "A"},
			{name: "a blank winner does not wipe the other's value", x: hubspotWins, born: bornInHubSpot, inHubSpot: "", inApp: "A", hubspotAge: inside, want: "A", winner: "SIDE_APP"},
			{name: "where the app wins its older edit stands", x: appWins, born: bornInApp, inHubSpot: "H", inApp: "A", appAge: inside, crosses: true, want: "A", winner: "SIDE_APP"},
			{name: "where the app wins, outside the window the later edit stands", x: appWins, born: bornInApp, inHubSpot: "H", inApp: "A", appAge: outside, crosses: true, want: "H"},
		}
		for i := range cases {
			cases[i].deals = cases[i].born(cases[i].x)
		}
		exact, more, fields2 := bornInHubSpot(hubspotWins), bornInHubSpot(hubspotWins), bornInHubSpot(hubspotWins)
		until(time.Now().Add(outside + 3*time.Second))
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				x := c.x.as(t)
				edits := []func(){
					func() { x.hubspot.edit(c.deals.hubspot, fields{"dealname": c.inHubSpot}, ago(c.hubspotAge)) },
					func() { x.pipedrive.edit(c.deals.app, fields{"title": c.inApp}, ago(c.appAge)) },
				}
				crossed := func() { x.holds(x.pipedrive, c.deals.app, fields{"title": c.inHubSpot}) }
				if c.hubspotAge < c.appAge {
					edits[0], edits[1] = edits[1], edits[0]
					crossed = func() { x.holds(x.hubspot, c.deals.hubspot, fields{"dealname": c.inApp}) }
				}
				edits[0]()
				if c.crosses {
					crossed()
				}
				edits[1]()
				if c.winner != "" {
					x.eventually("the journal tells the verdict", func() error { return x.verdict(c.deals.hubspot, "dealname", c.winner) })
				}
				x.hold(c.deals.hubspot, c.deals.app, c.want)
				x.becomes(c.deals.hubspot, "in_sync")
				if c.winner == "" && x.verdict(c.deals.hubspot, "dealname", "") == nil {
					t.Errorf("the journal tells of a conflict: %+v", x.cli.journal(c.deals.hubspot))
				}
			})
		}
		t.Run("exactly the window apart is a conflict, a second more is none", func(t *testing.T) {
			t.Parallel()
			x := hubspotWins.as(t)
			for _, c := range []struct {
				deals both
				apart time.Duration
				want  string
			}{{exact, window, "H"}, {more, window + time.Second, "A"}} {
				later := time.Now().Truncate(time.Second).Add(2 * time.Second)
				x.hubspot.edit(c.deals.hubspot, fields{"dealname": "H"}, at(later.Add(-c.apart)))
				x.pipedrive.edit(c.deals.app, fields{"title": "A"}, at(later))
				x.hold(c.deals.hubspot, c.deals.app, c.want)
			}
		})
		t.Run("two fields of one deal are no conflict", func(t *testing.T) {
			t.Parallel()
			x := hubspotWins.as(t)
			x.hubspot.edit(fields2.hubspot, fields{"dealname": "H"}, ago(inside))
			x.pipedrive.edit(fields2.app, fields{"value": 77})
			x.holds(x.hubspot, fields2.hubspot, fields{"dealname": "H", "amount": "77"})
			x.holds(x.pipedrive, fields2.app, fields{"title": "H", "value": "77"})
		})
	})
}

// until waits for a moment that a rule about time asks for.
func until(moment time.Time) { <-time.After(time.Until(moment)) }

// hold waits until both deals have a name.
func (x *tenant) hold(hubspot, app int64, name string) {
	x.t.Helper()
	x.holds(x.hubspot, hubspot, fields{"dealname": name})
	x.holds(x.pipedrive, app, fields{"title": name})
}

// verdict looks for a conflict of a unit in the journal of a record's pair; an
// empty winner accepts any.
func (x *tenant) verdict(id int64, unit, winner string) error {
	entries := x.cli.journal(id)
	for _, e := range entries {
		if e.Event == "conflict" && e.Unit == unit && (winner == "" || e.Winner == winner) {
			return nil
		}
	}
	return fmt.Errorf("no conflict of %s won by %s in %+v", unit, winner, entries)
}
