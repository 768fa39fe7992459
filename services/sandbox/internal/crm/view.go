package crm

import (
	"container/heap"
	"sync"
)

// View is what a search index sees of a table: every version appears only
// some time after it was stored. Versions may become visible out of order,
// but an older one never replaces a newer one.
type View struct {
	mu      sync.Mutex
	pending pending
	table   *Table
	now     func() int64
	lag     func() int64
}

// NewView makes a view. lag draws the delay of the next version, in milliseconds.
func NewView(now, lag func() int64) *View {
	return &View{table: NewTable(0, nil), now: now, lag: lag}
}

// Push hears of a new version; it is the notify function of the table.
func (v *View) Push(rec *Record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	heap.Push(&v.pending, indexed{now + v.lag(), rec})
	v.settle(now, 2) // keeps the queue short even when nobody searches
}

// Clear forgets everything, also what is not visible yet.
func (v *View) Clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pending = nil
	v.table.Clear(0)
}

// Table settles what is due and returns what a search may see. Do not write to it.
func (v *View) Table() *Table {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.settle(v.now(), len(v.pending))
	return v.table
}

func (v *View) settle(now int64, limit int) {
	for ; limit > 0 && len(v.pending) > 0 && v.pending[0].at <= now; limit-- {
		rec := heap.Pop(&v.pending).(indexed).rec
		v.table.mu.Lock()
		if s := v.table.byID[rec.ID]; s == nil || s.rec.version < rec.version {
			v.table.put(rec)
		}
		v.table.mu.Unlock()
	}
}

type indexed struct {
	at  int64
	rec *Record
}

type pending []indexed

func (p pending) Len() int { return len(p) }
func (p pending) Less(i, j int) bool {
	return p[i].at < p[j].at || p[i].at == p[j].at && p[i].rec.version < p[j].rec.version
}
func (p pending) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *pending) Push(x any)   { *p = append(*p, x.(indexed)) }

func (p *pending) Pop() any {
	old := *p
	last := old[len(old)-1]
	old[len(old)-1] = indexed{}
	*p = old[:len(old)-1]
	return last
}
