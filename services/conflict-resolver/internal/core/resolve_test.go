package core

import (
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
)

const minute = 60_000

// pairTest drives one pair by hand. Units hold one field of the same name on
// both sides, but for "stage", whose values translate.
type pairTest struct {
	t      *testing.T
	pair   Pair
	policy Policy
	now    int64
	last   Decision
	rivals map[deal.Side][]Rival
}

func setup(t *testing.T) *pairTest {
	t.Helper()
	return &pairTest{
		t: t, now: 100 * minute, rivals: map[deal.Side][]Rival{},
		policy: Policy{Winner: deal.HubSpot, WindowMs: 5 * minute, SkewMs: 2000, Direction: deal.BothWays},
	}
}

func (b *pairTest) resolve(in Input) Decision {
	b.t.Helper()
	needs := Needs(b.pair, in, b.policy, b.now)
	b.rivals[in.Side] = append(b.rivals[in.Side], needs...)
	var rivals []Rival
	if len(needs) > 0 {
		rivals = b.rivals[in.Side.Other()]
	}
	b.last = Resolve(b.pair, in, rivals, b.policy, b.now)
	b.pair = b.last.Pair
	return b.last
}

type option func(*Image)

func ours(i *Image)                    { i.Origin = deal.Ours }
func unmarked(i *Image)                { i.Origin = deal.UnknownOrigin }
func excluded(reason string) option    { return func(i *Image) { i.Excluded = reason } }
func because(c Cause) option           { return func(i *Image) { i.Cause = c } }
func deleted(i *Image)                 { i.Deleted = true }
func restored(i *Image)                { i.Restored = true }
func untranslatable(i *Image)          { i.Units[0].Other, i.Units[0].Untranslatable = nil, "no such option" }
func value(unit, v string) deal.Fields { return deal.Fields{unit: v} }

// says brings news of one unit of side s, edited at time at.
func (b *pairTest) says(s deal.Side, unit, v string, at int64, opts ...option) Decision {
	b.t.Helper()
	other := v
	if unit == "stage" {
		other = translate(s, unit, v)
	}
	img := &Image{
		Record: s.String() + "-1", Cause: Webhook, Origin: deal.Others, DetectedMs: b.now,
		Units: []UnitValue{{Unit: unit, Changed: true, News: News{Own: value(unit, v), Other: value(unit, other), At: at}}},
	}
	for _, o := range opts {
		o(img)
	}
	return b.resolve(Input{ID: "in", Side: s, Image: img})
}

// answer answers the write in flight to side s; left is what the app made of it.
func (b *pairTest) answer(s deal.Side, left ...string) Decision {
	b.t.Helper()
	f := b.pair.On(s).Flight
	if f == nil {
		b.t.Fatalf("no write to %s is in flight", s)
	}
	b.now += 50
	o := &Outcome{Version: f.Version, Record: s.String() + "-1", SentMs: b.now - 40, AnsweredMs: b.now, Units: f.Units}
	if len(left) > 0 {
		o.Units = []UnitWrite{{Unit: f.Units[0].Unit, Fields: value(f.Units[0].Unit, left[0])}}
	}
	return b.resolve(Input{ID: "out", Side: s, Outcome: o})
}

func (b *pairTest) reject(s deal.Side) Decision {
	b.t.Helper()
	return b.resolve(Input{ID: "out", Side: s, Outcome: &Outcome{
		Version: b.pair.On(s).Flight.Version, Rejected: true, Code: "bad_value", Message: "amount is too large",
	}})
}

// paired makes a pair whose two records hold unit=v since the start.
func (b *pairTest) paired(unit, v string) {
	b.t.Helper()
	b.says(deal.HubSpot, unit, v, b.now-30*minute)
	b.answer(deal.App)
	b.wantRest()
	b.now += 20 * minute
}

// wantWrites checks the last step's writes, as "side:unit=value".
func (b *pairTest) wantWrites(want ...string) {
	b.t.Helper()
	var got []string
	for _, w := range b.last.Writes {
		for _, u := range w.Units {
			got = append(got, w.Side.String()+":"+u.Unit+"="+text(u.Fields))
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		b.t.Fatalf("writes %q, want %q", got, want)
	}
}

func (b *pairTest) wantRest() {
	b.t.Helper()
	if b.pair.Status != InSync || b.pair.HubSpot.Flight != nil || b.pair.App.Flight != nil {
		b.t.Fatalf("status %s, want in_sync with no write in flight", b.pair.Status)
	}
}

func (b *pairTest) wantUnchanged() {
	b.t.Helper()
	if b.last.Changed || len(b.last.Writes)+len(b.last.Refresh) > 0 {
		b.t.Fatalf("the step changed something: %+v", b.last.Tally)
	}
}

func (b *pairTest) wantStatus(s Status, reason string) {
	b.t.Helper()
	if b.pair.Status != s || b.pair.Reason != reason {
		b.t.Fatalf("status %s %q, want %s %q", b.pair.Status, b.pair.Reason, s, reason)
	}
}

// TestR7 tells both orders of arrival of two edits and what both sides hold in
// the end.
func TestR7(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		hubspot, app string
		hubspotAt    int64
		appAt        int64
		winner       deal.Side
		want         string
		conflict     bool
	}{
		{"HubSpot wins inside the window", "10", "20", 0, 1 * minute, deal.HubSpot, "10", true},
		{"HubSpot wins with the later edit too", "10", "20", 1 * minute, 0, deal.HubSpot, "10", true},
		{"the app wins inside the window when the policy says so", "10", "20", 1 * minute, 0, deal.App, "20", true},
		{"exactly five minutes still count", "10", "20", 0, 5 * minute, deal.HubSpot, "10", true},
		{"a millisecond more and the later edit wins", "10", "20", 0, 5*minute + 1, deal.HubSpot, "20", false},
		{"outside the window the later edit wins, whoever made it", "10", "20", 6 * minute, 0, deal.App, "10", false},
		{"edits of the same time are a conflict", "10", "20", 0, 0, deal.App, "20", true},
		{"a blank winner never wipes", "", "20", 1 * minute, 0, deal.HubSpot, "20", true},
		{"a blank loser is filled", "10", "", 0, 1 * minute, deal.HubSpot, "10", true},
		{"outside the window a blank is an edit like any other", "", "20", 6 * minute, 0, deal.HubSpot, "", false},
		{"the same value on both sides is no conflict", "10", "10", 0, 1 * minute, deal.HubSpot, "10", false},
	}
	for _, tt := range tests {
		for _, first := range sides {
			t.Run(tt.name+", "+first.String()+" first", func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				b.policy.Winner = tt.winner
				b.paired("amount", "1")
				start, conflicts := b.now, 0
				b.now += 7 * minute
				for _, s := range []deal.Side{first, first.Other()} {
					v, at := tt.hubspot, tt.hubspotAt
					if s == deal.App {
						v, at = tt.app, tt.appAt
					}
					b.now += 100
					b.says(s, "amount", v, start+at)
					conflicts += len(b.last.Tally.Conflicts)
				}
				for i := 0; b.pair.Status == Pending && i < 4; i++ {
					for _, s := range sides {
						if b.pair.On(s).Flight != nil {
							b.answer(s)
						}
					}
				}
				b.wantRest()
				want := value("amount", tt.want).Fingerprint()
				u := b.pair.Units["amount"]
				if u.HubSpot.Held.Own != want || u.App.Held.Own != want {
					t.Errorf("hubspot and app do not both hold %q", tt.want)
				}
				if (conflicts > 0) != tt.conflict {
					t.Errorf("%d conflict verdicts, want some: %v", conflicts, tt.conflict)
				}
			})
		}
	}
}

func TestR6(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		t.Run("an edit of the receiving side does not travel and stands until the source changes, to "+s.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			source := s.Other()
			if b.policy.Direction = deal.ToApp; s == deal.HubSpot {
				b.policy.Direction = deal.ToHubSpot
			}
			b.says(source, "amount", "1", b.now-30*minute)
			b.answer(s)
			b.now += minute
			b.says(s, "amount", "5", b.now)
			b.wantWrites()
			b.now += 6 * minute
			b.says(source, "amount", "2", b.now)
			b.wantWrites(s.String() + ":amount=2")
			b.answer(s)
			b.now += minute
			b.says(s, "amount", "6", b.now) // inside the window of the source's edit
			b.wantWrites(s.String() + ":amount=2")
		})
	}
}

func TestEchoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(b *pairTest)
	}{
		{"our write coming back changes nothing", func(b *pairTest) {
			b.says(deal.HubSpot, "amount", "2", b.now)
			b.answer(deal.App)
			b.says(deal.App, "amount", "2", b.now, ours)
			b.wantUnchanged()
			b.says(deal.App, "amount", "2", b.now, unmarked)
			b.wantUnchanged()
		}},
		{"a value that the app normalised is our echo", func(b *pairTest) {
			b.says(deal.HubSpot, "amount", "2.0", b.now)
			b.answer(deal.App, "2")
			b.wantRest()
			b.says(deal.App, "amount", "2", b.now, unmarked)
			b.wantUnchanged()
		}},
		{"an echo before the outcome is dropped", func(b *pairTest) {
			b.says(deal.HubSpot, "amount", "2", b.now)
			b.says(deal.App, "amount", "2", b.now, unmarked)
			b.wantUnchanged()
			b.answer(deal.App)
			b.wantRest()
		}},
		{"a normalised echo before the outcome waits for it", func(b *pairTest) {
			b.says(deal.HubSpot, "amount", "2.0", b.now)
			b.says(deal.App, "amount", "2", b.now+10, unmarked)
			b.wantWrites()
			b.answer(deal.App, "2")
			b.wantWrites()
			b.wantRest()
		}},
		{"an unmarked edit before the outcome waits for it and then travels", func(b *pairTest) {
			b.says(deal.HubSpot, "amount", "2", b.now)
			b.now += 10
			b.policy.Winner = deal.App
			b.says(deal.App, "amount", "3", b.now, unmarked)
			b.wantWrites()
			b.answer(deal.App)
			b.wantWrites("hubspot:amount=3", "app:amount=3") // the app may hold either
		}},
		{"a person's edit that crossed our write is written again", func(b *pairTest) {
			b.policy.Winner = deal.App
			b.says(deal.HubSpot, "amount", "2", b.now)
			b.answer(deal.App)
			b.says(deal.App, "amount", "3", b.now-20)
			b.wantWrites("hubspot:amount=3", "app:amount=3")
		}},
		{"a write carried out twice widens what counts as its echo", func(b *pairTest) {
			b.says(deal.HubSpot, "amount", "2", b.now)
			version := b.pair.App.Flight.Version
			b.answer(deal.App)
			b.now += minute
			b.resolve(Input{Side: deal.App, Outcome: &Outcome{Version: version, AnsweredMs: b.now}})
			b.says(deal.App, "amount", "2", b.now, unmarked)
			b.wantUnchanged()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.paired("amount", "1")
			tt.do(b)
		})
	}
}

func TestManyStagesToOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("stage", "B")
	b.says(deal.App, "stage", "1/2", b.now)
	b.wantWrites("hubspot:stage=A")
	b.answer(deal.HubSpot)
	b.wantRest()
	b.now += minute
	b.says(deal.HubSpot, "stage", "A", b.now)
	b.wantWrites() // the app's own stage stays (N4)
	b.now += 10 * minute
	b.says(deal.App, "stage", "1/1", b.now)
	b.wantWrites()
}

func TestWritesInFlight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("amount", "1")
	b.says(deal.HubSpot, "amount", "2", b.now)
	b.wantWrites("app:amount=2")
	for _, v := range []string{"3", "4", "5"} {
		b.now += 10
		b.says(deal.HubSpot, "amount", v, b.now)
		b.wantWrites()
	}
	b.answer(deal.App)
	b.wantWrites("app:amount=5") // a burst is one follow-up write
	b.answer(deal.App)
	b.wantRest()
	if u := b.pair.Units["amount"]; u.App.Pending != nil {
		t.Error("the pair still keeps a value")
	}
}

func TestCreates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.says(deal.HubSpot, "amount", "1", b.now)
	b.wantWrites("app:amount=1")
	if b.last.Writes[0].Op != Create || b.last.Bound != deal.HubSpot {
		t.Fatalf("want one create and the HubSpot record bound, got %+v", b.last)
	}
	b.now += 10
	b.says(deal.HubSpot, "amount", "2", b.now)
	b.wantWrites() // N2: no second create while one is unanswered
	b.says(deal.App, "amount", "1", b.now, ours)
	b.wantUnchanged()
	b.answer(deal.App)
	b.wantWrites("app:amount=2")
	if b.last.Writes[0].Op != Update || b.last.Writes[0].Record != "app-1" {
		t.Errorf("want an update of the created record, got %+v", b.last.Writes[0])
	}
}

func TestR7AValueOlderThanTheCounterpartIsNoRival(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.says(deal.HubSpot, "amount", "1", b.now)
	b.answer(deal.App)
	b.now += minute
	b.says(deal.App, "amount", "2", b.now) // a minute after the deal was made in HubSpot
	b.wantWrites("hubspot:amount=2")
	b.answer(deal.HubSpot)
	b.now += minute
	b.says(deal.HubSpot, "amount", "3", b.now)
	b.answer(deal.App)
	b.now += minute
	b.says(deal.App, "amount", "4", b.now) // now both have been edited within five minutes
	b.wantWrites("app:amount=3")
}

func TestExclusionsAndTombstones(t *testing.T) {
	t.Parallel()
	t.Run("R9: an excluded deal catches up when it comes back", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.paired("amount", "1")
		b.says(deal.HubSpot, "amount", "2", b.now, excluded("stage_not_mapped"))
		b.wantWrites()
		b.wantStatus(Excluded, "stage_not_mapped")
		b.says(deal.HubSpot, "amount", "2", b.now)
		b.wantWrites("app:amount=2")
	})
	t.Run("R9: what the other side edited meanwhile is asked for", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.paired("amount", "1")
		b.says(deal.HubSpot, "amount", "1", b.now-50*minute, excluded("filter"))
		b.says(deal.App, "amount", "7", b.now)
		b.wantWrites()
		b.now += 30 * minute
		b.says(deal.HubSpot, "amount", "1", b.now-80*minute)
		b.wantWrites("hubspot:amount=7")
	})
	t.Run("R9: an image from before the move does not let the deal in again", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.paired("amount", "1")
		b.says(deal.HubSpot, "amount", "2", b.now, excluded("filter"))
		b.says(deal.HubSpot, "amount", "1", b.now-minute)
		b.wantWrites()
		b.wantStatus(Excluded, "filter")
	})
	t.Run("a deal that never was eligible is listed, and not created", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.HubSpot, "amount", "1", b.now, excluded("filter"))
		b.wantWrites()
		b.wantStatus(Excluded, "filter")
	})
	t.Run("a record of the receiving side of a one-way sync makes no pair", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.says(deal.App, "amount", "1", b.now, excluded(mapping.OneWay))
		b.wantUnchanged()
	})
	t.Run("R17: an edit of the survivor never re-creates, and a restore catches up", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.paired("amount", "1")
		b.says(deal.App, "amount", "1", b.now-50*minute, deleted)
		b.wantStatus(Excluded, "deleted_in_app")
		b.says(deal.HubSpot, "amount", "2", b.now)
		b.wantWrites()
		b.says(deal.App, "amount", "1", b.now-50*minute, restored)
		b.wantWrites("app:amount=2")
	})
	t.Run("R17: a write that finds nothing makes a tombstone", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.paired("amount", "1")
		b.says(deal.HubSpot, "amount", "2", b.now)
		b.resolve(Input{Side: deal.App, Outcome: &Outcome{Version: b.pair.App.Flight.Version, Gone: true}})
		b.wantWrites()
		b.wantStatus(Excluded, "deleted_in_app")
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("amount", "1")
	b.says(deal.HubSpot, "amount", "999", b.now)
	b.reject(deal.App)
	b.wantWrites()
	b.wantStatus(Failing, "bad_value")
	b.says(deal.HubSpot, "amount", "999", b.now)
	b.wantWrites() // the same value is not tried again
	b.resolve(Input{ID: "r", Resync: true})
	if len(b.last.Refresh) != 2 || !b.last.Refresh[0].Read {
		t.Fatalf("a resync reads both records, got %+v", b.last.Refresh)
	}
	b.wantWrites("app:amount=999")
	b.reject(deal.App)
	b.now += minute
	b.says(deal.HubSpot, "amount", "9", b.now)
	b.wantWrites("app:amount=9")
	b.answer(deal.App)
	b.wantRest()

	b.now += minute
	b.says(deal.HubSpot, "amount", "odd", b.now, untranslatable)
	b.wantWrites()
	b.wantStatus(Failing, "untranslatable")
}

func TestFirstMatch(t *testing.T) {
	t.Parallel()
	for _, winner := range sides {
		b := setup(t)
		b.policy.Winner = winner
		b.says(deal.HubSpot, "amount", "1", b.now-90*minute, excluded("filter"))
		b.says(deal.HubSpot, "amount", "1", b.now-90*minute, because(Poll))
		if b.pair.App.Flight == nil {
			t.Fatal("want a create in flight")
		}
		b.reject(deal.App) // the counterpart exists already; its image arrives
		met := b.now - 10*minute
		b.says(deal.App, "amount", "2", met)
		if len(b.last.Tally.Conflicts) != 1 || b.last.Tally.Conflicts[0].Winner != winner {
			t.Fatalf("want one conflict won by %s, got %+v", winner, b.last.Tally.Conflicts)
		}
		if winner == deal.App {
			b.wantWrites("hubspot:amount=2")
			continue
		}
		if len(b.last.Writes) == 0 {
			if len(b.last.Refresh) != 1 || b.last.Refresh[0].Side != deal.HubSpot {
				t.Fatalf("the winner's value must be read, got %+v", b.last.Refresh)
			}
			b.says(deal.HubSpot, "amount", "1", b.now-90*minute, because(Reread))
		}
		b.wantWrites("app:amount=1")
		b.answer(deal.App)
		b.says(deal.App, "amount", "2", met, because(Poll))
		b.wantUnchanged() // the loser's old value does not come back
	}
}

func TestTwoSyncsOnOneHubSpotDeal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("amount", "1")
	b.says(deal.HubSpot, "amount", "2", b.now, ours) // written by the other sync
	b.wantWrites("app:amount=2")
}

func TestLostWindow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("amount", "1")
	b.says(deal.HubSpot, "amount", "2", b.now)
	b.answer(deal.App)
	b.now += minute
	b.rivals = map[deal.Side][]Rival{}
	b.says(deal.App, "amount", "3", b.now)
	b.wantWrites()
	if len(b.last.Refresh) != 1 || b.last.Refresh[0].Side != deal.HubSpot || b.last.Refresh[0].Reason != "window_lost" {
		t.Fatalf("want HubSpot's record read, got %+v", b.last.Refresh)
	}
	b.says(deal.HubSpot, "amount", "2", b.now-minute, because(Reread))
	b.wantWrites("app:amount=2")
}

func TestNeedsOnlyNewAndRecentEdits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.paired("amount", "1")
	need := func(v string, at int64) int {
		return len(Needs(b.pair, Input{Side: deal.HubSpot, Image: &Image{Record: "hubspot-1", Units: []UnitValue{
			{Unit: "amount", News: News{Own: value("amount", v), Other: value("amount", v), At: at}},
		}}}, b.policy, b.now))
	}
	if need("2", b.now) != 1 {
		t.Error("a new edit opens a window")
	}
	if need("2", b.now-20*minute) != 0 {
		t.Error("a backfilled value opens none")
	}
	if need("1", b.pair.Units["amount"].HubSpot.Edit.At) != 0 {
		t.Error("a repeat opens none")
	}
}
