package core

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// SurvivorKeepsItsPair is the rule for two pairs that a merge brings onto one
// record (R17): the pair that has the surviving record goes on, and the other
// becomes a tombstone, whose counterpart is left alone.
const SurvivorKeepsItsPair = "survivor_keeps_its_pair"

const merged = "merged"

// survivor is the record that the side's one was merged into, as an image of
// either tells; empty when it was not.
func (ps *PairSide) survivor(img *Image) string {
	switch {
	case ps.Record == "" || img.MergedInto == ps.Record:
		return ""
	case img.Record == ps.Record:
		return img.MergedInto
	case slices.Contains(img.MergedFrom, ps.Record):
		return img.Record
	}
	return ""
}

// merge takes in that the side's record was merged into another one. The pair
// moves there with all that is known of its units, or ends when the survivor has
// a pair of its own. It reports whether the image remains to be heard: it does
// when it is the survivor's and the survivor is this pair's now.
func (st *step) merge(ps *PairSide, img *Image, survivor string) bool {
	theirs := img.Record == survivor
	if st.in.Elsewhere == "" {
		st.move(ps, survivor)
		return theirs
	}
	if detail := "merged into " + survivor + ", which stays in its own pair " + st.in.Elsewhere; ps.Detail != detail {
		ps.Deleted, ps.Excluded, ps.Detail, st.changed = true, mergedIn(st.in.Side), detail, true
		st.tell(Entry{
			Event: merged, Side: st.in.Side, Record: ps.Record, Value: survivor,
			RivalValue: st.in.Elsewhere, Reason: SurvivorKeepsItsPair,
		})
		st.d.Tally.Excluded = ps.Excluded
	}
	st.d.Foreign = theirs // the survivor's pair hears it
	return false
}

// move puts the surviving record into the pair. What it holds is told when it has
// been read; until then it is taken to hold what the other one held. Which
// associations it has is not known either.
func (st *step) move(ps *PairSide, survivor string) {
	st.tell(Entry{Event: merged, Side: st.in.Side, Record: survivor, Value: ps.Record})
	st.formerly(ps, ps.Record)
	ps.Record, ps.Deleted, ps.Excluded, ps.Detail, st.changed = survivor, false, "", "", true
	ps.Associations, ps.Refused, ps.Told, ps.MadeUntilMs = nil, nil, nil, 0
	st.ask(st.in.Side, true, merged)
}

// succeed lets the values of a survivor that was read stand for edits that were
// made in a record merged into it, and that it does not hold. Its values may be
// older; measured by those edits, all news of it would be late.
func (st *step) succeed(ps *PairSide, img *Image) {
	if len(ps.Formerly) == 0 || !st.reread(st.in.Side) {
		return
	}
	for i := range img.Units {
		v := &img.Units[i]
		u := st.p.Units[v.Unit]
		us := u.On(st.in.Side)
		if !us.Edit.Set || v.At >= us.Edit.At || v.Own.Fingerprint() == us.Edit.Own || ps.Flight.fields(v.Unit) != nil {
			continue
		}
		if max(us.Edit.At, us.Held.At)+st.policy.SkewMs < img.DetectedMs { // read since then
			st.giveUp(v.Unit, img)
		}
	}
}

// formerly remembers records that are the side's one now, to know late news of them.
func (st *step) formerly(ps *PairSide, records ...string) {
	for _, old := range records {
		if !slices.Contains(ps.Formerly, old) {
			ps.Formerly, st.changed = append(slices.Clone(ps.Formerly), old), true
		}
	}
}

func mergedIn(s deal.Side) string { return "merged_in_" + s.String() }
