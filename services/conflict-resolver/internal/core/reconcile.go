package core

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
)

// reconcile brings side s to what stands: one write with every unit that the
// side does not hold yet and every association that it lacks, unless a write to
// it is unanswered; then the wanted values wait, and a burst of edits ends in one
// follow-up write.
func (st *step) reconcile(s deal.Side) {
	ps := st.p.On(s)
	w := Write{Side: s, Op: Update, Record: ps.Record}
	if ps.Record == "" {
		w.Op = Create
	}
	may, exists := st.mayWrite(s), ps.Record != "" || ps.Flight != nil
	for _, name := range st.p.unitNames() {
		c, lacks := st.lacks(s, name)
		if !lacks {
			st.pend(s, name, nil)
			continue
		}
		st.open = true
		fields := st.value(s, name, c.Target(s))
		if may && st.ready(s, name, c, fields) && ps.Flight == nil {
			w.Units = append(w.Units, UnitWrite{Unit: name, Fields: fields})
			fields = nil
		}
		if exists {
			st.pend(s, name, fields)
		}
	}
	w.Associate = st.associable(s, w.Op)
	if w.Op == Create && (len(w.Units) == 0 || !st.whole(s)) || len(w.Units)+len(w.Associate) == 0 {
		return
	}
	st.write(ps, w)
}

// pend keeps what is wanted and cannot be written now (a write is in flight, the
// pair rests, the side has refused it): later it may be found nowhere else.
func (st *step) pend(s deal.Side, unit string, fields deal.Fields) {
	u := st.p.Units[unit]
	if was := u.On(s).Pending; (was == nil) != (fields == nil) || was.Fingerprint() != fields.Fingerprint() {
		st.edit(unit, func(u *Unit) { u.On(s).Pending = fields })
	}
}

// mayWrite reports whether the pair's state allows writes to side s at all.
// A pair with an excluded or deleted record rests as a whole until it comes back,
// and one with a counterpart of which nothing is known until that is heard of.
func (st *step) mayWrite(s deal.Side) bool {
	p, from := &st.p, st.p.On(s.Other())
	if st.policy.Paused || p.HubSpot.Excluded != "" || p.App.Excluded != "" || p.HubSpot.Deleted || p.App.Deleted {
		return false
	}
	if p.held() != nil || !p.HubSpot.heard() || !p.App.heard() {
		return false
	}
	return p.On(s).Record != "" || p.On(s).Flight != nil || from.Record != "" && st.policy.Direction.To(s)
}

// lacks reports whether side s does not hold what stands for a unit, or will not
// once the write in flight is answered.
func (st *step) lacks(s deal.Side, unit string) (Choice, bool) {
	ps, c := st.p.On(s), st.wanted(unit)
	if c.By == deal.NoSide || !st.policy.unit(unit).To(s) {
		return c, false
	}
	if flown := ps.Flight.fields(unit); flown != nil {
		return c, flown.Fingerprint() != c.Target(s)
	}
	u := st.p.Units[unit]
	return c, !satisfied(s, u.On(s), ps.last(unit), c)
}

// ready reports whether a value that side s lacks may be sent to it: it has not
// been refused before, and it is at hand. If it is not, it is asked for.
func (st *step) ready(s deal.Side, unit string, c Choice, fields deal.Fields) bool {
	target := c.Target(s)
	if refused, ok := st.p.Rejected[markKey(s, unit)]; ok {
		if refused == target {
			return false
		}
		delete(st.p.Rejected, markKey(s, unit))
		st.changed = true
	}
	if target == Untranslatable {
		st.refuse(s, unit)
		return false
	}
	if st.unmet(s, unit) {
		return false
	}
	if fields == nil && st.p.On(s).Flight == nil && !st.reread(c.By) {
		st.ask(c.By, true, "window_lost") // its copy may be behind our own last write
	}
	return fields != nil
}

// refuse marks a value that has no translation, as if the app had refused it.
// The pair's other units travel without it, with a create as well (N6).
func (st *step) refuse(s deal.Side, unit string) {
	st.mark(s, unit, Untranslatable)
	st.changed = true
	code, words := "untranslatable", ""
	if st.in.Image != nil {
		for _, v := range st.in.Image.Units {
			if v.Unit == unit && v.Untranslatable != "" {
				code, words = mapping.SplitReason(v.Untranslatable)
				code = cmp.Or(code, "untranslatable")
			}
		}
	}
	st.p.Reason, st.p.Message = code, words
	st.tell(Entry{Event: "failing", Side: s, Unit: unit, Reason: code, Value: words})
}

// lost gives up values that cannot be found: when a record has been read on our
// asking and does not show the edit that stands, and neither the window nor the
// pair has it, then what the record shows stands.
func (st *step) lost() {
	by := st.in.Side
	if !st.reread(by) {
		return
	}
	for _, name := range st.p.unitNames() {
		for _, s := range sides {
			c, lacks := st.lacks(s, name)
			if !lacks || c.By != by || c.Target(s) == Untranslatable || !st.mayWrite(s) || st.p.On(s).Flight != nil ||
				st.value(s, name, c.Target(s)) != nil {
				continue
			}
			// A value on its way back to its own record will be offered from there.
			if st.p.On(by).Flight.fields(name) == nil && st.value(by, name, c.Edit.Own) == nil {
				st.giveUp(name, st.in.Image)
			}
		}
	}
}

// reread reports whether the input answers a request of ours to read side s's
// record, and so shows what it holds.
func (st *step) reread(s deal.Side) bool {
	img := st.in.Image
	if img == nil || img.Cause != Reread || st.in.Side != s {
		return false
	}
	ps := st.p.On(s)
	return img.Record == ps.Record && ps.AskedMs > 0 && img.DetectedMs >= ps.AskedMs
}

func (st *step) giveUp(unit string, img *Image) {
	i := slices.IndexFunc(img.Units, func(v UnitValue) bool { return v.Unit == unit })
	if i < 0 { // not mapped any more
		delete(st.p.Units, unit)
		st.changed = true
		return
	}
	v := &img.Units[i]
	st.edit(unit, func(u *Unit) {
		us := u.On(st.in.Side)
		us.Edit = Edit{Own: v.Own.Fingerprint(), Other: translated(v.Other), At: max(v.At, us.Edit.At), Set: true}
		us.Held = Held{Own: us.Edit.Own, At: us.Edit.At, Set: true}
	})
	st.tell(Entry{Event: "edit", Side: st.in.Side, Unit: unit, Value: text(v.Own), EditedMs: v.At, Reason: "value_lost"})
}

// whole reports whether a create can carry every value: none is on its way.
func (st *step) whole(s deal.Side) bool {
	for _, r := range st.d.Refresh {
		if r.Side == s.Other() {
			return false
		}
	}
	for key, v := range st.p.Rejected {
		if v != Untranslatable && strings.HasPrefix(key, markKey(s, "")) {
			return false
		}
	}
	return true
}

// write sends w off: it is kept in the pair until its outcome arrives.
func (st *step) write(ps *PairSide, w Write) {
	w.Version, w.DecidedMs, w.Bulk = st.p.Version+1, st.now, st.in.Bulk
	switch {
	case st.in.Image != nil && st.in.Image.DetectedMs > 0:
		w.OriginMs = st.in.Image.DetectedMs
	case st.answered != nil:
		w.OriginMs = st.answered.OriginMs
	default:
		w.OriginMs = st.now
	}
	if w.Op == Create {
		st.tell(Entry{Event: "write", Side: w.Side, Reason: "create"})
	}
	for _, part := range w.Units {
		// What this write overwrites does not matter any more; from here on Unsure
		// says that an edit crossed it.
		if u := st.p.Units[part.Unit]; u.On(w.Side).Held.Unsure {
			st.edit(part.Unit, func(u *Unit) { u.On(w.Side).Held.Unsure = false })
		}
		if w.Op == Update {
			st.tell(Entry{Event: "write", Side: w.Side, Unit: part.Unit, Value: text(part.Fields), Record: w.Record})
		}
	}
	for _, r := range w.Associate {
		st.tell(Entry{Event: "write", Side: w.Side, Value: r.Object + " " + r.Record, Record: w.Record, Reason: "associate"})
	}
	ps.Flight, st.changed = &w, true
	st.d.Writes = append(st.d.Writes, w)
}

// value finds the value with a fingerprint in side s's terms among everything
// that this step has at hand; nil when it is not.
func (st *step) value(s deal.Side, unit string, target uint64) deal.Fields {
	var found deal.Fields
	try := func(f deal.Fields) bool {
		if len(f) == 0 || f.Fingerprint() != target {
			return false
		}
		found = f
		return true
	}
	if img := st.in.Image; img != nil {
		for i := range img.Units {
			if v := &img.Units[i]; v.Unit == unit && try(v.in(st.in.Side, s)) {
				return found
			}
		}
	}
	for i := range st.accepted {
		if h := &st.accepted[i]; h.unit == unit && try(h.in(st.in.Side, s)) {
			return found
		}
	}
	for i := range st.rivals {
		if r := &st.rivals[i]; r.Unit == unit && try(r.in(st.in.Side.Other(), s)) {
			return found
		}
	}
	u := st.p.Units[unit]
	if try(u.On(s).Pending) || try(st.p.On(s).Flight.fields(unit)) {
		return found
	}
	if a := st.answered; a != nil && a.Side == s && try(a.fields(unit)) {
		return found
	}
	return nil
}

// in is the value in side s's terms; from is the side it was seen on.
func (n *News) in(from, s deal.Side) deal.Fields {
	if from == s {
		return n.Own
	}
	return n.Other
}

func (st *step) mark(s deal.Side, unit string, value uint64) {
	if st.p.Rejected == nil {
		st.p.Rejected = map[string]uint64{}
	}
	st.p.Rejected[markKey(s, unit)] = value
}
