// Package batch gathers single calls into batches. A call goes out at once when
// nothing is in flight; calls that come meanwhile form the next batch. So light
// load pays no added latency and heavy load fills batches. Where calls are
// scarce, heavy load can be held to a pace besides; see [Batcher.Pace].
//
// It never repeats a call, never orders batches among each other, and never
// looks into an item.
package batch

import (
	"context"
	"fmt"
	"sync"

	"github.com/dealsync/dealsync/libs/fault"
)

// ErrClosed is the answer to items that come after Close.
var ErrClosed = fault.New(fault.Transient, "closing", "batcher is closed")

// Func handles one batch. It answers one Out for each item, in order, and one
// error for each item or nil when none failed; see [Fail] for a batch that
// failed as a whole. Its ctx carries the values of the first item's context
// (its trace) and ends only when no item waits any more or Close gives up.
type Func[In, Out any] func(ctx context.Context, items []In) ([]Out, []error)

// Batcher gathers items for one Func. It is safe for concurrent use.
type Batcher[In, Out any] struct {
	do            Func[In, Out]
	max, parallel int

	mu      sync.Mutex
	queue   []*item[In, Out]
	flights map[*flight[In, Out]]struct{}
	pace    pace
	closed  bool
	drained chan struct{} // made by Close, closed when nothing is left
}

// New makes a batcher whose batches hold at most max items. At most parallel
// batches are in flight; beside one in flight another goes out only when it is
// full, so that parallel batches never make small ones. With max 1 that is
// plain bounded concurrency. Values below 1 mean 1.
func New[In, Out any](max, parallel int, do Func[In, Out]) *Batcher[In, Out] {
	return &Batcher[In, Out]{
		do: do, max: atLeast(1, max), parallel: atLeast(1, parallel),
		flights: make(map[*flight[In, Out]]struct{}),
	}
}

func atLeast(low, n int) int {
	if n < low {
		return low
	}
	return n
}

// item is one waiting call. done is closed after out and err are set.
type item[In, Out any] struct {
	ctx  context.Context
	in   In
	out  Out
	err  error
	done chan struct{}
	// flight is nil while the item waits in the queue; guarded by the mutex.
	flight *flight[In, Out]
}

// Do hands in to the next batch and waits for its result. When ctx ends first,
// Do returns ctx's error: an item that is still waiting is taken out, one that
// is in flight may have had its effect.
func (b *Batcher[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	var zero Out
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	it := &item[In, Out]{ctx: ctx, in: in, done: make(chan struct{})}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return zero, ErrClosed
	}
	b.queue = append(b.queue, it)
	b.pace.came++
	b.launch()
	b.mu.Unlock()

	select {
	case <-it.done:
		return it.out, it.err
	case <-ctx.Done():
		b.leave(it)
		return zero, ctx.Err()
	}
}

// Close refuses new items and waits until all others are answered. When ctx
// ends first it cancels the batches in flight, answers what still waits with
// ErrClosed, and returns ctx's error. Closing twice is fine.
func (b *Batcher[In, Out]) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.pace.stop()
	b.launch()
	if b.drained == nil {
		b.drained = make(chan struct{})
		b.settle()
	}
	b.mu.Unlock()

	select {
	case <-b.drained:
		return nil
	case <-ctx.Done():
		b.abandon()
		return fmt.Errorf("drain batcher: %w", ctx.Err())
	}
}

// abandon gives up on everything that is not answered yet.
func (b *Batcher[In, Out]) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, it := range b.queue {
		it.err = ErrClosed
		close(it.done)
	}
	b.queue = nil
	for f := range b.flights {
		f.cancel()
	}
	b.settle()
}

// leave takes an item out whose caller has gone. The last one to leave a batch
// in flight ends it.
func (b *Batcher[In, Out]) leave(it *item[In, Out]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := it.flight; f != nil {
		if f.waiting--; f.waiting == 0 {
			f.cancel()
		}
		return
	}
	for i, q := range b.queue {
		if q == it {
			b.queue = append(b.queue[:i], b.queue[i+1:]...)
			break
		}
	}
	b.settle()
}

// settle tells Close when nothing is left. The mutex is held.
func (b *Batcher[In, Out]) settle() {
	if b.drained == nil || len(b.queue) > 0 || len(b.flights) > 0 {
		return
	}
	select {
	case <-b.drained:
	default:
		close(b.drained)
	}
}
