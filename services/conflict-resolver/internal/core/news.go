package core

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// Cause says what made the detector look.
type Cause uint8

// Causes. All but Webhook come from reading the record or its copy.
const (
	UnknownCause Cause = iota
	Webhook
	Poll
	Backfill
	Reread // the answer to a Refresh
)

// Image is one record mapped under one sync, the whole of it.
type Image struct {
	Record     string
	Title      string
	Units      []UnitValue
	Excluded   string
	Detail     string
	Deleted    bool
	Restored   bool
	MergedInto string
	MergedFrom []string
	Cause      Cause
	Origin     deal.Origin
	DetectedMs int64
	// Hold is why the record must not be paired yet, although it is eligible.
	Hold, HoldDetail string
	// Counterpart is an existing record of the other side that this one matches.
	Counterpart string
	// FoldInto is the pair that the record belongs to instead of this one.
	FoldInto     string
	Associations []Association
}

// UnitValue is what one unit holds on the image's side.
type UnitValue struct {
	Unit string
	News
	// Changed: the change behind this image touched it.
	Changed bool
	// Untranslatable says why News.Other is nil.
	Untranslatable string
}

// verdict is what one unit's news turned out to be.
type verdict uint8

const (
	known  verdict = iota // nothing new
	echo                  // our own write coming back (rule 2)
	aside                 // waits for the outcome of a write (rule 1)
	stale                 // older than the side's last edit (rule 3)
	unread                // same time, other value: the record must be read (rule 3)
	given                 // what the app gave a record that we made
	edit                  // the side's last edit now (rule 4)
)

// news is one unit's value on its way through the rules.
type news struct {
	News
	own    uint64
	origin deal.Origin
	cause  Cause
}

// judge applies rules 1 to 4 of design.md section 7 to one unit's news from
// the input's side. It changes nothing.
func (st *step) judge(unit string, us *UnitSide, n *news) verdict {
	ps, skew := st.p.On(st.in.Side), st.policy.SkewMs
	if us.Edit.Set && n.own == us.Edit.Own && n.At <= us.Edit.At {
		return known
	}
	if n.origin != deal.Others && ps.echoes(unit, n.own, n.At, skew) {
		return echo
	}
	if until, ok := ps.Forgotten[unit]; ok && n.origin != deal.Others && n.At <= until+skew {
		return stale // perhaps the echo of a write that is forgotten; later ones followed
	}
	if n.origin == deal.Ours && us.Held.Set && !us.Held.Unsure && n.own == us.Held.Own {
		return known
	}
	if f := ps.Flight.fields(unit); f != nil && n.origin != deal.Others && n.At >= ps.Flight.DecidedMs-skew {
		if n.own == f.Fingerprint() {
			return echo
		}
		return aside
	}
	if v := st.given(unit, us, n); v != edit {
		return v
	}
	switch {
	case us.Edit.At > 0 && n.At < us.Edit.At, !us.Edit.Set && us.Edit.At > 0 && n.At == us.Edit.At:
		return stale
	case us.Edit.Set && n.At == us.Edit.At && n.cause < Poll:
		return unread
	}
	return edit
}

// hear judges one unit of an image and takes in what is new.
func (st *step) hear(v *UnitValue) {
	n := news{News: v.News, own: v.Own.Fingerprint(), cause: st.in.Image.Cause}
	if v.Changed { // the image's origin says nothing of values that it only repeats
		n.origin = st.in.Image.Origin
	}
	u := st.p.Units[v.Unit]
	us := u.On(st.in.Side)
	got := st.judge(v.Unit, us, &n)
	first := n.cause != Webhook && !st.p.On(st.in.Side).knows(v.Unit, us) // a webhook tells what a person did now
	st.count(got, v.Changed)
	switch got {
	case edit:
		st.accept(v.Unit, &n)
		if first && st.both() {
			st.firstMatch(v.Unit)
		}
		u = st.p.Units[v.Unit] // an old value that a survivor of a merge still has
	case unread:
		st.ask(st.in.Side, true, "same_time")
		return
	case aside:
		if us.Aside == nil || n.At > us.Aside.At && n.origin != deal.Ours {
			st.edit(v.Unit, func(u *Unit) { u.On(st.in.Side).Aside = &n.News })
		}
		return
	case given:
		st.keep(v.Unit, &n)
	case known:
		// Same value, other translation: the mapping has changed since.
		if other := translated(n.Other); us.Edit.Set && us.Edit.Own == n.own && us.Edit.Other != other {
			st.edit(v.Unit, func(u *Unit) { u.On(st.in.Side).Edit.Other = other })
		}
	}
	st.compare(v.Unit, us, &n)
}

// compare looks at a record that was read again on our asking: when it does not
// hold what we think, the wanted value must be written again.
func (st *step) compare(unit string, us *UnitSide, n *news) {
	ps := st.p.On(st.in.Side)
	if !st.reread(st.in.Side) || n.own == us.Held.Own || us.Held.Unsure || ps.Flight.fields(unit) != nil {
		return
	}
	if st.in.Image.DetectedMs > us.Held.At+st.policy.SkewMs {
		st.edit(unit, func(u *Unit) { u.On(st.in.Side).Held.Unsure = true })
	}
}

// accept makes news the side's last edit and says what the side holds now
// (rule 4). Refused writes get another chance.
func (st *step) accept(unit string, n *news) {
	ps, skew := st.p.On(st.in.Side), st.policy.SkewMs
	last, flight := ps.last(unit), ps.Flight
	st.edit(unit, func(u *Unit) {
		us := u.On(st.in.Side)
		us.Edit = Edit{Own: n.own, Other: translated(n.Other), At: n.At, Set: true}
		switch {
		case flight.fields(unit) != nil:
			// settle decides when the write is answered.
			us.Held.Unsure = us.Held.Unsure || n.At >= flight.DecidedMs-skew
		case !last.ok || n.At > last.until+skew:
			us.Held = Held{Own: n.own, At: n.At, Set: true}
		case last.has(n.At, skew) && !last.made(n.own):
			us.Held.Unsure = true
		}
	})
	clear(st.p.Rejected)
	st.accepted = append(st.accepted, heard{unit, n.News})
}

// judgeAside judges news that waited for the outcome which has just been taken in.
func (st *step) judgeAside(unit string) {
	u := st.p.Units[unit]
	us := u.On(st.in.Side)
	if us.Aside == nil {
		return
	}
	n := news{News: *us.Aside, own: us.Aside.Own.Fingerprint(), cause: Poll}
	st.edit(unit, func(u *Unit) { u.On(st.in.Side).Aside = nil })
	got := st.judge(unit, us, &n)
	st.count(got, true)
	switch got {
	case edit:
		st.accept(unit, &n)
	case given:
		st.keep(unit, &n)
	}
}

// match settles the first meeting of two existing records (rule 6): where they
// differ the policy's winner stands whatever the times, and the loser's edit
// becomes a bar that its repeats do not pass.
func (st *step) match() {
	for _, name := range st.p.unitNames() {
		st.firstMatch(name)
	}
}

// firstMatch does so for one unit: one of the first meeting, or one that is
// mapped since the pair has both records.
func (st *step) firstMatch(name string) {
	u := st.p.Units[name]
	if !u.HubSpot.Edit.Set || !u.App.Edit.Set || equivalent(u.HubSpot.Edit, u.App.Edit) {
		return
	}
	c := Wanted(u.HubSpot.Edit, u.App.Edit, st.policy.winner(st.policy.unit(name)), 1<<62, 0)
	st.conflict(name, c, "first_match")
	lost := u.On(c.By.Other())
	lost.Edit = Edit{At: lost.Edit.At}
	st.p.Units[name] = u
	st.accepted = slices.DeleteFunc(st.accepted, func(h heard) bool { return h.unit == name })
}
