package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
	"github.com/dealsync/dealsync/services/mapper/internal/core"
)

func TestARecordThatCarriesAPairsIDBelongsToItOnlyIfThePairWaits_N2(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pair *core.Pair
		want bool
	}{
		{"no such pair", nil, false},
		{"the pair waits for a record", &core.Pair{}, true},
		{"the pair has this record", &core.Pair{Here: core.End{Record: "1"}}, true},
		{"the pair has another record", &core.Pair{Here: core.End{Record: "2"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.pair.Waits("1"); got != tt.want {
				t.Errorf("Waits = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestR17ASurvivorTakesTheFirstWholePairOfThoseMergedIntoIt(t *testing.T) {
	t.Parallel()
	lone := &core.Pair{ID: "lone"}
	whole := &core.Pair{ID: "whole", There: core.End{Record: "7"}}
	bereft := &core.Pair{ID: "bereft", There: core.End{Record: "8", Deleted: true}}
	tests := []struct {
		name  string
		pairs []*core.Pair
		want  *core.Pair
	}{
		{"none has a pair", nil, nil},
		{"the whole one", []*core.Pair{lone, bereft, whole}, whole},
		{"else the first", []*core.Pair{lone, bereft}, lone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := core.Survivor(tt.pairs); got != tt.want {
				t.Errorf("survivor = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestR15ARecordOnItsWayToMyPairIsMine(t *testing.T) {
	t.Parallel()
	empty := &core.Pair{ID: "mine", There: core.End{Record: "me"}}
	tests := []struct {
		name string
		pair *core.Pair
		link string
		want match.State
	}{
		{"its link has moved to mine", empty, "mine", match.Free},
		{"it carries the id of mine", empty, "", match.Free},
		{"its link is still at the pair that has folded", empty, "folded", match.Busy},
		{"mine has another record", &core.Pair{ID: "mine", Here: core.End{Record: "1"}, There: core.End{Record: "me"}}, "mine", match.Taken},
		{"its pair waits for somebody else's record", &core.Pair{ID: "theirs", There: core.End{Record: "7"}}, "theirs", match.Taken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := core.StateFor(tt.pair, tt.link, "mine"); got != tt.want {
				t.Errorf("StateFor = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestR15AnUnlinkedOrLoneRecordIsFree(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		pair    *core.Pair
		want    match.State
		settled bool
	}{
		{"the pair is not stored yet", nil, match.Busy, false},
		{"the pair has just ended", &core.Pair{Into: "x"}, match.Busy, false},
		{"no counterpart", &core.Pair{Here: core.End{Record: "1"}}, match.Free, false},
		{"held", &core.Pair{Here: core.End{Record: "1", Held: true}}, match.Free, false},
		{"a counterpart is being created", &core.Pair{There: core.End{Flight: true}}, match.Busy, true},
		{"a counterpart", &core.Pair{There: core.End{Record: "7"}}, match.Taken, true},
		{"a counterpart that is being written", &core.Pair{There: core.End{Record: "7", Flight: true}}, match.Taken, true},
		{"the counterpart was deleted", &core.Pair{There: core.End{Record: "7", Deleted: true}}, match.Bereft, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := core.StateOf(tt.pair); got != tt.want {
				t.Errorf("state = %d, want %d", got, tt.want)
			}
			if got := tt.pair.Settled(); got != tt.settled {
				t.Errorf("settled = %v, want %v", got, tt.settled)
			}
		})
	}
}

func TestR15TwoThatMatchMeetInOnePair(t *testing.T) {
	t.Parallel()
	own := deal.PairID("acme", "contacts", deal.HubSpot, "900")
	hubspot := func(pair string) core.Self { return core.Self{Side: deal.HubSpot, Record: "900", Pair: pair} }
	app := func(pair string) core.Self { return core.Self{Side: deal.App, Record: "42", Pair: pair} }
	tests := []struct {
		name string
		me   core.Self
		with core.Match
		want core.Place
	}{
		{"neither has a pair, seen from HubSpot", hubspot(""), core.Match{Record: "42"}, core.Place{Pair: own}},
		{"neither has a pair, seen from the app", app(""), core.Match{Record: "900"}, core.Place{Pair: own}},
		{"the counterpart has a pair", hubspot(""), core.Match{Record: "42", Pair: "a"}, core.Place{Pair: "a"}},
		{"the counterpart is held", app(""), core.Match{Record: "900", Pair: "h", Held: true}, core.Place{Pair: "h", Wake: true}},
		{"this one has a pair", app("a"), core.Match{Record: "900"}, core.Place{Pair: "a"}},
		{"both are claimed for one pair already", app("a"), core.Match{Record: "900", Pair: "a"}, core.Place{Pair: "a"}},
		{"both have pairs, seen from the app", app("a"), core.Match{Record: "900", Pair: "h"}, core.Place{Pair: "a", FoldInto: "h", Wake: true}},
		{"both have pairs, seen from HubSpot", hubspot("h"), core.Match{Record: "42", Pair: "a"}, core.Place{Pair: "h", Wake: true, Wait: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, core.Join("acme", "contacts", tt.me, tt.with)); diff != "" {
				t.Errorf("place (-want +got):\n%s", diff)
			}
		})
	}
}

func TestR15BothOfTwoThatMatchComeToTheSamePair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.SampledFrom([]string{"", "x", "y"})
		h := core.Self{Side: deal.HubSpot, Record: "900", Pair: pair.Draw(t, "hubspot's pair")}
		a := core.Self{Side: deal.App, Record: "42", Pair: pair.Draw(t, "app's pair")}
		fromH := core.Join("acme", "contacts", h, core.Match{Record: a.Record, Pair: a.Pair})
		fromA := core.Join("acme", "contacts", a, core.Match{Record: h.Record, Pair: h.Pair})
		end := func(p core.Place) string {
			if p.FoldInto != "" {
				return p.FoldInto
			}
			return p.Pair
		}
		if end(fromH) != end(fromA) {
			t.Fatalf("HubSpot's record goes to %+v, the app's to %+v", fromH, fromA)
		}
	})
}
