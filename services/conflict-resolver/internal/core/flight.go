package core

import (
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// recentWrites is how many answered writes of a side are kept to know their
// echoes, beyond the last write of each unit, which is always kept.
const recentWrites = 8

// span is the part of a write that concerns one unit.
type span struct {
	from, until int64
	wrote, left uint64
	ok          bool
}

// has reports whether time t falls into the span, give or take skew.
func (w span) has(t, skew int64) bool { return w.ok && t >= w.from-skew && t <= w.until+skew }

// made reports whether value v is what the write wrote or left.
func (w span) made(v uint64) bool { return w.ok && (v == w.wrote || v == w.left) }

func (s *Sent) span(unit string) span {
	wrote, ok := s.Wrote[unit]
	if !ok {
		return span{}
	}
	left, ok := s.Left[unit]
	if !ok {
		left = wrote
	}
	return span{from: s.From, until: s.Until, wrote: wrote, left: left, ok: true}
}

// last is the latest answered write of a unit.
func (ps *PairSide) last(unit string) span {
	for i := len(ps.Recent) - 1; i >= 0; i-- {
		if w := ps.Recent[i].span(unit); w.ok {
			return w
		}
	}
	return span{}
}

// echoes reports whether value v with edit time t is what one of our answered
// writes made (rule 2).
func (ps *PairSide) echoes(unit string, v uint64, t, skew int64) bool {
	for i := len(ps.Recent) - 1; i >= 0; i-- {
		if w := ps.Recent[i].span(unit); w.made(v) && w.has(t, skew) {
			return true
		}
	}
	return false
}

// remember adds an answered write and drops the oldest that no echo needs: the
// last write of a unit stays, for as long as the side may still hold it. Until
// when writes were dropped is kept, as a late echo could not be told any more.
func (ps *PairSide) remember(s Sent) {
	if len(s.Wrote) == 0 {
		return // associations alone make no echo of a value
	}
	ps.Recent = append(ps.Recent, s)
	for i := 0; len(ps.Recent) > recentWrites && i < len(ps.Recent); i++ {
		old := ps.Recent[i]
		if !superseded(old, ps.Recent[i+1:]) {
			continue
		}
		if ps.Forgotten = maps.Clone(ps.Forgotten); ps.Forgotten == nil {
			ps.Forgotten = map[string]int64{}
		}
		for unit := range old.Wrote {
			ps.Forgotten[unit] = max(ps.Forgotten[unit], old.Until)
		}
		ps.Recent = slices.Delete(ps.Recent, i, i+1)
		i--
	}
}

func superseded(s Sent, later []Sent) bool {
	for unit := range s.Wrote {
		if !slices.ContainsFunc(later, func(l Sent) bool { _, ok := l.Wrote[unit]; return ok }) {
			return false
		}
	}
	return true
}

// Outcome is what became of a write.
type Outcome struct {
	Version    uint64
	Record     string
	Units      []UnitWrite // what the app says the fields hold now
	SentMs     int64
	AnsweredMs int64
	Rejected   bool
	Code       string
	Message    string
	Gone       bool
	// Existing is the record that keeps the app from creating another one.
	Existing string
	// Associated are there now; NotAssociated were refused.
	Associated    []Reference
	NotAssociated []Refusal
}

// answer takes in the outcome of the write in flight (rule 7). An outcome of
// any other write has been taken in before.
func (st *step) answer(o *Outcome) {
	ps := st.p.On(st.in.Side)
	f := ps.Flight
	if f == nil || f.Version != o.Version {
		st.d.Tally.Stale++
		st.repeated(ps, o)
		st.existing(o)
		return
	}
	ps.Flight, st.answered, st.changed = nil, f, true
	switch {
	case o.Gone:
		st.failed(f)
		ps.remember(st.sent(f, o)) // an earlier try may have been carried out
		if f.Op == Create || f.Record == ps.Record {
			st.gone(ps)
		}
	case o.Rejected:
		st.failed(f)
		st.rejected(f, o)
	default:
		st.written(ps, f, o)
	}
	for _, name := range st.p.unitNames() {
		st.judgeAside(name)
	}
}

// repeated takes in that an answered write was carried out once more: its span
// grows, and an edit that is known since may have been overwritten.
func (st *step) repeated(ps *PairSide, o *Outcome) {
	i := slices.IndexFunc(ps.Recent, func(s Sent) bool { return s.Version == o.Version })
	if i < 0 || o.Rejected || o.Gone || o.AnsweredMs <= ps.Recent[i].Until {
		return
	}
	was := ps.Recent[i].Until
	ps.Recent[i].Until, st.changed = o.AnsweredMs, true
	for unit := range ps.Recent[i].Wrote {
		w := ps.Recent[i].span(unit)
		st.edit(unit, func(u *Unit) {
			h := &u.On(st.in.Side).Held
			switch {
			case h.At == was && h.Own == w.left:
				h.At = w.until
			case !w.made(h.Own):
				h.Unsure = true
			}
		})
	}
}

// failed makes what the side holds unsure: it may have been so before the write.
func (st *step) failed(f *Write) {
	for _, w := range f.Units {
		st.edit(w.Unit, func(u *Unit) { u.On(f.Side).Held.Unsure = true })
	}
}

func (st *step) gone(ps *PairSide) {
	if !ps.Deleted {
		ps.Deleted, ps.Excluded, ps.Detail = true, deletedIn(st.in.Side), "the app says the record does not exist"
		st.tell(Entry{Event: "deleted", Side: st.in.Side, Record: ps.Record, Reason: "gone"})
	}
}

// rejected leaves what was known and remembers the refused values, so that they
// are not tried again before something changes. Associations that went with
// them are tried once more on their own.
func (st *step) rejected(f *Write, o *Outcome) {
	if len(f.Units) == 0 {
		for _, r := range f.Associate {
			st.refuseAssociation(st.p.On(f.Side), Refusal{Reference: r, Code: o.Code, Message: o.Message})
			st.tellAssociation(f.Side, "not_associated", r, o.Code, o.Message)
		}
		return
	}
	for _, w := range f.Units {
		st.mark(st.in.Side, w.Unit, w.Fields.Fingerprint())
	}
	st.p.Reason, st.p.Message = o.Code, o.Message
	st.tell(Entry{Event: "rejected", Side: st.in.Side, Reason: o.Code, Value: o.Message, Record: o.Record})
	st.existing(o)
}

// existing has the record read that kept the app from creating another one: as
// soon as it is known it can be matched, and its image ends the failure (R15).
func (st *step) existing(o *Outcome) {
	if o.Existing == "" || st.p.On(st.in.Side).Record != "" {
		return
	}
	st.d.Refresh = append(st.d.Refresh, Refresh{Side: st.in.Side, Record: o.Existing, Read: true, Reason: "already_exists"})
}

func (st *step) written(ps *PairSide, f *Write, o *Outcome) {
	s := st.sent(f, o)
	if f.Op == Create {
		ps.Record, ps.MadeMs, ps.MadeUntilMs = o.Record, f.DecidedMs, s.Until
	}
	for unit := range s.Wrote {
		st.edit(unit, func(u *Unit) { u.On(st.in.Side).settle(s.span(unit), st.policy.SkewMs) })
		delete(st.p.Rejected, markKey(st.in.Side, unit))
	}
	ps.remember(s)
	if f.Op == Update && f.Record != ps.Record { // merged away meanwhile: the survivor may hold something else
		st.failed(f)
	}
	if len(f.Units) > 0 {
		st.tell(Entry{Event: "written", Side: st.in.Side, Record: ps.Record})
	}
	st.associated(ps, f, o)
}

// sent is what is kept of an answered write.
func (st *step) sent(f *Write, o *Outcome) Sent {
	s := Sent{
		Version: f.Version, From: f.DecidedMs, Until: o.AnsweredMs,
		Wrote: make(map[string]uint64, len(f.Units)), Left: map[string]uint64{},
	}
	if s.Until == 0 {
		s.Until = st.now
	}
	if o.SentMs > 0 {
		s.From = min(s.From, o.SentMs)
	}
	for _, w := range f.Units {
		s.Wrote[w.Unit] = w.Fields.Fingerprint()
		if left := leftBy(w, o).Fingerprint(); left != s.Wrote[w.Unit] {
			s.Left[w.Unit] = left
		}
	}
	return s
}

// leftBy is what the app says a unit holds after the write; a field that it
// does not tell is taken to hold what was written.
func leftBy(w UnitWrite, o *Outcome) deal.Fields {
	for _, u := range o.Units {
		if u.Unit == w.Unit {
			left := maps.Clone(w.Fields)
			maps.Copy(left, u.Fields)
			return left
		}
	}
	return w.Fields
}

// settle says what a side holds after our write. An edit that became known
// while the write was under way (Held.Unsure, see accept) may have come before
// or after it; an edit known before the write was decided certainly came before.
func (us *UnitSide) settle(w span, skew int64) {
	crossed := us.Held.Unsure && us.Edit.Set && !w.made(us.Edit.Own)
	us.Held = Held{Own: w.left, At: w.until, Set: true}
	switch {
	case !crossed || us.Edit.At < w.from-skew:
	case us.Edit.At > w.until+skew:
		us.Held.Own, us.Held.At = us.Edit.Own, us.Edit.At
	default:
		us.Held.Unsure = true
	}
}
