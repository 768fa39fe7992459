package core

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/match"
)

// Claim is a record that an input wants for its pair.
type Claim struct {
	Side   deal.Side
	Record string
}

// Claims is the record, beside the image's own, that in wants for the pair: the
// survivor of a merge, or the counterpart that matches. Its link must be claimed
// before Resolve, which is told who has it (Input.Elsewhere).
func Claims(p Pair, in Input) (Claim, bool) {
	if in.Image == nil || p.FoldedInto != "" {
		return Claim{}, false
	}
	if survivor := p.On(in.Side).survivor(in.Image); survivor != "" {
		return Claim{in.Side, survivor}, true
	}
	if p.matches(in.Side, in.Image) {
		return Claim{in.Side.Other(), in.Image.Counterpart}, true
	}
	return Claim{}, false
}

func (st *step) image(img *Image) bool {
	s := st.in.Side
	ps := st.p.On(s)
	switch {
	case st.p.Version == 0 && (img.Deleted || img.Excluded == mapping.OneWay):
		st.d.Tally.Excluded = img.Excluded
		return false
	case st.p.FoldedInto != "":
		st.d.Foreign = true
		return false
	case img.FoldInto != "" && st.fold(ps, img):
		return st.p.Version > 0
	}
	if survivor := ps.survivor(img); survivor != "" && !st.merge(ps, img, survivor) {
		return true
	}
	if ps.Record != "" && ps.Record != img.Record {
		return st.other(ps, img)
	}
	if st.crossed(ps, img) {
		return st.p.Version > 0
	}
	st.bind(ps, img)
	if ps.Record == img.Record {
		st.formerly(ps, img.MergedFrom...)
		st.succeed(ps, img)
	}
	st.eligible(ps, img)
	if !st.counterpart(img) {
		st.hold(ps, img, img.Hold, img.HoldDetail)
	}
	for i := range img.Units {
		st.hear(&img.Units[i])
	}
	st.hearAssociations(img)
	if st.met {
		st.match()
	}
	if st.changed && img.Title != "" {
		ps.Title = img.Title
	}
	return true
}

// other takes in news of a record that is not the pair's: late news of one that
// was merged away says nothing, and any other belongs elsewhere.
func (st *step) other(ps *PairSide, img *Image) bool {
	if !slices.Contains(ps.Formerly, img.Record) {
		st.d.Foreign = true
		return false
	}
	st.d.Tally.Stale++
	if img.MergedInto == ps.Record { // perhaps the step that moved the pair comes again
		st.ask(st.in.Side, true, merged)
	}
	return false
}

// crossed finds out about a record that matches, of which we heard when a create
// in its place was on its way already. It is no pair's: what the create makes is
// another one. So it is looked at again; the mapper waits for the create.
func (st *step) crossed(ps *PairSide, img *Image) bool {
	if img.Counterpart == "" || ps.Record != "" || ps.Flight == nil {
		return false
	}
	st.d.Refresh = append(st.d.Refresh, Refresh{Side: st.in.Side, Record: img.Record, Reason: "matched"})
	return true
}

// bind makes the image's record the pair's on that side, and finds out whether
// two existing records meet here for the first time. While a create is in flight
// its outcome will name the record.
func (st *step) bind(ps *PairSide, img *Image) {
	if ps.Record != "" || ps.Flight != nil {
		if !ps.heard() {
			ps.Seen, st.changed = true, true
			st.meet()
		}
		return
	}
	ps.Record, ps.Seen, st.changed, st.d.Bound = img.Record, true, true, st.in.Side
	if st.p.Version == 0 {
		st.p.BornOn, st.p.CreatedMs = st.in.Side, st.now
		st.tell(Entry{Event: "created", Side: st.in.Side, Record: img.Record})
		return
	}
	st.tell(Entry{Event: "matched", Side: st.in.Side, Record: img.Record})
	st.meet()
}

// meet ends what kept a pair from getting its second record: a create that the
// app refused because it had that record already.
func (st *step) meet() {
	if o := st.p.On(st.in.Side.Other()); o.Record != "" && o.heard() {
		st.met = true
		clear(st.p.Rejected)
	}
}

// matches reports whether the image brings the pair a counterpart.
func (p *Pair) matches(s deal.Side, img *Image) bool {
	ps, o := p.On(s), p.On(s.Other())
	return img.Counterpart != "" && img.Hold == "" && img.Excluded == "" && !img.Deleted &&
		o.Record == "" && o.Flight == nil && ps.Flight == nil && (ps.Record == "" || ps.Record == img.Record)
}

// counterpart makes the record that matches (R15) the pair's other one. What it
// holds is told by its own image, which is asked for; until then nothing is
// written. A counterpart that another pair has is never guessed about: the pair
// is held, which is reported.
func (st *step) counterpart(img *Image) (held bool) {
	s := st.in.Side.Other()
	o := st.p.On(s)
	if st.p.matches(st.in.Side, img) {
		if st.in.Elsewhere != "" {
			st.hold(st.p.On(st.in.Side), img, match.CodeAmbiguous,
				"it matches "+s.String()+" record "+img.Counterpart+", which belongs to pair "+st.in.Elsewhere)
			return true
		}
		o.Record, o.Seen, st.changed = img.Counterpart, false, true
		st.tell(Entry{Event: "matched", Side: s, Record: o.Record})
	}
	if !o.heard() {
		st.ask(s, false, "matched")
	}
	return false
}

// hold takes in whether the record may be paired yet. Once the pair has its
// other record there is nothing to hold any more.
func (st *step) hold(ps *PairSide, img *Image, hold, detail string) {
	if st.p.On(st.in.Side.Other()).Record != "" {
		hold, detail = "", ""
	}
	if img.Deleted || ps.Hold == hold && ps.HoldDetail == detail {
		return
	}
	switch {
	case ps.Hold == hold:
	case hold != "":
		st.tell(Entry{Event: "failing", Side: st.in.Side, Record: ps.Record, Reason: hold, Value: detail})
	default:
		st.tell(Entry{Event: "included", Side: st.in.Side, Record: ps.Record, Reason: ps.Hold})
	}
	ps.Hold, ps.HoldDetail, st.changed = hold, detail, true
}

// held is the side that keeps the pair from getting its other record; nil when
// nothing does.
func (p *Pair) held() *PairSide {
	for _, s := range sides {
		if ps := p.On(s); ps.Hold != "" && p.On(s.Other()).Record == "" {
			return ps
		}
	}
	return nil
}

// fold ends a pair without a counterpart in favour of the one that its record
// belongs to. It reports whether that is settled; a pair that has a counterpart,
// or is about to get one, stays.
func (st *step) fold(ps *PairSide, img *Image) bool {
	o := st.p.On(st.in.Side.Other())
	if img.Deleted || o.Record != "" || o.Flight != nil || ps.Flight != nil || ps.Record != "" && ps.Record != img.Record {
		if st.p.LastInput != st.in.ID {
			st.changed = true
			st.tell(Entry{Event: "folded", Side: st.in.Side, Record: img.Record, Value: img.FoldInto, Reason: "ignored"})
		}
		return false
	}
	st.d.FoldInto = img.FoldInto
	if st.p.Version > 0 {
		st.p.FoldedInto, st.changed = img.FoldInto, true
		st.tell(Entry{Event: "folded", Side: st.in.Side, Record: img.Record, Value: img.FoldInto})
	}
	return true
}
