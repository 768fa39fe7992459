package core

import "github.com/dealsync/dealsync/libs/deal"

// A unit that is mapped since the pair has both records meets what they hold for
// the first time, as all units do when two existing records meet (rule 6).

// knows reports whether anything is known of what the side holds of a unit.
func (ps *PairSide) knows(unit string, us *UnitSide) bool {
	return us.Edit.Set || us.Edit.At > 0 || us.Held.Set || us.Aside != nil || ps.last(unit).ok || ps.Flight.fields(unit) != nil
}

// first is the earliest answered write of a unit that is remembered.
func (ps *PairSide) first(unit string) span {
	for i := range ps.Recent {
		if w := ps.Recent[i].span(unit); w.ok {
			return w
		}
	}
	return span{}
}

// both reports whether the pair has both records, and both have been heard of.
func (st *step) both() bool {
	h, a := &st.p.HubSpot, &st.p.App
	return h.Record != "" && a.Record != "" && h.heard() && a.heard()
}

// unmet reports whether side s may hold something of its own of a unit that
// nobody has heard of yet. It is asked for: written over, it would be lost. A
// record that has just been heard, and did not tell, has nothing.
func (st *step) unmet(s deal.Side, unit string) bool {
	ps, u := st.p.On(s), st.p.Units[unit]
	if ps.Record == "" || ps.knows(unit, u.On(s)) || !st.policy.unit(unit).To(s.Other()) {
		return false
	}
	if img := st.in.Image; img != nil && st.in.Side == s && img.Record == ps.Record {
		return false
	}
	st.ask(s, false, "first_match")
	return true
}

// given tells a default from an edit. What a record that we made holds of a unit
// that we did not write, from the time when it was made, the app gave it; it is
// no edit that could stand against the one that the record was made after. Only
// what the other side can't hold counts as the app's own. Until the create is
// answered nobody knows; news that is neither is for judge to tell.
func (st *step) given(unit string, us *UnitSide, n *news) verdict {
	ps := st.p.On(st.in.Side)
	wrote, f := ps.first(unit), ps.Flight
	if n.origin == deal.Others || us.Edit.Set || us.Edit.At > 0 || !st.policy.unit(unit).To(st.in.Side) {
		return edit
	}
	switch {
	case wrote.ok && wrote.from <= ps.MadeMs: // by the create
		return edit
	case f != nil && f.Op == Create && f.fields(unit) == nil && n.At >= f.DecidedMs-st.policy.SkewMs:
		return aside
	case ps.MadeUntilMs == 0 || n.At > ps.MadeUntilMs+st.policy.SkewMs:
		return edit
	case wrote.ok || us.Held.Set && us.Held.Own == n.own:
		return known
	}
	return given
}

// keep says what the side holds of a unit, by nobody's edit.
func (st *step) keep(unit string, n *news) {
	st.edit(unit, func(u *Unit) { u.On(st.in.Side).Held = Held{Own: n.own, At: n.At, Set: true} })
}
