// Package core decides which pair a record belongs to: by its link, by the
// records that were merged into it, by the pair id that it carries, or by the
// record of the other side that it matches. It knows nothing of how pairs and
// links are kept, and maps no values (libs/mapping does).
package core

import (
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
)

// Pair is a pair seen from one of its sides.
type Pair struct {
	ID          string
	Here, There End
	// Into is the pair in whose favour this one has ended; empty: it lives.
	Into string
}

// End is one side of a pair.
type End struct {
	Record  string
	Deleted bool
	// Flight: a write to this side is unanswered.
	Flight bool
	// Held: the record may not be paired yet.
	Held bool
}

// Whole reports whether the pair has a record on the other side.
func (p *Pair) Whole() bool { return p != nil && p.There.Record != "" }

// Counterpart is the record on the other side, unless it was deleted.
func (p *Pair) Counterpart() string {
	if p == nil || p.There.Deleted {
		return ""
	}
	return p.There.Record
}

// Settled reports whether a record of the pair needs no matching: it has a
// counterpart, or one is being created.
func (p *Pair) Settled() bool { return p.Whole() || p != nil && p.There.Flight }

// Waits reports whether a record that carries the pair's id belongs to it: the
// pair waits for a record on this side, or has this one. A person's copy of a
// record that we created carries the id too, but that pair has its record, so
// the copy begins a pair of its own (N2).
func (p *Pair) Waits(record string) bool {
	return p != nil && (p.Here.Record == "" || p.Here.Record == record)
}

// Survivor picks the pair of a record that others were merged into, of the pairs
// of those (R17): the first that is whole, else the first. nil when there is none.
func Survivor(pairs []*Pair) *Pair {
	for _, p := range pairs {
		if p.Whole() && !p.There.Deleted {
			return p
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	return pairs[0]
}

// StateOf tells the state of a record that is linked to a pair. nil is a pair
// that is not stored yet.
func StateOf(p *Pair) match.State {
	switch {
	case p == nil || p.Into != "":
		return match.Busy
	case p.Whole() && p.There.Deleted:
		return match.Bereft
	case p.Whole():
		return match.Taken
	case p.There.Flight:
		return match.Busy
	default:
		return match.Free
	}
}

// StateFor tells the state of a record that leads to pair p, for a record that
// has the pair mine. A record that is on its way to mine, as its own pair has
// folded, is nobody else's: once its link has moved there, mine may name it as
// its counterpart.
func StateFor(p *Pair, link, mine string) match.State {
	switch {
	case p == nil || p.ID != mine || p.Here.Record != "" || p.Here.Flight:
		return StateOf(p)
	case link != "" && link != mine:
		return match.Busy
	default:
		return match.Free
	}
}

// Self is a record that has found its counterpart, and the pair that it has so
// far; empty when it has none.
type Self struct {
	Side         deal.Side
	Record, Pair string
}

// Match is the counterpart that a record has found.
type Match struct {
	Record, Pair string
	// Held: the counterpart's pair is held, until it hears of the match.
	Held bool
}

// Place is where a record belongs that has found its counterpart.
type Place struct {
	// Pair is the pair to send the record's image to.
	Pair string
	// FoldInto is the pair to which the record's own pair gives way.
	FoldInto string
	// Wake: the counterpart must be looked at again.
	Wake bool
	// Wait: nothing can be sent before the counterpart's pair has given way.
	Wait bool
}

// Join says to which pair two records belong that match. Both come to the same
// answer: where one of them has a pair, that one; where both have, HubSpot's
// record keeps its own; where none has, the pair that HubSpot's record begins.
func Join(workspace, sync string, me Self, with Match) Place {
	switch {
	case me.Pair == "" && with.Pair == "":
		hubspot := me.Record
		if me.Side == deal.App {
			hubspot = with.Record
		}
		return Place{Pair: deal.PairID(workspace, sync, deal.HubSpot, hubspot)}
	case with.Pair == "" || with.Pair == me.Pair:
		return Place{Pair: me.Pair}
	case me.Pair == "":
		return Place{Pair: with.Pair, Wake: with.Held}
	case me.Side == deal.App:
		return Place{Pair: me.Pair, FoldInto: with.Pair, Wake: true}
	default:
		return Place{Pair: me.Pair, Wake: true, Wait: true}
	}
}
