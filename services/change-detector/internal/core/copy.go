// Package core merges what is heard about a record onto the copy of it, and
// says what really changed. News comes late, twice and in any order; per field
// the later edit stands, so the order cannot change the copy. It is pure: it
// reads nothing, publishes nothing and knows no clock.
package core

import (
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// Field is a value and the time of its last edit in Unix milliseconds. The
// time may be an upper bound, where the app does not tell better.
type Field struct {
	Value string
	At    int64
}

// Copy is what is known of one record.
type Copy struct {
	Fields   map[string]Field
	Modified int64
	Deleted  bool
	// TurnedAt is when the record was last deleted or restored.
	TurnedAt int64
	// MergedInto is the record that this one was merged into; it is Deleted then.
	MergedInto string
	// MergedFrom are the records that were merged into this one, in order.
	MergedFrom []string
	// Complete: the whole record has been seen at least once.
	Complete bool
}

// Action is what an event says happened.
type Action uint8

// Actions.
const (
	Changed Action = iota
	Created
	Deleted
	Restored
	Merged
)

// Event is one event about the record, with the time at which it happened.
type Event struct {
	Action Action
	At     int64
	Fields map[string]string
	// Touched names the fields that the event changed; the others of Fields
	// are merely current. Empty: all of them.
	Touched []string
	// Whole: Fields are the whole record.
	Whole      bool
	Origin     deal.Origin
	MergedInto string
	MergedFrom []string
}

// Record is the record as the app answered it.
type Record struct {
	Fields map[string]string
	// Edited is the time of each field's last edit, where the app tells; the
	// other fields were edited at Modified or before.
	Edited map[string]int64
	// Seen is when a field was seen that may change without Modified moving, as
	// associations do; it was edited then or before.
	Seen       map[string]int64
	Modified   int64
	Deleted    bool
	MergedInto string
	MergedFrom []string
}

// Merge is one step of merging onto a copy. The copy given to Begin is never
// modified.
type Merge struct {
	before  Copy
	existed bool
	now     Copy
	cloned  bool
	// moved: something beside Modified is no longer as before.
	moved  bool
	doubt  bool
	bounds bool
	stale  bool
	origin deal.Origin
	heard  bool
	// by is who made the fields that an event of this merge has set.
	by map[string]author
	// touched are the fields that an event has changed.
	touched map[string]bool
	// hidden are edits that a later value hides before anybody heard of them.
	hidden map[string]Field
}

// author is who made a field's value, at a time.
type author struct {
	origin deal.Origin
	at     int64
}

// Begin starts a merge onto before; existed is false for a record that has no
// copy yet.
func Begin(before Copy, existed bool) *Merge {
	return &Merge{before: before, existed: existed, now: before}
}

// NeedsRead reports whether the record must be read before the result can be
// trusted: it has never been seen whole, or two pieces of news contradict each
// other. A deleted record that nobody doubts need not be seen whole.
func (m *Merge) NeedsRead() bool { return m.doubt || !m.now.Complete && !m.now.Deleted }

// Approximate reports whether some field got the record's time because its own
// is not known.
func (m *Merge) Approximate() bool { return m.bounds }

func (m *Merge) put(name string, f Field) {
	if !m.cloned {
		m.now.Fields = maps.Clone(m.now.Fields)
		if m.now.Fields == nil {
			m.now.Fields = map[string]Field{}
		}
		m.cloned = true
	}
	m.now.Fields[name] = f
	m.moved = true
}

func (m *Merge) touch(name string) {
	if m.touched == nil {
		m.touched = map[string]bool{}
	}
	m.touched[name] = true
}

// turn marks the record as deleted or not, from a time on.
func (m *Merge) turn(deleted bool, at int64, into string) {
	if m.now.Deleted == deleted && m.now.TurnedAt == at && m.now.MergedInto == into {
		return
	}
	m.now.Deleted, m.now.TurnedAt, m.now.MergedInto = deleted, at, into
	m.moved = true
}

// from adds records that were merged into this one; nobody ever takes one back.
func (m *Merge) from(ids ...string) (grown bool) {
	for _, id := range ids {
		at, known := slices.BinarySearch(m.now.MergedFrom, id)
		if !known {
			m.now.MergedFrom = slices.Insert(slices.Clone(m.now.MergedFrom), at, id)
			m.moved, grown = true, true
		}
	}
	return grown
}

// complete notes that the whole record has been seen.
func (m *Merge) complete() {
	if !m.now.Complete {
		m.now.Complete, m.moved = true, true
	}
}
