package core

import (
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

// TestANewUnitMeetsWhatBothSidesHold: a field line that is added to a sync finds
// values on both sides of its pairs. None is written over unseen.
func TestANewUnitMeetsWhatBothSidesHold(t *testing.T) {
	t.Parallel()
	long := func(b *pairTest) int64 { return b.now - 19*minute } // after the pair was made, and outside the window
	for _, tt := range []struct {
		name            string
		hubspot, app    string
		hubspotAt       func(b *pairTest) int64
		winner          deal.Side
		writes, refresh string
	}{
		{"the other side is asked first, and a blank wipes nothing", "", "70", func(b *pairTest) int64 { return b.now }, deal.HubSpot, "hubspot:more=70", "app"},
		{"values that differ are a conflict by policy, whatever the times", "50", "70", long, deal.HubSpot, "app:more=50", "app"},
		{"the policy may be the app's", "50", "70", func(b *pairTest) int64 { return b.now }, deal.App, "hubspot:more=70", "app"},
		{"equal values are no conflict", "50", "50", long, deal.HubSpot, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.policy.Winner = tt.winner
			b.paired("amount", "1")
			b.says(deal.HubSpot, "more", tt.hubspot, tt.hubspotAt(b), because(Reread), unmarked)
			b.wantWrites()
			if len(b.last.Refresh) != 1 || b.last.Refresh[0].Side != deal.App {
				t.Fatalf("the app is not asked what it holds: %+v", b.last.Refresh)
			}
			b.says(deal.App, "more", tt.app, b.now-19*minute, because(Reread), unmarked)
			if tt.writes == "" {
				b.wantWrites()
				b.wantRest()
				return
			}
			b.wantWrites(tt.writes)
		})
	}
}

// TestWhatTheAppGaveIsNoEdit: a record that we made has values of its own from
// the app, such as its default owner. They do not travel back (N4).
func TestWhatTheAppGaveIsNoEdit(t *testing.T) {
	t.Parallel()
	t.Run("for a value that could not be written", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.HubSpot, "amount", "1", b.now-30*minute)
		b.says(deal.HubSpot, "owner", "eva", b.now-30*minute, untranslatable)
		b.answer(deal.App)
		b.says(deal.App, "owner", "api user", b.now, unmarked)
		b.wantWrites()
		b.wantStatus(Failing, "untranslatable")
		b.says(deal.HubSpot, "owner", "max", b.now+minute)
		b.wantWrites("app:owner=max")
	})
	t.Run("also when it is heard before the create is answered", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.HubSpot, "amount", "1", b.now-30*minute)
		b.says(deal.HubSpot, "owner", "eva", b.now-30*minute, untranslatable)
		b.says(deal.App, "owner", "api user", b.now+10, unmarked)
		b.wantWrites()
		b.answer(deal.App)
		b.wantWrites()
		if u := b.pair.Units["owner"]; u.App.Edit.Set || !u.App.Held.Set {
			t.Errorf("the app's owner is %+v", u.App)
		}
	})
	t.Run("but a person's later edit is", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.HubSpot, "amount", "1", b.now-30*minute)
		b.says(deal.HubSpot, "owner", "eva", b.now-30*minute, untranslatable)
		b.answer(deal.App)
		b.says(deal.App, "owner", "max", b.now+minute)
		b.wantWrites("hubspot:owner=max")
	})
	t.Run("nor after something was written over it", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.HubSpot, "amount", "1", b.now-30*minute)
		b.answer(deal.App)
		made := b.now
		b.says(deal.App, "more", "0", made, because(Reread), unmarked)
		b.says(deal.HubSpot, "more", "50", b.now-30*minute, because(Reread), unmarked)
		b.wantWrites("app:more=50")
		b.answer(deal.App)
		b.says(deal.App, "more", "0", made, because(Reread), unmarked) // its copy is behind
		b.wantWrites()
		if u := b.pair.Units["more"]; u.App.Edit.Set {
			t.Errorf("the app's value is %+v", u.App)
		}
	})
	t.Run("and what only the app can say travels", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.policy.Units = map[string]deal.Ways{"number": deal.ToHubSpot}
		b.says(deal.HubSpot, "amount", "1", b.now-30*minute)
		b.answer(deal.App)
		b.says(deal.App, "number", "7", b.now, unmarked)
		b.says(deal.HubSpot, "number", "", b.now-30*minute, unmarked)
		if f := b.pair.HubSpot.Flight.fields("number"); f["number"] != "7" {
			t.Errorf("written: %v", f)
		}
	})
}
