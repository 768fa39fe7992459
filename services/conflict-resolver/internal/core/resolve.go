package core

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// Input is one thing that the pair's owner hears: exactly one of Image, Outcome
// and Resync. Side is where it comes from; a resync has none.
type Input struct {
	ID      string
	Side    deal.Side
	Image   *Image
	Outcome *Outcome
	Resync  bool
	// Elsewhere is the pair that has the record which Claims names; empty when
	// this pair has it.
	Elsewhere string
	// Bulk input leads to bulk writes.
	Bulk bool
}

// Rival is an edit of the other side that is still in its window, with values.
type Rival struct {
	Unit string
	News
}

// Refresh asks for a record to be offered again, or to be read anew.
type Refresh struct {
	Side   deal.Side
	Record string
	Read   bool
	Reason string
}

// Decision is what an input leads to.
type Decision struct {
	Pair Pair
	// Changed: Pair must be stored before anything else is done.
	Changed bool
	// Foreign: the image is of another record than the pair's on that side, or of
	// one that belongs to another pair now.
	Foreign bool
	// FoldInto is the pair that the image's record belongs to; this one has ended.
	FoldInto string
	// Bound is the side whose record has just become known through an image.
	Bound   deal.Side
	Writes  []Write
	Journal []Entry
	Refresh []Refresh
	Tally   Tally
}

// Tally counts what an input turned out to be, for metrics and logs.
type Tally struct {
	Edits, Echoes, Asides, Stale int
	Conflicts                    []Conflict
	// Excluded is the reason that this step has newly set.
	Excluded string
}

// Conflict is one verdict of R7.
type Conflict struct {
	Unit   string
	Winner deal.Side
	Reason string
}

type heard struct {
	unit string
	News
}

// step is one Resolve under way.
type step struct {
	p        Pair
	in       Input
	rivals   []Rival
	policy   Policy
	now      int64
	changed  bool
	answered *Write  // the write that this step's outcome was about
	met      bool    // two existing records meet in this step
	accepted []heard // news that became edits in this step
	open     bool    // a side does not hold what stands
	d        Decision
}

// Resolve takes one input in. p is not changed. The result does not depend on
// the order of inputs, and an input that says nothing new changes nothing.
func Resolve(p Pair, in Input, rivals []Rival, policy Policy, now int64) Decision {
	st := &step{p: p.clone(), in: in, rivals: rivals, policy: policy, now: now}
	if !st.take() {
		st.d.Pair = p
		return st.d
	}
	if st.p.FoldedInto == "" {
		st.verdicts()
		st.lost()
		for _, s := range sides {
			st.reconcile(s)
		}
	}
	return st.finish()
}

// Needs are the edits that in would make and that may meet a rival: their
// windows must be exchanged before Resolve. An old edit needs it only when the
// other side's last edit may still be in its window; a backfill, an echo and a
// repeat never do.
func Needs(p Pair, in Input, policy Policy, now int64) []Rival {
	st := &step{p: p.clone(), in: in, policy: policy, now: now}
	if !st.take() {
		return nil
	}
	var edits []Rival
	for _, h := range st.accepted {
		u := st.p.Units[h.unit]
		rival := u.On(in.Side.Other()).Edit
		if h.At >= now-policy.WindowMs-policy.SkewMs || rival.Set && rival.At >= now-policy.WindowLife() {
			edits = append(edits, Rival{Unit: h.unit, News: h.News})
		}
	}
	return edits
}

// wanted is the choice for a unit as the step knows it.
func (st *step) wanted(unit string) Choice {
	u := st.p.Units[unit]
	made := st.p.madeMs()
	if made > 0 {
		made += st.policy.SkewMs
	}
	return Wanted(u.HubSpot.Edit, u.App.Edit, st.policy.winner(st.policy.unit(unit)), st.policy.WindowMs, made)
}

// take takes the input into the pair; false when there is nothing to resolve.
func (st *step) take() bool {
	switch {
	case st.in.Image != nil:
		return st.image(st.in.Image)
	case st.p.Version == 0 || st.p.FoldedInto != "":
		// A pair that is not kept has no writes to answer and nothing to resync.
		return false
	case st.in.Outcome != nil:
		st.answer(st.in.Outcome)
	case st.in.Resync:
		st.resync()
	}
	return true
}

// resync forgets refused values and has both records read anew; what they hold
// is then compared with what is known (compare).
func (st *step) resync() {
	if len(st.p.Rejected) > 0 {
		clear(st.p.Rejected)
		st.changed = true
	}
	for _, s := range sides {
		st.unrefuse(st.p.On(s), func(r Refusal) bool { return r.Code != Removed })
		st.ask(s, true, "resync")
	}
}

// verdicts tells this step's edits and the conflicts that they make.
func (st *step) verdicts() {
	for _, h := range st.accepted {
		if st.d.Bound == deal.NoSide && !st.met {
			st.tell(Entry{Event: "edit", Side: st.in.Side, Unit: h.unit, Value: text(h.Own), EditedMs: h.At})
		}
		if c := st.wanted(h.unit); c.Conflict {
			st.conflict(h.unit, c, "window")
		}
	}
}

// finish gives the step its version and the pair its status.
func (st *step) finish() Decision {
	if st.reread(st.in.Side) && !slices.ContainsFunc(st.d.Refresh, func(r Refresh) bool { return r.Side == st.in.Side && r.Read }) {
		st.p.On(st.in.Side).AskedMs, st.changed = 0, true
	}
	st.setStatus()
	st.d.Changed, st.d.Pair = st.changed, st.p
	if !st.changed {
		st.d.Journal = nil
		return st.d
	}
	p := &st.d.Pair
	p.Version++
	p.UpdatedMs, p.LastInput = st.now, st.in.ID
	for i := range st.d.Journal {
		st.d.Journal[i].Version = p.Version
	}
	p.Journal = st.d.Journal
	return st.d
}

// edit changes one unit.
func (st *step) edit(unit string, change func(*Unit)) {
	u := st.p.Units[unit]
	change(&u)
	st.p.Units[unit] = u
	st.changed = true
}

// ask requests a refresh of side s's record, once.
func (st *step) ask(s deal.Side, read bool, reason string) {
	ps := st.p.On(s)
	if ps.Record == "" || ps.Deleted {
		return
	}
	if read && ps.AskedMs == 0 {
		ps.AskedMs, st.changed = st.now, true
	}
	for i, r := range st.d.Refresh {
		if r.Side == s {
			st.d.Refresh[i].Read = r.Read || read
			return
		}
	}
	st.d.Refresh = append(st.d.Refresh, Refresh{Side: s, Record: ps.Record, Read: read, Reason: reason})
}

func (st *step) count(v verdict, touched bool) {
	switch v {
	case edit:
		st.d.Tally.Edits++
	case aside:
		st.d.Tally.Asides++
	case stale:
		st.d.Tally.Stale++
	case echo:
		if touched {
			st.d.Tally.Echoes++
		}
	}
}
