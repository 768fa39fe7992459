package crm

import (
	"math"
	"sort"
)

// Get returns the current version of a record, or nil.
func (t *Table) Get(id int64) *Record {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if s := t.byID[id]; s != nil {
		return s.rec
	}
	return nil
}

// ByUnique finds the live record that has the value in a unique field, or nil.
// The second result says whether the field is unique at all.
func (t *Table) ByUnique(field, value string) (*Record, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	idx, ok := t.unique[field]
	if !ok {
		return nil, false
	}
	if id, has := idx[value]; has {
		return t.byID[id].rec, true
	}
	return nil, true
}

// Len is the number of records, archived ones included.
func (t *Table) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.order)
}

// ScanID calls f for the records whose id is greater than after (or, backwards,
// smaller than after), in order of id, until f returns false. f must be quick:
// writers wait for it.
func (t *Table) ScanID(after int64, backwards bool, f func(*Record) bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if backwards {
		i := sort.Search(len(t.order), func(i int) bool { return t.order[i].id >= after })
		for i--; i >= 0 && f(t.order[i].rec); i-- {
		}
		return
	}
	i := sort.Search(len(t.order), func(i int) bool { return t.order[i].id > after })
	for ; i < len(t.order) && f(t.order[i].rec); i++ {
	}
}

// ScanTime calls f for the records in order of (Updated, ID), starting after
// the given pair, until f returns false. The same warning as for ScanID holds.
func (t *Table) ScanTime(at, id int64, backwards bool, f func(*Record) bool) {
	t.mu.RLock()
	for t.log.mixed {
		t.mu.RUnlock()
		t.mu.Lock()
		t.log.tidy()
		t.mu.Unlock()
		t.mu.RLock()
	}
	defer t.mu.RUnlock()
	if backwards {
		for i := t.log.seek(at, id) - 1; i >= 0; i-- {
			if e := t.log.entries[i]; e.live() && !f(e.rec) {
				return
			}
		}
		return
	}
	if id < math.MaxInt64 {
		id++
	}
	for i := t.log.seek(at, id); i < len(t.log.entries); i++ {
		if e := t.log.entries[i]; e.live() && !f(e.rec) {
			return
		}
	}
}

// Since is a snapshot of the records changed at or after a time, oldest change first.
func (t *Table) Since(at int64) []*Record {
	var out []*Record
	t.ScanTime(at, math.MinInt64, false, func(r *Record) bool { out = append(out, r); return true })
	return out
}

// All is a snapshot of all records by id.
func (t *Table) All() []*Record {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]*Record, len(t.order))
	for i, s := range t.order {
		out[i] = s.rec
	}
	return out
}
