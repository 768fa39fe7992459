package core

import (
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// Result is what a merge came to.
type Result struct {
	Copy Copy
	// Store: the copy is no longer as it was and must be kept, even where
	// nothing is worth telling (our own write of the same value only moves
	// its time, so that an older edit that comes later is known to be stale).
	Store bool
	// News: something changed that others must hear of.
	News bool
	// Stale: something contradicted a later edit that was known already. It may
	// have been told by a look that then lost its race or crashed, so the image
	// is worth telling once more.
	Stale bool
	// Hidden are edits that a later value, perhaps our own write, hides in the
	// copy. They are told before it.
	Hidden map[string]Field
	// Theirs are the changed fields that others have edited for certain, where
	// nobody can say it of all of them. They are told before the rest: news of
	// unknown origin may be taken for our own write coming back.
	Theirs []string
	// Changed are the names of the fields whose value is another, or was another
	// in between, in order.
	Changed                    []string
	Created, Deleted, Restored bool
	Origin                     deal.Origin
	// Merged: the record was merged away, as nobody knew before.
	Merged bool
	// Absorbed are the records of which nobody knew that they were merged into
	// this one.
	Absorbed []string
	// Occurred is the newest edit time among what changed.
	Occurred int64
}

// Result says what changed against the copy that the merge began with. A change
// of fields that are not wanted is kept and is no news; nil wants all.
func (m *Merge) Result(wanted map[string]bool) Result {
	r := Result{Copy: m.now, Store: m.moved, Stale: m.stale, Origin: m.origin}
	for name, f := range m.hidden {
		if wanted == nil || wanted[name] {
			if r.Hidden == nil {
				r.Hidden = map[string]Field{}
			}
			r.Hidden[name] = f
		}
	}
	asked := false
	if m.moved {
		for name, f := range m.now.Fields {
			if was, ok := m.before.Fields[name]; !ok || was.Value != f.Value || m.returned(name, was, f) {
				r.Changed = append(r.Changed, name)
				r.Occurred = max(r.Occurred, f.At)
				asked = asked || wanted == nil || wanted[name]
			}
		}
		slices.Sort(r.Changed)
	}
	r.Created = !m.existed && m.now.Complete
	r.Deleted = m.now.Deleted && !m.before.Deleted
	r.Restored = !m.now.Deleted && m.before.Deleted
	if r.Deleted || r.Restored {
		r.Occurred = max(r.Occurred, m.now.TurnedAt)
	}
	r.Merged = m.now.MergedInto != "" && m.now.MergedInto != m.before.MergedInto
	for _, id := range m.now.MergedFrom {
		if _, known := slices.BinarySearch(m.before.MergedFrom, id); !known {
			r.Absorbed = append(r.Absorbed, id)
		}
	}
	merged := m.now.MergedInto != m.before.MergedInto || len(r.Absorbed) > 0
	if r.Origin == deal.UnknownOrigin {
		r.Origin = m.authorOf(r.Changed, wanted)
	}
	if r.Origin == deal.UnknownOrigin && m.before.Complete { // of a new record, nothing of ours comes back
		for _, name := range r.Changed {
			if (wanted == nil || wanted[name]) && m.authorOf([]string{name}, nil) == deal.Others {
				r.Theirs = append(r.Theirs, name)
			}
		}
	}
	r.News = asked || r.Created || r.Deleted || r.Restored || merged
	return r
}

// returned reports whether a field was brought back to the value that the copy
// has: news of what it was in between, perhaps our own write, has been overtaken,
// and who believes in that must hear of it (N3). Our own write needs no telling.
func (m *Merge) returned(name string, was, is Field) bool {
	return m.touched[name] && is.At > was.At && m.by[name].origin != deal.Ours
}

// authorOf is who made the wanted ones of these fields what they are, if it was
// one: events of others, which these have overtaken, do not blur that.
func (m *Merge) authorOf(fields []string, wanted map[string]bool) deal.Origin {
	one := deal.UnknownOrigin
	for _, name := range fields {
		if wanted != nil && !wanted[name] {
			continue
		}
		made, ok := m.by[name]
		if !ok || made.origin == deal.UnknownOrigin || made.at != m.now.Fields[name].At || one != deal.UnknownOrigin && made.origin != one {
			return deal.UnknownOrigin
		}
		one = made.origin
	}
	return one
}

// Uncovered is the image with the hidden edits in it, as it was before what
// hides them.
func (r Result) Uncovered() Result {
	u := Result{Copy: r.Copy, News: true}
	u.Copy.Fields = maps.Clone(r.Copy.Fields)
	for name, f := range r.Hidden {
		u.Copy.Fields[name] = f
		u.Changed = append(u.Changed, name)
		u.Occurred = max(u.Occurred, f.At)
	}
	slices.Sort(u.Changed)
	return u
}

// Apart is the image with only the edits that others have made for certain.
func (r Result) Apart() Result {
	a := Result{Copy: r.Copy, News: true, Changed: r.Theirs, Origin: deal.Others}
	for _, name := range r.Theirs {
		a.Occurred = max(a.Occurred, r.Copy.Fields[name].At)
	}
	return a
}

// Offer makes news of a result although nothing may have changed: the whole
// image is wanted.
func (r Result) Offer() Result {
	r.News = r.News || r.Copy.Complete || r.Copy.Deleted
	if r.Occurred == 0 {
		for _, f := range r.Copy.Fields {
			r.Occurred = max(r.Occurred, f.At)
		}
	}
	return r
}
