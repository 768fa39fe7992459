// Package core decides what becomes of news about a pair: which edit stands,
// which side must be written, and what is told about it. It compares states
// and never replays events, so the order in which news arrives cannot change
// the result. It does no I/O, knows no clock and keeps nothing: state, news,
// policy and time come in, a decision goes out.
//
// All times are Unix milliseconds; all values are in canonical form.
package core

import (
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// Untranslatable is the fingerprint of a value that has no counterpart in the
// other side's terms. Nothing ever holds it.
const Untranslatable = ^uint64(0)

// Pair is all that is known of two records under one sync.
type Pair struct {
	Sync string
	// Version counts the stored steps; 0 is a pair that was never stored.
	Version   uint64
	HubSpot   PairSide
	App       PairSide
	Units     map[string]Unit
	Status    Status
	Reason    string
	Message   string
	Rejected  map[string]uint64 // by markKey: values that a side refused
	Journal   []Entry           // what the last step told
	LastInput string            // id of the input of the last step
	CreatedMs int64
	UpdatedMs int64
	BornOn    deal.Side
	// FoldedInto is the pair in whose favour this one has ended.
	FoldedInto string
}

// PairSide is a pair's record on one side.
type PairSide struct {
	Record   string
	Title    string
	Excluded string // reason, empty when eligible
	Detail   string
	Deleted  bool
	Seen     bool   // an image of this record has been taken in
	Hold     string // reason why the record must not be paired yet, empty when it may
	// HoldDetail is that reason in words.
	HoldDetail string
	MadeMs     int64 // when our create of this record was decided; 0 when it is not ours
	// MadeUntilMs is when that create was answered.
	MadeUntilMs int64
	Flight      *Write // the one unanswered write to this side
	Recent      []Sent // answered writes, oldest first
	// Forgotten says until when a unit's writes have been dropped from Recent.
	Forgotten map[string]int64
	// AskedMs is when the record was asked to be read; 0 when no answer is awaited.
	// Only that answer shows for certain what the record holds: an offer of its copy
	// may be behind our own last write.
	AskedMs int64
	// Formerly are records that this side had before they were merged away.
	Formerly []string
	// Associations are those that the record is known to have, of the objects
	// that images have Told; Associate are those that it shall have and lacks as
	// far as is known; Refused are those that it does not get.
	Associations, Associate []Reference
	Refused                 []Refusal
	Told                    []string
}

// heard reports whether the side's values are known: a counterpart that was
// claimed because it matches is only heard of in its first image.
func (ps *PairSide) heard() bool { return ps.Record == "" || ps.Seen || ps.MadeMs > 0 }

// Unit is one field mapping line of a pair.
type Unit struct {
	HubSpot UnitSide
	App     UnitSide
}

// UnitSide is what is known of a unit on one side.
type UnitSide struct {
	Edit  Edit
	Held  Held
	Aside *News
	// Pending is a wanted value, in this side's terms, that waits for the write
	// in flight.
	Pending deal.Fields
}

// Edit is the last edit by anyone but us: fingerprints in the editing side's
// own terms and in the other side's. An edit that is not Set but has a time is
// a bar: edits up to then do not count (first match, rule 6).
type Edit struct {
	Own, Other uint64
	At         int64
	Set        bool
}

// Held is what a side holds now, in its own terms, as far as is known.
type Held struct {
	Own    uint64
	At     int64
	Unsure bool // an edit and a write of ours crossed: nobody knows which came last
	Set    bool
}

// News is a value and its edit time. Other is nil when it has no translation.
type News struct {
	Own, Other deal.Fields
	At         int64
}

// Op is what a write does.
type Op uint8

// Operations.
const (
	Create Op = iota + 1
	Update
)

// Write is one intended write of one side.
type Write struct {
	Side      deal.Side
	Op        Op
	Record    string // empty for a create
	Units     []UnitWrite
	Associate []Reference
	Version   uint64
	DecidedMs int64
	OriginMs  int64 // when the news that led here was first noticed
	Bulk      bool
}

// UnitWrite is one unit's part of a write, in the written side's terms.
type UnitWrite struct {
	Unit   string
	Fields deal.Fields
}

// Sent is an answered write, kept to know its echo. It was under way from From
// (decided: a try whose answer was lost may have been early) to Until.
type Sent struct {
	Version     uint64
	From, Until int64
	Wrote, Left map[string]uint64
}

// Status is a pair's status for people.
type Status string

// Statuses (spec.md, record status).
const (
	InSync   Status = "in_sync"
	Pending  Status = "pending"
	Failing  Status = "failing"
	Excluded Status = "excluded"
)

var sides = [...]deal.Side{deal.HubSpot, deal.App}

// On is the pair's record on side s.
func (p *Pair) On(s deal.Side) *PairSide {
	if s == deal.App {
		return &p.App
	}
	return &p.HubSpot
}

// madeMs is when we decided to make the pair's counterpart; 0 when both records
// are people's. It is known from the decision on, so that verdicts do not change
// with the outcome.
func (p *Pair) madeMs() int64 {
	for _, s := range sides {
		if f := p.On(s).Flight; f != nil && f.Op == Create {
			return f.DecidedMs
		}
	}
	return max(p.HubSpot.MadeMs, p.App.MadeMs)
}

// On is what is known of the unit on side s.
func (u *Unit) On(s deal.Side) *UnitSide {
	if s == deal.App {
		return &u.App
	}
	return &u.HubSpot
}

// unitNames are the names of all units, sorted.
func (p *Pair) unitNames() []string { return slices.Sorted(maps.Keys(p.Units)) }

// clone copies what a step may change; field values are shared and never changed.
func (p Pair) clone() Pair {
	p.Units = maps.Clone(p.Units)
	if p.Units == nil {
		p.Units = map[string]Unit{}
	}
	p.Rejected = maps.Clone(p.Rejected)
	p.HubSpot.Recent = slices.Clone(p.HubSpot.Recent)
	p.App.Recent = slices.Clone(p.App.Recent)
	return p
}

// fields is the unit's part of a write; nil when it has none or w is nil.
func (w *Write) fields(unit string) deal.Fields {
	if w == nil {
		return nil
	}
	for _, u := range w.Units {
		if u.Unit == unit {
			return u.Fields
		}
	}
	return nil
}

// translated is the fingerprint of a value in the other side's terms.
func translated(other deal.Fields) uint64 {
	if len(other) == 0 {
		return Untranslatable
	}
	return other.Fingerprint()
}

func markKey(s deal.Side, unit string) string { return s.String() + "/" + unit }
