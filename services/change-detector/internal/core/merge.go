package core

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// Event merges one event.
func (m *Merge) Event(e Event) {
	m.hear(e.Origin)
	m.now.Modified = max(m.now.Modified, e.At)
	m.from(e.MergedFrom...)
	switch e.Action {
	case Deleted, Merged:
		m.turnAt(true, e.At, e.MergedInto)
		return
	case Restored:
		m.turnAt(false, e.At, "")
	default:
		// Nobody edits a deleted record: a restore has been missed. And a change
		// that does not say of what can only be looked at.
		if m.now.Deleted && e.At > m.now.TurnedAt || e.Action == Changed && len(e.Fields) == 0 {
			m.doubt = true
		}
	}
	for name, value := range e.Fields {
		if len(e.Touched) == 0 || slices.Contains(e.Touched, name) {
			m.hide(name, Field{value, e.At}, e.Origin)
			m.edited(name, Field{value, e.At})
			if e.Action == Changed {
				m.touch(name)
			}
		} else {
			m.bounds = m.seen(name, Field{value, e.At}) || m.bounds
		}
	}
	if e.Whole {
		m.complete()
	}
}

// hide keeps the earlier of two edits when the later one may be our own write:
// it is then hidden from the copy, but may still win a conflict (R7), which
// goes by edit times and never by who was heard first.
func (m *Merge) hide(name string, f Field, by deal.Origin) {
	have, ok := m.now.Fields[name]
	made, here := m.by[name]
	lost, lostBy, wonBy := f, by, made.origin
	if !ok || f.At > have.At {
		if m.by == nil {
			m.by = map[string]author{}
		}
		m.by[name] = author{by, f.At}
		if !here {
			return // it has been told before
		}
		lost, lostBy, wonBy = have, made.origin, by
	} else if here && f.At == made.at && by != made.origin {
		m.by[name] = author{deal.UnknownOrigin, f.At}
	}
	if ok && have.Value != f.Value && have.At != f.At && lostBy != deal.Ours && wonBy != deal.Others && lost.At >= m.hidden[name].At {
		if m.hidden == nil {
			m.hidden = map[string]Field{}
		}
		m.hidden[name] = lost
	}
}

// edited merges an edit whose time is known: the later one stands. Of two edits
// at one time nobody can say which came last but the app, so it is asked; until
// then the greater value stands, so that the order of arrival does not matter.
func (m *Merge) edited(name string, f Field) {
	have, ok := m.now.Fields[name]
	switch {
	case !ok || f.At > have.At:
		m.put(name, f)
	case f.At == have.At && f.Value != have.Value:
		m.doubt = true
		if f.Value > have.Value {
			m.put(name, f)
		}
	case f.Value != have.Value:
		m.stale = true
	}
}

// seen merges a value that the field had at a time, so its last edit was then
// or before. A value that is known already says nothing new. Apps round a
// record's time to the second, so within one second the app is asked. It reports
// whether the value stands.
func (m *Merge) seen(name string, f Field) bool {
	have, ok := m.now.Fields[name]
	switch {
	case ok && f.Value == have.Value:
		return false
	case ok && sameSecond(f.At, have.At):
		m.doubt = true
		return false
	case ok && f.At < have.At:
		return false
	}
	m.put(name, f)
	return true
}

// turnAt merges a deletion or restore whose time is known.
func (m *Merge) turnAt(deleted bool, at int64, into string) {
	if into = max(into, m.now.MergedInto); into != "" {
		m.merged(deleted, at, into)
		return
	}
	switch {
	case at > m.now.TurnedAt:
		m.turn(deleted, at, "")
	case at == m.now.TurnedAt && deleted != m.now.Deleted:
		m.doubt = true
		m.turn(true, at, "")
	case deleted != m.now.Deleted:
		m.stale = true
	}
}

// merged keeps a record that was merged away as such, whatever else is heard of
// it and when: apps undo no merge, and one that is told again as a plain deletion
// must not lose its survivor. Only the app's own answer that the record is there
// stands against it, so a restore is doubted.
func (m *Merge) merged(deleted bool, at int64, into string) {
	switch {
	case !deleted && at >= m.now.TurnedAt, deleted && !m.now.Deleted && m.now.TurnedAt != 0 && at <= m.now.TurnedAt:
		m.doubt = true
	case !deleted:
		m.stale = true
	}
	m.turn(true, max(at, m.now.TurnedAt), into)
}

// Absorbed merges the news of another record that it was merged into this one,
// whose values may be others since.
func (m *Merge) Absorbed(id string) {
	m.hear(deal.UnknownOrigin)
	m.doubt = m.from(id) || m.doubt
}

// Listed merges a record from a listing. Listings lag behind, so a listed value
// never overrides a later edit, and a contradiction is put down to doubt.
func (m *Merge) Listed(r Record) {
	m.hear(deal.UnknownOrigin)
	m.now.Modified = max(m.now.Modified, r.Modified)
	switch {
	case r.Deleted && !m.now.Deleted && r.Modified > m.now.TurnedAt:
		m.turn(true, r.Modified, r.MergedInto)
	case r.Deleted != m.now.Deleted:
		m.doubt = true
	case r.Deleted && m.now.MergedInto == "":
		m.turn(true, m.now.TurnedAt, r.MergedInto)
	}
	for name, value := range r.Fields {
		if at, ok := r.Edited[name]; ok {
			m.edited(name, Field{value, at})
		} else if at, ok := r.Seen[name]; ok {
			m.seen(name, Field{value, at})
		} else {
			m.bounds = m.seen(name, Field{value, r.Modified}) || m.bounds
		}
	}
	m.from(r.MergedFrom...)
	m.complete()
}

// Read merges the record as the app answered it after the copy was taken, so it
// settles every doubt. Only an edit that is certainly later than what the app
// shows stands against it: then the app's answer lags.
func (m *Merge) Read(r Record) {
	m.hear(deal.UnknownOrigin)
	m.now.Modified = max(m.now.Modified, r.Modified)
	switch {
	case r.Deleted != m.now.Deleted:
		m.turn(r.Deleted, max(r.Modified, m.now.TurnedAt), r.MergedInto)
	case r.Deleted && r.MergedInto != "": // who was merged on is found at the last survivor
		m.turn(true, m.now.TurnedAt, r.MergedInto)
	}
	for name, value := range r.Fields {
		m.answered(name, value, &r)
	}
	m.from(r.MergedFrom...)
	m.complete()
	m.doubt = false
}

// answered merges one field of an answer.
func (m *Merge) answered(name, value string, r *Record) {
	have, ok := m.now.Fields[name]
	if at, exact := r.Edited[name]; exact {
		if !ok || at > have.At || at == have.At && value != have.Value {
			m.put(name, Field{value, at})
		}
		return
	}
	at, seen := r.Seen[name]
	if !seen {
		at = r.Modified
	}
	switch {
	case !ok:
		m.put(name, Field{value, at})
	case value != have.Value && (seen || at >= have.At || sameSecond(at, have.At)):
		m.put(name, Field{value, max(at, have.At)})
	}
}

// Gone merges the app's answer that there is no such record (any more). One
// that has never been seen stays unknown.
func (m *Merge) Gone(at int64) {
	m.doubt = false
	if m.existed && !m.now.Deleted {
		m.turn(true, max(at, m.now.TurnedAt), "")
	}
}

// hear notes who made the news: one origin for all of it, or nobody knows.
func (m *Merge) hear(o deal.Origin) {
	if m.heard && o != m.origin {
		o = deal.UnknownOrigin
	}
	m.origin, m.heard = o, true
}

func sameSecond(a, b int64) bool { return a/1000 == b/1000 }
