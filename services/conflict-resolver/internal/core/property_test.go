package core

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
)

// TestOrderDoesNotMatter: the same edits, in any order of arrival, any number
// of times, one unit at a time or several in one image, end in the same wanted
// values.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := Policy{
			Winner: rapid.SampledFrom(sides[:]).Draw(t, "winner"), WindowMs: 5 * minute, SkewMs: 2000,
			Direction: deal.BothWays, Paused: true, // what is wanted does not depend on what is written
		}
		edits := rapid.SliceOfN(rapid.Custom(drawEdit), 1, 12).Draw(t, "edits")
		one := deliver(t, edits, policy, "one")
		other := deliver(t, edits, policy, "other")
		for _, unit := range simUnits {
			u, v := one.Units[unit], other.Units[unit]
			a := Wanted(u.HubSpot.Edit, u.App.Edit, policy.Winner, policy.WindowMs, 0)
			b := Wanted(v.HubSpot.Edit, v.App.Edit, policy.Winner, policy.WindowMs, 0)
			if a != b {
				t.Fatalf("%s: %+v in one order, %+v in the other", unit, a, b)
			}
		}
	})
}

// TestWantedIsSymmetric: which side is called which does not matter.
func TestWantedIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Edit {
			v := rapid.Uint64Range(0, 3).Draw(t, name)
			return Edit{Own: v, Other: v, At: rapid.Int64Range(0, 12).Draw(t, name+"_at") * minute, Set: true}
		}
		h, a := draw("hubspot"), draw("app")
		one := Wanted(h, a, deal.HubSpot, 5*minute, 0)
		other := Wanted(a, h, deal.App, 5*minute, 0)
		if one.Edit != other.Edit || one.Conflict != other.Conflict {
			t.Fatalf("%+v, mirrored %+v", one, other)
		}
	})
}

type sideEdit struct {
	side deal.Side
	unit string
	val  stamped
}

// drawEdit draws an edit; its time is its own, as no app makes two edits of one
// field in the same millisecond.
func drawEdit(t *rapid.T) sideEdit {
	e := sideEdit{side: rapid.SampledFrom(sides[:]).Draw(t, "side"), unit: rapid.SampledFrom(simUnits).Draw(t, "unit")}
	values := []string{"", "1", "2", "3"}
	if e.unit == "stage" {
		if values = []string{"A", "B"}; e.side == deal.App {
			values = []string{"1/1", "1/2", "1/3"}
		}
	}
	n := rapid.IntRange(0, len(values)-1).Draw(t, "value")
	// The value is a function of the time, so that one time has one value.
	at := rapid.Int64Range(0, 40).Draw(t, "at")
	e.val = stamped{value: values[(n+int(at))%len(values)], at: (at*4+int64(n))*20_000 + 1}
	return e
}

func deliver(t *rapid.T, edits []sideEdit, policy Policy, name string) Pair {
	order := rapid.Permutation(edits).Draw(t, name)
	again := rapid.SliceOfN(rapid.IntRange(0, len(order)-1), 0, 4).Draw(t, name+"_again")
	for _, i := range again {
		order = append(order, order[i])
	}
	// Two records that have met in every unit: rule 6 is about the first meeting only.
	p := Pair{
		Version: 1, HubSpot: PairSide{Record: "hubspot-1", Seen: true}, App: PairSide{Record: "app-1", Seen: true},
		Units: map[string]Unit{},
	}
	for _, unit := range simUnits {
		p.Units[unit] = Unit{HubSpot: UnitSide{Held: Held{Set: true}}, App: UnitSide{Held: Held{Set: true}}}
	}
	for len(order) > 0 {
		batch := rapid.IntRange(1, min(3, len(order))).Draw(t, name+"_batch")
		img := &Image{Record: order[0].side.String() + "-1", Cause: Webhook, Origin: deal.Others}
		n := 0
		for _, e := range order[:batch] {
			if e.side != order[0].side {
				break
			}
			img.Units = append(img.Units, UnitValue{Unit: e.unit, News: unitNews(e.side, e.unit, e.val), Changed: true})
			n++
		}
		p = Resolve(p, Input{Side: order[0].side, Image: img}, nil, policy, 100*minute).Pair
		order = order[n:]
	}
	return p
}
