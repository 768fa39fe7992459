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
			x.pipedrive.edit(app, fields{"title": "Source"})
			x.holds(x.hubspot, hubspot, fields{"dealname": "Source"})
			x.hubspot.edit(hubspot, fields{"dealname": "Receiver"})
			x.eventually("HubSpot's edit is a conflict that the app wins", func() error { return x.verdict(hubspot, "dealname", "SIDE_APP") })
			x.holds(x.hubspot, hubspot, fields{"dealname": "Source"})
		})
	})
}

// R7: the same field edited in both apps within 5 minutes, by edit times at the
// source. Edits are dated back only on fields that nobody has touched since.
func TestR7_ConflictsAreDecidedByTheRule(t *testing.T) {
	born := ago(time.Hour)
	everywhere(t, func(t *testing.T, in *installation) {
		hubspotWins := newTenant(t, in, nil, nil)
		appWins := newTenant(t, in, func(s *spec) { s.Winner = "app" }, nil)
		inHubSpot := func(t *testing.T, x *tenant) (hubspot, app int64) {
			hubspot = x.hubspot.create(fields{"dealname": "Before", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, born)
			return hubspot, x.counterpart(hubspot)
		}
		inApp := func(t *testing.T, x *tenant) (hubspot, app int64) {
			app = x.pipedrive.create(fields{"title": "Before", "value": 1}, born)
			return x.counterpart(app), app
		}
		for _, c := range []struct {
			name           string
			x              *tenant
			start          func(t *testing.T, x *tenant) (hubspot, app int64)
			hubspot, app   string // the two edits
			hubspotAge     time.Duration
			appAge         time.Duration
			want           string
			winner         string // of the conflict; "" when there is none
			alreadyCrossed bool   // the first edit crosses before the second is made
		}{
			{"within 5 minutes HubSpot's older edit stands", hubspotWins, inHubSpot, "H", "A", 2 * time.Minute, 0, "H", "SIDE_HUBSPOT", false},
			{"also when it has crossed before", hubspotWins, inHubSpot, "H", "A", 2 * time.Minute, 0, "H", "SIDE_HUBSPOT", true},
			{"HubSpot's later edit stands too", hubspotWins, inApp, "H", "A", 0, 2 * time.Minute, "H", "SIDE_HUBSPOT", true},
			{"outside 5 minutes the later edit stands", hubspotWins, inHubSpot, "H", "A", 6 * time.Minute, 0, "A", "", false},
			{"a blank winner does not wipe the other's value", hubspotWins, inHubSpot, "", "A", 2 * time.Minute, 0, "A", "SIDE_APP", false},
			{"where the app wins its older edit stands", appWins, inApp, "H", "A", 0, 2 * time.Minute, "A", "SIDE_APP", true},
			{"where the app wins, outside the window the later edit stands", appWins, inApp, "H", "A", 0, 6 * time.Minute, "H", "", true},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				x := c.x.as(t)
				hubspot, app := c.start(t, x)
				edits := []func(){
					func() { x.hubspot.edit(hubspot, fields{"dealname": c.hubspot}, ago(c.hubspotAge)) },
					func() { x.pipedrive.edit(app, fields{"title": c.app}, ago(c.appAge)) },
				}
				crossed := func() { x.holds(x.pipedrive, app, fields{"title": c.hubspot}) }
				if c.hubspotAge < c.appAge {
					edits[0], edits[1] = edits[1], edits[0]
					crossed = func() { x.holds(x.hubspot, hubspot, fields{"dealname": c.app}) }
				}
				edits[0]()
				if c.alreadyCrossed {
					crossed()
				}
				edits[1]()
				if c.winner != "" {
					x.eventually("the journal tells the verdict", func() error { return x.verdict(hubspot, "dealname", c.winner) })
				}
				x.holds(x.hubspot, hubspot, fields{"dealname": c.want})
				x.holds(x.pipedrive, app, fields{"title": c.want})
				x.becomes(hubspot, "in_sync")
				if c.winner == "" {
					if err := x.verdict(hubspot, "dealname", ""); err == nil {
						t.Errorf("the journal tells of a conflict: %+v", x.cli.journal(hubspot))
					}
				}
			})
		}
		t.Run("exactly 5 minutes apart is a conflict, a second more is none", func(t *testing.T) {
			t.Parallel()
			x := hubspotWins.as(t)
			for _, c := range []struct {
				apart time.Duration
				want  string
			}{{5 * time.Minute, "H"}, {5*time.Minute + time.Second, "A"}} {
				hubspot, app := inHubSpot(t, x)
				later := time.Now().Truncate(time.Second).Add(2 * time.Second)
				x.hubspot.edit(hubspot, fields{"dealname": "H"}, at(later.Add(-c.apart)))
				x.pipedrive.edit(app, fields{"title": "A"}, at(later))
				x.holds(x.hubspot, hubspot, fields{"dealname": c.want})
				x.holds(x.pipedrive, app, fields{"title": c.want})
			}
		})
		t.Run("two fields of one deal are no conflict", func(t *testing.T) {
			t.Parallel()
			x := hubspotWins.as(t)
			hubspot, app := inHubSpot(t, x)
			x.hubspot.edit(hubspot, fields{"dealname": "H"}, ago(time.Minute))
			x.pipedrive.edit(app, fields{"value": 77})
			x.holds(x.hubspot, hubspot, fields{"dealname": "H", "amount": "77"})
			x.holds(x.pipedrive, app, fields{"title": "H", "value": "77"})
		})
	})
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
