package core

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Reference names a record by its object and id.
type Reference struct{ Object, Record string }

// Association is one end of an association that an image's side has.
type Association struct {
	Object string
	Own    string
	Other  string // the record's counterpart; empty while it has none
}

// Ends says which sides can keep more than one association with an object.
type Ends struct{ HubSpotMany, AppMany bool }

func (e Ends) many(s deal.Side) bool {
	if s == deal.App {
		return e.AppMany
	}
	return e.HubSpotMany
}

// Refusal is an association that a side does not get, and why.
type Refusal struct {
	Reference
	Code    string
	Message string
}

// Codes of refusals that are not the app's own.
const (
	// Removed: it was there and somebody has taken it away. Removing is not
	// carried over, and not undone either.
	Removed = "removed"
	// SlotTaken: the side keeps one association with such an object, and has
	// another one.
	SlotTaken = "slot_taken"
	// Unanswered: an update went through and told nothing of it.
	Unanswered = "unanswered"
)

// hearAssociations takes in what an image tells of associations (R16): what its
// side has, and what the other side shall have therefore. It only ever adds:
// the same set in any order and any number of times asks for the same.
func (st *step) hearAssociations(img *Image) {
	if len(st.policy.Associations) == 0 || img.Deleted || img.Excluded != "" {
		return
	}
	s, o := st.p.On(st.in.Side), st.p.On(st.in.Side.Other())
	var has, theirs []Reference
	for _, a := range img.Associations {
		if _, ok := st.policy.Associations[a.Object]; !ok {
			continue
		}
		has = include(has, Reference{a.Object, a.Own})
		if a.Other != "" {
			theirs = include(theirs, Reference{a.Object, a.Other})
		}
	}
	if st.policy.Direction.To(st.in.Side) {
		for _, r := range s.Associations {
			if !slices.Contains(has, r) {
				st.refuseAssociation(s, Refusal{Reference: r, Code: Removed})
			}
		}
	}
	st.know(s, has)
	if !st.policy.Direction.To(st.in.Side.Other()) {
		return
	}
	// What this side has not got any more may be carried over again one day.
	st.unrefuse(o, func(r Refusal) bool { return !slices.Contains(theirs, r.Reference) })
	for _, r := range theirs {
		if !slices.Contains(o.Associations, r) && !slices.Contains(o.Associate, r) && !o.refuses(r) {
			o.Associate, st.changed = append(slices.Clone(o.Associate), r), true
		}
	}
}

// know sets what a side is known to have, and which objects that is about.
func (st *step) know(ps *PairSide, has []Reference) {
	if !slices.Equal(ps.Associations, has) {
		ps.Associations, st.changed = has, true
	}
	st.unwant(ps, has)
	st.unrefuse(ps, func(r Refusal) bool { return slices.Contains(has, r.Reference) })
	if told := slices.Sorted(maps.Keys(st.policy.Associations)); !slices.Equal(ps.Told, told) {
		ps.Told, st.changed = told, true
	}
}

func (st *step) unwant(ps *PairSide, made []Reference) {
	left := slices.DeleteFunc(slices.Clone(ps.Associate), func(r Reference) bool { return slices.Contains(made, r) })
	if len(left) != len(ps.Associate) {
		ps.Associate, st.changed = left, true
	}
}

func (st *step) unrefuse(ps *PairSide, forget func(Refusal) bool) {
	left := slices.DeleteFunc(slices.Clone(ps.Refused), forget)
	if len(left) != len(ps.Refused) {
		ps.Refused, st.changed = left, true
	}
}

func (ps *PairSide) refuses(r Reference) bool {
	return slices.ContainsFunc(ps.Refused, func(have Refusal) bool { return have.Reference == r })
}

// refuseAssociation remembers that a side does not get an association, so that
// it is not tried again before there is news of it. No pair fails for that: the
// journal tells it.
func (st *step) refuseAssociation(ps *PairSide, r Refusal) {
	st.unwant(ps, []Reference{r.Reference})
	if !ps.refuses(r.Reference) {
		ps.Refused, st.changed = append(slices.Clone(ps.Refused), r), true
	}
}

// associable are the associations that a write to side s can carry now. Where
// the side keeps a single one that is taken, nothing is written.
func (st *step) associable(s deal.Side, op Op) []Reference {
	ps := st.p.On(s)
	if len(ps.Associate) == 0 || ps.Flight != nil || !st.policy.Direction.To(s) || !st.mayWrite(s) {
		return nil
	}
	var refs []Reference
	for _, r := range ps.Associate {
		ends, ok := st.policy.Associations[r.Object]
		if !ok {
			continue // not carried over any more, or not yet known here
		}
		of := func(have Reference) bool { return have.Object == r.Object }
		if ends.many(s) {
			refs = append(refs, r)
			continue
		}
		switch taken := slices.IndexFunc(ps.Associations, of); {
		case taken >= 0:
			st.refuseAssociation(ps, Refusal{Reference: r, Code: SlotTaken, Message: "it has " + ps.Associations[taken].Record})
			st.tellAssociation(s, "not_associated", r, SlotTaken, "it has "+ps.Associations[taken].Record)
		case op == Update && ps.MadeMs == 0 && !slices.Contains(ps.Told, r.Object):
			st.ask(s, false, "associations") // nobody has told yet what is there
		case !slices.ContainsFunc(refs, of):
			refs = append(refs, r)
		}
	}
	return refs
}

// associated takes in what an outcome tells of associations. A create does not
// mention them when an earlier try had made the record: they are tried again.
func (st *step) associated(ps *PairSide, f *Write, o *Outcome) {
	for _, r := range o.Associated {
		// The news of it may have been faster than the answer; it is ours all the same.
		if have := slices.Contains(ps.Associations, r); !have || slices.Contains(f.Associate, r) {
			ps.Associations, st.changed = include(ps.Associations, r), true
			st.tellAssociation(st.in.Side, "associated", r, "", "")
		}
	}
	st.unwant(ps, o.Associated)
	for _, r := range o.NotAssociated {
		st.refuseAssociation(ps, r)
		st.tellAssociation(st.in.Side, "not_associated", r.Reference, r.Code, r.Message)
	}
	for _, r := range f.Associate {
		if f.Op == Update && slices.Contains(ps.Associate, r) { // or it would be tried for ever
			st.refuseAssociation(ps, Refusal{Reference: r, Code: Unanswered})
		}
	}
}

// tellAssociation tells of an association of a side's record; the associated
// record stands in Value, what the app said about it in RivalValue.
func (st *step) tellAssociation(s deal.Side, event string, r Reference, code, message string) {
	st.tell(Entry{
		Event: event, Side: s, Record: st.p.On(s).Record, Value: r.Object + " " + r.Record, RivalValue: message, Reason: code,
	})
}

// include adds a reference to a sorted list of distinct ones, which is not changed.
func include(list []Reference, r Reference) []Reference {
	i, found := slices.BinarySearchFunc(list, r, func(a, b Reference) int {
		return cmp.Or(strings.Compare(a.Object, b.Object), strings.Compare(a.Record, b.Record))
	})
	if found {
		return list
	}
	return slices.Insert(slices.Clip(slices.Clone(list)), i, r)
}
