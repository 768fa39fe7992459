package plan

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// settle plans two records that are a pair, or would be.
func (st *step) settle(c couple) {
	st.counterparts[deal.HubSpot][c.hubspot.ID] = c.app.ID
	st.counterparts[deal.App][c.app.ID] = c.hubspot.ID
	// A pair with an excluded record rests as a whole (R9, R11).
	rests := false
	for _, s := range []deal.Side{deal.HubSpot, deal.App} {
		if r := c.on(s); r.Excluded != "" {
			st.exclude(s, r)
			rests = true
		}
	}
	if rests {
		return
	}
	var updates [3]bool
	for i := range c.hubspot.units {
		h := &c.hubspot.units[i]
		if a := c.app.unit(h.name); a != nil {
			if s := st.differ(c, h, a); s != deal.NoSide {
				updates[s] = true
			}
		}
	}
	for _, s := range []deal.Side{deal.HubSpot, deal.App} {
		made := st.associate(s, c.on(s.Other()), c.on(s))
		if updates[s] || made {
			st.On(s).Updates++
			st.show(Update, s, c.on(s), "")
		}
	}
}

// differ answers the side that would be written for one field line; none when
// both say the same or nothing may travel.
func (st *step) differ(c couple, h, a *unit) deal.Side {
	if h.travels && h.other == a.own || a.travels && a.other == h.own || h.own == 0 && a.own == 0 {
		return deal.NoSide
	}
	if knows(c.hubspot, h) && knows(c.app, a) {
		return deal.NoSide
	}
	by := st.stands(c, h, a)
	u, r := h, c.hubspot
	if by == deal.App {
		u, r = a, c.app
	}
	if c.matched && h.own != 0 && a.own != 0 {
		st.Conflicts++
		st.show(Conflict, by, r, u.name+": "+by.String()+"'s value stands")
	}
	switch {
	case u.failure != "":
		st.fail(by, r, u)
		return deal.NoSide
	case !u.travels:
		return deal.NoSide
	}
	return by.Other()
}

// knows reports whether the pair is in step with what the record holds, and the
// mapping still says the same of it.
func knows(r *Record, u *unit) bool {
	held, ok := r.Held[u.name]
	return ok && held.Own == u.own && (!held.Edited || !u.travels || held.Other == u.other)
}

// stands is the side whose value stands: of records that meet for the first time
// by policy whatever the times, else as in any conflict (R7). A blank never
// wipes a value, and where values travel one way only their source stands.
func (st *step) stands(c couple, h, a *unit) deal.Side {
	sends := func(u *unit) bool { return u.travels || u.failure != "" }
	switch {
	case sends(h) != sends(a):
		if sends(h) {
			return deal.HubSpot
		}
		return deal.App
	case c.matched || max(h.at-a.at, a.at-h.at) <= st.policy.WindowMs:
		if st.policy.Winner == deal.App && a.own != 0 || h.own == 0 {
			return deal.App
		}
		return deal.HubSpot
	case h.at > a.at:
		return deal.HubSpot
	}
	return deal.App
}

// associate counts the associations that would be made on side s with what
// stands for the other side's associated records, and reports whether any is
// part of the record itself. has is the record on s; nil when it will be created.
func (st *step) associate(s deal.Side, from, has *Record) (inRecord bool) {
	if !st.policy.Ways.To(s) {
		return false
	}
	for i := range st.policy.Lines {
		l := &st.policy.Lines[i]
		var there []string
		if has != nil {
			there = has.Refs[l.Object]
		}
		for _, ref := range from.Refs[l.Object] {
			counterpart := st.across(l.Sync, s.Other(), ref)
			if counterpart == "" || counterpart != New && slices.Contains(there, counterpart) {
				continue
			}
			if !l.many(s) {
				if len(there) > 0 {
					continue
				}
				inRecord = true
			}
			there = append(slices.Clip(there), counterpart)
			st.On(s).Associations++
		}
	}
	return inRecord
}
