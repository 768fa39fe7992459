package crm

import (
	"cmp"
	"slices"
	"sort"
)

// timeLog keeps record versions by time of change. A version that has been
// replaced stays as a dead entry until more than half are dead; so a change
// costs an append, not a search through the others.
type timeLog struct {
	entries []entry
	dead    int
	mixed   bool // entries are out of order until the next tidy
}

// farBack is how many entries an insertion moves at most. One that belongs
// further back is put at the end, and the next reader sorts.
const farBack = 4096

type entry struct {
	at   int64
	slot *slot
	rec  *Record
}

func (e entry) live() bool { return e.slot.rec == e.rec }

func (e entry) before(at, id int64) bool {
	return e.at < at || e.at == at && e.slot.id < id
}

// seek is the position of the first entry that is not before (at, id).
func (l *timeLog) seek(at, id int64) int {
	n := len(l.entries)
	if n == 0 || l.entries[n-1].before(at, id) {
		return n
	}
	return sort.Search(n, func(i int) bool { return !l.entries[i].before(at, id) })
}

func (l *timeLog) add(s *slot, rec *Record) {
	e := entry{rec.Updated, s, rec}
	if l.mixed {
		l.entries = append(l.entries, e)
		return
	}
	i := l.seek(e.at, s.id)
	l.entries = append(l.entries, e)
	if i < len(l.entries)-1-farBack {
		l.mixed = true
	} else if i < len(l.entries)-1 {
		copy(l.entries[i+1:], l.entries[i:])
		l.entries[i] = e
	}
}

// tidy puts the entries in order again.
func (l *timeLog) tidy() {
	if !l.mixed {
		return
	}
	slices.SortFunc(l.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.slot.id, b.slot.id))
	})
	l.mixed = false
}

func (l *timeLog) retire() {
	if l.dead++; l.dead < 1024 || l.dead < len(l.entries)/2 {
		return
	}
	kept := make([]entry, 0, len(l.entries)-l.dead+256)
	for _, e := range l.entries {
		if e.live() {
			kept = append(kept, e)
		}
	}
	l.entries, l.dead = kept, 0
}
