package crm

import (
	"sort"
	"sync"
)

// slot is the place of a record; its current version changes.
type slot struct {
	id  int64
	rec *Record
}

// Table holds the records of one object type. All methods may be called from
// many goroutines; locks are held for one record's change or one page.
type Table struct {
	mu      sync.RWMutex
	byID    map[int64]*slot
	order   []*slot // by id
	log     timeLog
	unique  map[string]map[string]int64 // field -> value -> id
	nextID  int64
	version uint64
	notify  func(*Record)
}

// NewTable makes an empty table whose first record gets firstID. notify, if
// not nil, hears every stored version, under the table's lock.
func NewTable(firstID int64, notify func(*Record)) *Table {
	return &Table{byID: map[int64]*slot{}, unique: map[string]map[string]int64{}, nextID: firstID, notify: notify}
}

// Clear forgets all records and unique fields, and starts again at firstID.
func (t *Table) Clear(firstID int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byID, t.unique = map[int64]*slot{}, map[string]map[string]int64{}
	t.order, t.log, t.nextID = nil, timeLog{}, firstID
}

// SetUnique makes the values of a field unique among live records from now on.
func (t *Table) SetUnique(field string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unique[field] != nil {
		return
	}
	idx := map[string]int64{}
	for _, s := range t.order {
		if v := s.rec.Values[field]; v != "" && !s.rec.Archived {
			idx[v] = s.id
		}
	}
	t.unique[field] = idx
}

// Insert stores the record that build makes for the next id.
func (t *Table) Insert(build func(id int64) (*Record, error)) (*Record, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := t.nextID
	t.nextID++
	rec, err := build(id)
	if err != nil {
		return nil, err
	}
	rec.ID = id
	if err := t.taken(rec); err != nil {
		return nil, err
	}
	t.put(rec)
	return rec, nil
}

// Mutate replaces a record by what change makes of it. When change returns nil
// or the old version, nothing is stored. Both results are nil for an unknown id.
func (t *Table) Mutate(id int64, change func(old *Record) (*Record, error)) (was, is *Record, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byID[id]
	if s == nil {
		return nil, nil, nil
	}
	was = s.rec
	is, err = change(was)
	if err != nil {
		return was, nil, err
	}
	if is == nil || is == was {
		return was, was, nil
	}
	if err := t.taken(is); err != nil {
		return was, nil, err
	}
	t.put(is)
	return was, is, nil
}

func (t *Table) taken(rec *Record) error {
	if rec.Archived {
		return nil
	}
	for field, idx := range t.unique {
		if v := rec.Values[field]; v != "" {
			if other, ok := idx[v]; ok && other != rec.ID {
				return &TakenError{Field: field, Value: v, ID: rec.ID, Existing: other}
			}
		}
	}
	return nil
}

// put stores a version; the caller holds the lock.
func (t *Table) put(rec *Record) {
	if rec.version == 0 || t.notify != nil { // a view keeps the version it was given
		t.version++
		rec.version = t.version
	}
	s := t.byID[rec.ID]
	if s == nil {
		s = &slot{id: rec.ID}
		t.byID[rec.ID] = s
		t.insertOrder(s)
	}
	old := s.rec
	t.reindex(old, rec)
	s.rec = rec
	if old != nil {
		t.log.retire()
	}
	t.log.add(s, rec)
	if t.notify != nil {
		t.notify(rec)
	}
}

func (t *Table) reindex(old, rec *Record) {
	for field, idx := range t.unique {
		if old != nil {
			if v := old.Values[field]; v != "" && idx[v] == old.ID {
				delete(idx, v)
			}
		}
		if v := rec.Values[field]; v != "" && !rec.Archived {
			idx[v] = rec.ID
		}
	}
}

func (t *Table) insertOrder(s *slot) {
	n := len(t.order)
	if n == 0 || t.order[n-1].id < s.id {
		t.order = append(t.order, s)
		return
	}
	i := sort.Search(n, func(i int) bool { return t.order[i].id > s.id })
	t.order = append(t.order, nil)
	copy(t.order[i+1:], t.order[i:])
	t.order[i] = s
}

// Remove forgets a record for good.
func (t *Table) Remove(id int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byID[id]
	if s == nil {
		return
	}
	gone := *s.rec
	gone.Archived = true
	t.reindex(s.rec, &gone)
	delete(t.byID, id)
	i := sort.Search(len(t.order), func(i int) bool { return t.order[i].id >= id })
	t.order = append(t.order[:i], t.order[i+1:]...)
	s.rec = &gone // its log entry is dead now
	t.log.retire()
}
