package core

import (
	"maps"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Entry is one thing that happened to a pair, and why. Event is a stable name:
// created, matched, edit, conflict, write, written, rejected, failing, excluded,
// included, deleted, restored, merged, folded, associated, not_associated.
type Entry struct {
	AtMs       int64
	Event      string
	Side       deal.Side
	Unit       string
	Value      string
	RivalValue string
	Winner     deal.Side
	Reason     string
	Version    uint64
	EditedMs   int64
	Record     string
}

// tell adds an entry to this step's journal.
func (st *step) tell(e Entry) {
	e.AtMs = st.now
	st.d.Journal = append(st.d.Journal, e)
}

// conflict tells a verdict. A value that is not at hand is left out.
func (st *step) conflict(unit string, c Choice, reason string) {
	st.d.Tally.Conflicts = append(st.d.Tally.Conflicts, Conflict{Unit: unit, Winner: c.By, Reason: reason})
	u, lost := st.p.Units[unit], c.By.Other()
	st.tell(Entry{
		Event: "conflict", Side: st.in.Side, Unit: unit, Winner: c.By, Reason: reason, EditedMs: c.Edit.At,
		Value:      text(st.value(c.By, unit, c.Edit.Own)),
		RivalValue: text(st.value(lost, unit, u.On(lost).Edit.Own)),
	})
}

// text shows a unit's value to people: the bare value of a single field, else
// "name=value" pairs.
func text(f deal.Fields) string {
	if len(f) == 1 {
		for _, v := range f {
			return v
		}
	}
	parts := make([]string, 0, len(f))
	for _, name := range slices.Sorted(maps.Keys(f)) {
		parts = append(parts, name+"="+f[name])
	}
	return strings.Join(parts, " ")
}
