// Package suggest proposes what belongs together: stages, fields and picklist
// options of two apps, by what people called them (R8, R12). It knows English
// and German. It decides nothing: a proposal has a score and a reason, nothing
// is proposed rather than something doubtful, and no item is proposed twice.
package suggest

import (
	"cmp"
	"math"
	"slices"
)

// Item is one stage, field or option of a side.
type Item struct {
	ID, Label string
	// Outcome of a stage.
	Outcome Outcome
}

// name is what people call the item; its id where it has no label.
func (i *Item) name() string { return cmp.Or(i.Label, i.ID) }

// Outcome is how a stage leaves a deal.
type Outcome uint8

// Outcomes.
const (
	Open Outcome = iota
	Won
	Lost
)

// Pair is a proposal: indexes of the two items, how sure it is (0 to 1), and why.
type Pair struct {
	HubSpot, App int
	Score        float64
	Reason       string
}

// Result is what is proposed, in HubSpot's order, and what is left over.
type Result struct {
	Pairs        []Pair
	HubSpot, App []int
}

// Sum is how much the result is worth beside another one: all scores together.
func (r *Result) Sum() (sum float64) {
	for _, p := range r.Pairs {
		sum += p.Score
	}
	return sum
}

// threshold is the least score that is proposed: rather nothing than something
// doubtful. The labelled set leaves a margin, down to 0.35 it finds the same.
const threshold = 0.6

// tieBreak is what the position in the list may add to a score: enough to choose
// between equals, never enough to make a proposal.
const tieBreak = 0.02

// rate scores two items; allowed is false when they can't belong together
// whatever they are called.
type rate func(h, a int) (score float64, reason string, allowed bool)

// choose takes the best pairs one after the other, each item once.
func choose(hubspot, app int, score rate) Result {
	var all []candidate
	for h := range hubspot {
		for a := range app {
			s, reason, ok := score(h, a)
			if !ok || s < threshold {
				continue
			}
			place := math.Abs(place(h, hubspot) - place(a, app))
			all = append(all, candidate{Pair{h, a, min(s, 1), reason}, s + tieBreak*(1-place)})
		}
	}
	slices.SortStableFunc(all, func(x, y candidate) int { return cmp.Compare(y.rank, x.rank) })
	var r Result
	takenH, takenA := make([]bool, hubspot), make([]bool, app)
	for _, c := range all {
		if !takenH[c.HubSpot] && !takenA[c.App] {
			takenH[c.HubSpot], takenA[c.App] = true, true
			r.Pairs = append(r.Pairs, c.Pair)
		}
	}
	slices.SortFunc(r.Pairs, func(x, y Pair) int { return cmp.Compare(x.HubSpot, y.HubSpot) })
	r.HubSpot, r.App = left(takenH), left(takenA)
	return r
}

type candidate struct {
	Pair
	rank float64
}

// place is where an item stands in its list, 0 to 1.
func place(i, n int) float64 {
	if n < 2 {
		return 0
	}
	return float64(i) / float64(n-1)
}

func left(taken []bool) (indexes []int) {
	for i, t := range taken {
		if !t {
			indexes = append(indexes, i)
		}
	}
	return indexes
}
