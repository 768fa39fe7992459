package core

import (
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
)

func holding(why string) option {
	return func(i *Image) { i.Hold, i.HoldDetail = why, "it may be 1 or 2" }
}
func matching(record string) option { return func(i *Image) { i.Counterpart = record } }
func foldingInto(p string) option   { return func(i *Image) { i.FoldInto = p } }
func record(id string) option       { return func(i *Image) { i.Record = id } }
func mergedAway(into string) option {
	return func(i *Image) { i.MergedInto, i.Deleted, i.Units = into, true, nil }
}
func mergedOf(ids ...string) option { return func(i *Image) { i.MergedFrom = ids } }

func TestHolds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.says(deal.HubSpot, "amount", "1", b.now, holding(match.CodeAmbiguous))
	b.wantWrites()
	b.wantStatus(Failing, match.CodeAmbiguous)
	if b.pair.Message != "it may be 1 or 2" {
		t.Errorf("message %q", b.pair.Message)
	}
	b.says(deal.HubSpot, "amount", "1", b.now, holding(match.CodeAmbiguous))
	b.wantUnchanged()
	b.says(deal.HubSpot, "amount", "2", b.now+1, holding(match.CodeAmbiguous))
	b.wantWrites() // an edit does not end it
	edited := b.now + 1
	b.says(deal.HubSpot, "amount", "2", edited)
	b.wantWrites("app:amount=2")
	b.answer(deal.App)
	b.says(deal.HubSpot, "amount", "2", edited, holding(match.CodeAmbiguous))
	b.wantUnchanged() // once paired there is nothing to hold
}

func TestR15ACounterpartIsPairedAndNotCreated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.says(deal.HubSpot, "amount", "1", b.now-90*minute, matching("app-1"), because(Backfill))
	b.wantWrites()
	b.wantStatus(Pending, "")
	if len(b.last.Refresh) != 1 || b.last.Refresh[0].Record != "app-1" || b.pair.App.Record != "app-1" {
		t.Fatalf("want app-1 claimed and asked for, got %+v", b.last.Refresh)
	}
	b.says(deal.HubSpot, "amount", "3", b.now)
	b.wantWrites() // nothing before it has been heard of
	b.says(deal.App, "amount", "2", b.now-80*minute, because(Reread))
	b.wantWrites("app:amount=3")
	b.wantTold("conflict", "first_match")
}

// A record that matches is heard of when its counterpart's create is on its way:
// it must not be taken for what the create makes, nor be forgotten (N1).
func TestR15AMatchThatACreateHasOvertakenIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		b := setup(t)
		o := s.Other()
		b.says(o, "amount", "1", b.now-90*minute)
		b.says(s, "amount", "2", b.now, record("existing"), matching(o.String()+"-1"))
		if b.last.Changed || len(b.last.Refresh) != 1 || b.last.Refresh[0] != (Refresh{Side: s, Record: "existing", Reason: "matched"}) {
			t.Fatalf("in %s: changed %v, refresh %+v", s, b.last.Changed, b.last.Refresh)
		}
		b.answer(s)
		b.wantRest()
		if b.pair.On(s).Record != s.String()+"-1" {
			t.Errorf("record %q", b.pair.On(s).Record)
		}
	}
}

func TestRule6(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		winner       deal.Side
		direction    deal.Ways
		hubspot, app string
		want         []string
	}{
		{"the policy's winner stands whatever the times", deal.HubSpot, deal.BothWays, "1", "2", []string{"app:amount=1"}},
		{"the app's value stands when it wins", deal.App, deal.BothWays, "1", "2", []string{"hubspot:amount=2"}},
		{"a blank winner never wipes", deal.HubSpot, deal.BothWays, "", "2", []string{"hubspot:amount=2"}},
		{"a blank loser is filled", deal.HubSpot, deal.BothWays, "1", "", []string{"app:amount=1"}},
		{"the source of a one-way sync wins", deal.App, deal.ToApp, "1", "2", []string{"app:amount=1"}},
		{"the source of a one-way sync wins, the other way", deal.HubSpot, deal.ToHubSpot, "1", "2", []string{"hubspot:amount=2"}},
		{"equal values need no write", deal.HubSpot, deal.BothWays, "2", "2", nil},
	}
	for _, tt := range tests {
		for _, first := range sides {
			t.Run(tt.name+", "+first.String()+" first", func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				b.policy.Winner, b.policy.Direction = tt.winner, tt.direction
				values := map[deal.Side]string{deal.HubSpot: tt.hubspot, deal.App: tt.app}
				b.says(first, "amount", values[first], b.now-90*minute, holding(match.CodeAmbiguous), because(Backfill))
				b.says(first.Other(), "amount", values[first.Other()], b.now-80*minute, because(Backfill))
				if len(b.last.Writes) == 0 && len(b.last.Refresh) > 0 { // the winner's value must be read
					by := b.last.Refresh[0].Side
					u := b.pair.Units["amount"]
					b.says(by, "amount", values[by], u.On(by).Edit.At, because(Reread))
				}
				b.wantWrites(tt.want...)
			})
		}
	}
}

func TestFolds(t *testing.T) {
	t.Parallel()
	t.Run("a pair without a counterpart ends for good", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.App, "amount", "1", b.now, holding(match.CodeAmbiguous))
		if d := b.says(deal.App, "amount", "1", b.now, foldingInto("other")); d.FoldInto != "other" {
			t.Fatalf("want it to go to the other pair, got %+v", d)
		}
		b.wantWrites()
		b.wantStatus(Excluded, "folded")
		if d := b.says(deal.App, "amount", "2", b.now+1); !d.Foreign || d.Changed {
			t.Errorf("an image of a folded pair's record must be passed on, got %+v", d)
		}
	})
	t.Run("a pair that is not kept sends its record on and stores nothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		if d := b.says(deal.App, "amount", "1", b.now, foldingInto("other")); d.FoldInto != "other" || d.Changed {
			t.Errorf("got %+v", d)
		}
	})
	t.Run("a pair with a counterpart, or a create in flight, stays", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.App, "amount", "1", b.now)
		for range 2 {
			if d := b.says(deal.App, "amount", "1", b.now, foldingInto("other")); d.FoldInto != "" || b.pair.FoldedInto != "" {
				t.Fatalf("want it to stay, got %+v", d)
			}
			if b.pair.HubSpot.Flight != nil {
				b.answer(deal.HubSpot)
			}
		}
		b.wantRest()
	})
}

func TestR17Merges(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		t.Run("the pair moves with its history, and catches up from the survivor, in "+s.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.paired("amount", "1")
			old := s.String() + "-1"
			b.shows(s, mergedAway("new"))
			b.wantTold("merged", "")
			if b.pair.On(s).Record != "new" || len(b.last.Refresh) != 1 || b.last.Refresh[0] != (Refresh{s, "new", true, "merged"}) {
				t.Fatalf("record %q, refresh %+v", b.pair.On(s).Record, b.last.Refresh)
			}
			b.wantWrites()
			b.shows(s) // late news of the old record
			if b.last.Changed || b.last.Foreign {
				t.Error("news of a record that was merged away changed something")
			}
			b.says(s, "amount", "1", b.now-50*minute, record("new"), because(Reread))
			b.wantWrites() // the survivor holds what the pair knows
			b.says(s, "amount", "9", b.now, record("new"), mergedOf(old))
			b.wantWrites(s.Other().String() + ":amount=9")
		})
		t.Run("the survivor is brought to what stands, in "+s.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.paired("amount", "1")
			o := s.Other()
			b.says(o, "amount", "5", b.now)
			b.answer(s)
			b.now += minute
			b.shows(s, mergedAway("new"))
			b.says(s, "amount", "3", b.now-50*minute, record("new"), because(Reread)) // an old value of the survivor's
			if len(b.last.Writes) == 0 {                                              // the value that stands is asked for
				b.says(o, "amount", "5", b.now-minute-50, because(Reread))
			}
			b.wantWrites(s.String() + ":amount=5")
			if b.last.Writes[0].Record != "new" {
				t.Errorf("written to %q", b.last.Writes[0].Record)
			}
		})
		t.Run("the survivor's own state counts, however old its values are, in "+s.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.paired("amount", "1")
			b.says(s, "amount", "2", b.now)
			b.answer(s.Other())
			b.now += 20 * minute
			b.shows(s, mergedAway("new"))
			old := b.now - 90*minute
			b.says(s, "amount", "3", old, record("new"), because(Reread), excluded("stage_not_mapped"))
			b.wantStatus(Excluded, "stage_not_mapped")
			b.wantWrites()
			b.now += minute
			b.says(s, "amount", "3", old, record("new")) // another field has changed
			b.wantWrites(s.Other().String() + ":amount=3")
			b.answer(s.Other())
			b.wantRest()
			b.says(s, "amount", "4", b.now, record("new"))
			b.answer(s.Other())
			b.says(s, "amount", "3", old, record("new"), excluded("stage_not_mapped")) // a late image of it does not
			if b.pair.On(s).Excluded != "" {
				t.Error("an old image has excluded the record")
			}
		})
		t.Run("a survivor with a pair of its own keeps it, in "+s.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.paired("amount", "1")
			tombstone := func(opts ...option) {
				b.t.Helper()
				img := &Image{Record: s.String() + "-1", Cause: Webhook, Origin: deal.Others}
				for _, o := range opts {
					o(img)
				}
				b.resolve(Input{ID: "in", Side: s, Image: img, Elsewhere: "theirs"})
			}
			tombstone(mergedAway("new"))
			b.wantStatus(Excluded, "merged_in_"+s.String())
			b.wantTold("merged", SurvivorKeepsItsPair)
			tombstone(mergedAway("new"))
			b.wantUnchanged()
			tombstone(record("new"), mergedOf(s.String()+"-1"))
			if !b.last.Foreign || b.last.Changed {
				t.Errorf("the survivor's image belongs to its own pair, got %+v", b.last)
			}
			b.says(s.Other(), "amount", "7", b.now)
			b.wantWrites()
		})
	}
	t.Run("a write that the old record did not get goes to the survivor", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.paired("amount", "1")
		b.says(deal.App, "amount", "2", b.now)
		b.shows(deal.HubSpot, mergedAway("new"))
		b.wantWrites()
		b.resolve(Input{ID: "out", Side: deal.HubSpot, Outcome: &Outcome{Version: b.pair.HubSpot.Flight.Version, Gone: true}})
		b.wantWrites("hubspot:amount=2")
		if b.last.Writes[0].Record != "new" || b.pair.HubSpot.Deleted {
			t.Errorf("write %+v, deleted %v", b.last.Writes[0], b.pair.HubSpot.Deleted)
		}
	})
}

func TestR17ADeletionThatTurnsOutToBeAMerge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("amount", "1")
	b.shows(deal.HubSpot, deleted)
	b.wantStatus(Excluded, "deleted_in_hubspot")
	b.says(deal.App, "amount", "2", b.now)
	b.wantWrites()
	b.shows(deal.HubSpot, mergedAway("new"))
	b.wantWrites("hubspot:amount=2")
}

func TestUntranslatableValuesHoldUpNoOtherUnit(t *testing.T) { // N6
	t.Parallel()
	for why, want := range map[string][2]string{
		"unknown_option: there is no Diesel in the app": {"unknown_option", "there is no Diesel in the app"},
		"no such option":         {"untranslatable", "no such option"},
		"Not A Code: but a text": {"untranslatable", "Not A Code: but a text"},
	} {
		b := setup(t)
		img := &Image{Record: "hubspot-1", Cause: Backfill, Units: []UnitValue{
			{Unit: "fuel", News: News{Own: value("fuel", "diesel"), At: b.now - 90*minute}, Untranslatable: why},
			{Unit: "name", News: News{Own: value("name", "Boat"), Other: value("name", "Boat"), At: b.now - 90*minute}},
		}}
		b.resolve(Input{ID: "in", Side: deal.HubSpot, Image: img})
		b.wantWrites("app:name=Boat")
		if b.last.Writes[0].Op != Create {
			t.Fatal("want a create without the value")
		}
		b.answer(deal.App)
		b.wantStatus(Failing, want[0])
		if b.pair.Message != want[1] {
			t.Errorf("message %q, want %q", b.pair.Message, want[1])
		}
	}
}

func TestAnExistingRecordEndsTheFailedCreate(t *testing.T) { // R15
	t.Parallel()
	b := setup(t)
	b.says(deal.HubSpot, "amount", "1", b.now-90*minute, because(Backfill))
	o := &Outcome{Version: 1, Rejected: true, Code: "already_exists", Message: "Contact already exists", Existing: "app-1"}
	for range 2 { // the second time is a repeat
		b.resolve(Input{ID: "out", Side: deal.App, Outcome: o})
		b.wantStatus(Failing, "already_exists")
		if len(b.last.Refresh) != 1 || b.last.Refresh[0] != (Refresh{deal.App, "app-1", true, "already_exists"}) {
			t.Fatalf("want the existing record read, got %+v", b.last.Refresh)
		}
	}
	b.says(deal.App, "amount", "1", b.now-80*minute, because(Reread))
	b.wantRest()
}
