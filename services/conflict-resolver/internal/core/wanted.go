package core

import "github.com/dealsync/dealsync/libs/deal"

// Choice is the edit that stands for a unit.
type Choice struct {
	// By is the side that made the edit; NoSide when there is none.
	By deal.Side
	// Edit is in By's terms.
	Edit Edit
	// Conflict: both sides edited within the window and differ (R7).
	Conflict bool
}

// Wanted chooses between the last edits of the two sides (R7). It is a
// function of those two alone, so the order in which they became known does
// not matter:
//
//   - edits that say the same after mapping are no conflict;
//   - edits within the window of each other are one, and the winner's stands,
//     unless it is blank and the loser's is not;
//   - values that a record had before its counterpart was made (madeMs) met
//     nobody's edit on the other side: they are no conflict either;
//   - else the later edit stands; of two at the same time, the winner's.
func Wanted(hubspot, app Edit, winner deal.Side, windowMs, madeMs int64) Choice {
	byHubSpot, byApp := Choice{By: deal.HubSpot, Edit: hubspot}, Choice{By: deal.App, Edit: app}
	switch {
	case !hubspot.Set && !app.Set:
		return Choice{}
	case !app.Set:
		return byHubSpot
	case !hubspot.Set:
		return byApp
	}
	won, lost := byHubSpot, byApp
	if winner == deal.App {
		won, lost = byApp, byHubSpot
	}
	gap := won.Edit.At - lost.Edit.At
	if equivalent(hubspot, app) || max(gap, -gap) > windowMs || min(hubspot.At, app.At) <= madeMs {
		if gap < 0 {
			return lost
		}
		return won
	}
	won.Conflict, lost.Conflict = true, true
	if won.Edit.Own == 0 && lost.Edit.Own != 0 {
		return lost
	}
	return won
}

// equivalent reports whether two edits of the two sides say the same after
// mapping. One direction is enough: where many stages map to one, the app's
// own stage stays.
func equivalent(a, b Edit) bool { return a.Other == b.Own || b.Other == a.Own }

// Target is the fingerprint that side s should hold, in its own terms.
func (c Choice) Target(s deal.Side) uint64 {
	if s == c.By {
		return c.Edit.Own
	}
	return c.Edit.Other
}

// satisfied reports whether side s holds what stands. It does when it holds
// the very value; or a value of its own that means the same (many-to-one
// stages); or what it made of that value when we wrote it (normalisation).
func satisfied(s deal.Side, us *UnitSide, last span, c Choice) bool {
	h, target := us.Held, c.Target(s)
	switch {
	case !h.Set || h.Unsure:
		return false
	case h.Own == target:
		return true
	case s != c.By && us.Edit.Set && us.Edit.Own == h.Own && us.Edit.Other == c.Edit.Own:
		return true
	}
	return last.ok && last.wrote == target && last.left == h.Own && last.until == h.At
}
