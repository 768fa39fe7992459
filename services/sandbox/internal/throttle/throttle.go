// Package throttle counts calls the way the two APIs do: in a rolling window
// per caller, and in a budget that a day's calls use up. It decides only; the
// doubles word the refusal.
package throttle

import (
	"sync"
	"time"
)

// slices is how many parts a window is counted in.
const slices = 20

// Window allows Limit calls in any Span, per key.
type Window struct {
	Limit int
	Span  time.Duration

	mu   sync.Mutex
	keys map[string]*ring
}

type ring struct {
	counts [slices]int
	last   int64 // number of the newest slice
}

// NewWindow makes a rolling window.
func NewWindow(limit int, span time.Duration) *Window {
	return &Window{Limit: limit, Span: span, keys: map[string]*ring{}}
}

// Take asks for one call of key at now. It returns how many are left, how long
// until the oldest counted ones leave the window, and whether the call may go on.
func (w *Window) Take(key string, now time.Time) (left int, reset time.Duration, ok bool) {
	part := int64(w.Span) / slices
	tick := now.UnixNano() / part
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.keys[key]
	if r == nil {
		r = &ring{last: tick}
		w.keys[key] = r
	}
	if tick-r.last >= slices {
		r.counts = [slices]int{}
		r.last = tick
	}
	for ; r.last < tick; r.last++ {
		r.counts[(r.last+1)%slices] = 0
	}
	used, oldest := 0, tick
	for i := tick - slices + 1; i <= tick; i++ {
		if n := r.counts[i%slices]; n > 0 {
			used += n
			oldest = min(oldest, i)
		}
	}
	reset = time.Duration((oldest+slices)*part - now.UnixNano())
	if used >= w.Limit {
		return 0, reset, false
	}
	r.counts[tick%slices]++
	return w.Limit - used - 1, reset, true
}

// Budget is an amount that each day's calls share. Days end at midnight UTC.
type Budget struct {
	mu   sync.Mutex
	size int
	used int
	day  int64
}

// NewBudget makes a budget of size units a day.
func NewBudget(size int) *Budget { return &Budget{size: size} }

// Take spends cost units. It returns what is left and whether there was enough.
func (b *Budget) Take(cost int, now time.Time) (left int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if day := now.Unix() / 86400; day != b.day {
		b.day, b.used = day, 0
	}
	if b.used+cost > b.size {
		return b.size - b.used, false
	}
	b.used += cost
	return b.size - b.used, true
}

// Size is the number of units a day.
func (b *Budget) Size() int { return b.size }
