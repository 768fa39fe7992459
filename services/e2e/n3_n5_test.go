package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// N3: after a storm of edits on both sides, with webhooks twice, late and out
// of order, both sides hold the same mapped values. The seed makes the storm
// the same in every run; what the machine makes of it differs.
func TestN3_BothSidesConvergeAfterAStorm(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		const deals, edits = 12, 240
		x := newTenant(t, in, nil, nil)
		var hubspot, app []int64
		for i := range deals {
			hubspot = append(hubspot, x.hubspot.create(fields{"dealname": fmt.Sprint("Deal ", i), "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}))
		}
		for _, id := range hubspot {
			app = append(app, x.counterpart(id))
		}
		for _, c := range []*crm{x.hubspot, x.pipedrive} {
			c.put("/delivery", map[string]any{"duplicate_rate": 0.3, "shuffle": true, "jitter_ms": 400})
		}
		dice := rand.New(rand.NewPCG(2026, 11))
		for i := range edits {
			d := dice.IntN(deals)
			name, amount := fmt.Sprintf("Deal %d as of %d", d, i), dice.IntN(1000)
			stage := dice.IntN(len(x.spec.Stages))
			switch dice.IntN(6) {
			case 0:
				x.hubspot.edit(hubspot[d], fields{"dealname": name})
			case 1:
				x.hubspot.edit(hubspot[d], fields{"amount": fmt.Sprint(amount), "dealname": name})
			case 2:
				x.hubspot.do(hubspot[d], "stage", x.spec.Stages[stage][0])
			case 3:
				x.pipedrive.edit(app[d], fields{"title": name})
			case 4:
				x.pipedrive.edit(app[d], fields{"value": amount})
			case 5:
				x.moveInApp(app[d], x.spec.Stages[stage][1])
			}
		}
		x.settled()
		x.converged()
	})
}

// moveInApp moves or closes a deal in the app; a closed one is opened first,
// as people must do there.
func (x *tenant) moveInApp(id int64, stage string) {
	x.t.Helper()
	switch stage {
	case "won", "lost":
		x.pipedrive.do(id, stage, "")
	default:
		x.pipedrive.do(id, "reopen", "")
		x.pipedrive.do(id, "stage", stage)
	}
}

// N4: our own writes never travel back, also with many stages mapped onto one
// and values that an app normalises.
func TestN4_NothingLoops(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, func(s *spec) {
			s.Window = "10ms"
			s.Stages = [][2]string{
				{"appointmentscheduled", "1"},
				{"qualifiedtobuy", "1"},
				{"presentationscheduled", "2"},
				{"presentationscheduled", "3"},
				{"closedwon", "won"},
			}
		}, nil)
		h := x.hubspot.create(fields{"dealname": "Many to one", "amount": "10.500", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		a := x.counterpart(h)
		x.holds(x.pipedrive, a, fields{"stage_id": "1", "value": "10.5"})
		x.settled()
		writes := func() int { return x.hubspot.stats().Writes + x.pipedrive.stats().Writes }
		if n := writes(); n != 1 {
			t.Errorf("%d writes for one creation", n)
		}
		if got := x.hubspot.show(h).Fields["dealstage"]; got != "qualifiedtobuy" {
			t.Errorf("HubSpot's own stage became %q", got)
		}
		// From one stage to another that maps to the same: nothing to write.
		before := writes()
		x.hubspot.do(h, "stage", "appointmentscheduled")
		x.sentinel()
		x.settled()
		if n := writes() - before - 1; n != 0 {
			t.Errorf("%d writes for a move that means nothing on the other side", n)
		}
		before = writes()
		x.pipedrive.do(a, "stage", "3")
		x.holds(x.hubspot, h, fields{"dealstage": "presentationscheduled"})
		x.settled()
		if got := x.pipedrive.show(a).Fields["stage_id"]; got != "3" {
			t.Errorf("the app's own stage became %q", got)
		}
		if n := writes() - before; n != 1 {
			t.Errorf("%d writes for one move", n)
		}
		before = writes()
		for i := range 5 {
			x.hubspot.edit(h, fields{"dealname": fmt.Sprintf("  Spaces %d ", i), "amount": fmt.Sprintf("0%d.50", i)})
		}
		x.settled()
		if n := writes() - before; n > 5 {
			t.Errorf("%d writes for 5 edits of one side", n)
		}
	})
}

// N5: an older edit that is heard of late never overwrites a later one.
func TestN5_LateNewsOfOldEditsChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		h := x.hubspot.create(fields{"dealname": "Before", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		a := x.counterpart(h)
		x.becomes(h, "in_sync")
		x.hubspot.put("/delivery", map[string]any{"delay_ms": 1500})
		x.hubspot.edit(h, fields{"dealname": "Older, heard late"}, ago(10*time.Minute))
		x.pipedrive.edit(a, fields{"title": "Later"})
		x.holds(x.hubspot, h, fields{"dealname": "Later"})
		x.settled() // the late webhook included
		x.holds(x.hubspot, h, fields{"dealname": "Later"})
		x.holds(x.pipedrive, a, fields{"title": "Later"})
		x.becomes(h, "in_sync")
	})
}

// N1, N3: what no webhook told is found by the next poll.
func TestN3_APollFindsWhatNoWebhookTold(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, func(s *spec) { s.Poll = "1s" }, nil)
		h := x.hubspot.create(fields{"dealname": "Before", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, silently)
		a := x.counterpart(h)
		x.pipedrive.edit(a, fields{"title": "Silently"}, silently)
		x.hold(h, a, "Silently")
		x.hubspot.edit(h, fields{"amount": "7"}, silently)
		x.holds(x.pipedrive, a, fields{"value": "7"})
	})
}
