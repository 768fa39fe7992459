package match

import (
	"cmp"
	"slices"
)

// CodeAmbiguous is the code of a record that more than one other may be, so that
// it is held until people have told them apart.
const CodeAmbiguous = "ambiguous_match"

// Verdict says what becomes of a free record.
type Verdict uint8

// Verdicts.
const (
	// Alone: no record of the other side may be the same. It begins a pair of its
	// own, and a counterpart is created.
	Alone Verdict = iota
	// Paired: exactly one free record of the other side may be the same, and of
	// this side only this one.
	Paired
	// Ambiguous: more than one pairing is possible.
	Ambiguous
	// Undecided: it depends on what becomes of a busy record.
	Undecided
)

// Decision is what becomes of a record.
type Decision struct {
	Verdict Verdict
	// Key is what the records have in common; not set when alone.
	Key Key
	// With is the counterpart, of a paired record only.
	With *Record
	// Among are the records concerned, the decided one too, in order: HubSpot's
	// first, then by id.
	Among []Record
}

// Decide says what becomes of me, a free record, among others: at least all
// records that have a key in common with it or with one of those.
//
// Two records may be the same when they are alike by a rule that is the
// strongest by which either of them is alike with anything on the other side: a
// company whose domain meets one never takes another by name. Of those, records
// that are paired are settled. If one on either side is left, they are a pair.
// All of this reads the same from both ends, so that both records come to the
// same decision, whichever is looked at first.
//
// crowded: more records have the key that decides than anybody lists, so nobody
// knows that there is only one.
func Decide(me Record, others []Record, crowded bool) Decision {
	w := world{others: others, me: &me}
	there := w.matches(&me)
	open := among(there, Free, Busy, Bereft)
	if len(open) == 0 {
		return Decision{}
	}
	here := []*Record{&me}
	for _, c := range open {
		for _, r := range among(w.matches(c), Free, Busy, Bereft) {
			if !slices.ContainsFunc(here, r.is) {
				here = append(here, r)
			}
		}
	}
	d := Decision{Among: inOrder(here, open)}
	d.Key, _ = me.Keys.of(Alike(me.Keys, open[0].Keys))
	switch {
	case len(among(d.records(), Busy)) > 0:
		d.Verdict = Undecided
	case len(here) > 1 || len(open) > 1 || open[0].State != Free || crowded:
		d.Verdict = Ambiguous
	default:
		d.Verdict, d.With = Paired, open[0]
	}
	return d
}

func (d *Decision) records() []*Record {
	all := make([]*Record, len(d.Among))
	for i := range d.Among {
		all[i] = &d.Among[i]
	}
	return all
}

// world is all records that a decision looks at.
type world struct {
	me     *Record
	others []Record
}

// facing are the records of the other side than r's.
func (w *world) facing(r *Record) (all []*Record) {
	if w.me.Side != r.Side {
		all = append(all, w.me)
	}
	for i := range w.others {
		if o := &w.others[i]; o.Side != r.Side && !o.is(w.me) {
			all = append(all, o)
		}
	}
	return all
}

// strongest is the first of r's rules by which it is alike with any record of
// the other side.
func (w *world) strongest(r *Record) Rule {
	facing := w.facing(r)
	for _, k := range r.Keys {
		if slices.ContainsFunc(facing, func(o *Record) bool { return Alike(r.Keys, o.Keys) == k.Rule }) {
			return k.Rule
		}
	}
	return ""
}

// matches are the records of the other side that may be the same as r.
func (w *world) matches(r *Record) (all []*Record) {
	rule := w.strongest(r)
	if rule == "" {
		return nil
	}
	for _, o := range w.facing(r) {
		if Alike(r.Keys, o.Keys) == rule && w.strongest(o) == rule {
			all = append(all, o)
		}
	}
	return all
}

func among(records []*Record, states ...State) (found []*Record) {
	for _, r := range records {
		if slices.Contains(states, r.State) {
			found = append(found, r)
		}
	}
	return found
}

func inOrder(lists ...[]*Record) (all []Record) {
	for _, l := range lists {
		for _, r := range l {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Side, b.Side), cmp.Compare(a.ID, b.ID))
	})
	return all
}
