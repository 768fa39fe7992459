// Package crm is the store that both API doubles share: tables of immutable
// record versions, with indexes by id, by time of change and by unique field,
// and a second, lagging view for search. Values are opaque strings; what they
// mean (HubSpot text, Pipedrive JSON) is the caller's business. Nothing here
// does I/O, and no write ever looks at more than the record it changes.
package crm

import (
	"fmt"
	"maps"
)

// Source says who made a change.
type Source struct {
	Type   string // HubSpot: CRM_UI, INTEGRATION, ...; Pipedrive: app, api
	ID     string
	Label  string
	UserID int64
}

// Change is one new value of one field.
type Change struct {
	Field, Value, Old string
	At                int64 // milliseconds since 1970
	Source            *Source
}

// Record is one version of a record. It is never changed after it was stored,
// so readers need no lock.
type Record struct {
	ID         int64
	Values     map[string]string
	Created    int64 // milliseconds since 1970, as all times here
	Updated    int64
	Archived   bool
	ArchivedAt int64
	MergedInto int64
	Changes    []Change // oldest first, at most historyCap
	version    uint64
}

// historyCap bounds how many changes a record remembers.
const historyCap = 400

// Next is a copy of r to be filled with the next state.
func (r *Record) Next() *Record {
	n := *r
	n.Values = maps.Clone(r.Values)
	return &n
}

// Set gives a field its new value and remembers it. An empty value clears the
// field. It reports whether anything changed.
func (r *Record) Set(c Change) bool {
	c.Old = r.Values[c.Field]
	if c.Old == c.Value {
		return false
	}
	if c.Value == "" {
		delete(r.Values, c.Field)
	} else {
		r.Values[c.Field] = c.Value
	}
	r.Remember(c)
	return true
}

// Remember adds a change to the history without touching the value.
func (r *Record) Remember(c Change) {
	if len(r.Changes) >= historyCap {
		r.Changes = append([]Change(nil), r.Changes[historyCap/2:]...)
	}
	r.Changes = append(r.Changes, c)
}

// History lists the remembered changes of one field, newest first, up to limit.
func (r *Record) History(field string, limit int) []Change {
	var out []Change
	for i := len(r.Changes) - 1; i >= 0 && len(out) < limit; i-- {
		if r.Changes[i].Field == field {
			out = append(out, r.Changes[i])
		}
	}
	return out
}

// TakenError says that a value of a unique field belongs to another record.
type TakenError struct {
	Field, Value string
	ID, Existing int64 // the record that wanted the value, and the one that has it
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("value %q of %s on %d: %d already has that value", e.Value, e.Field, e.ID, e.Existing)
}
