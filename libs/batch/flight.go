package batch

import (
	"context"
	"runtime/debug"

	"github.com/dealsync/dealsync/libs/fault"
)

// flight is one batch on its way.
type flight[In, Out any] struct {
	items   []*item[In, Out]
	cancel  context.CancelFunc
	waiting int // items whose caller is still there
}

// launch sends out what may go out. The mutex is held.
func (b *Batcher[In, Out]) launch() {
	for len(b.queue) > 0 && len(b.flights) < b.parallel {
		if len(b.queue) < b.max && (len(b.flights) > 0 || b.hold()) {
			return
		}
		n := min(len(b.queue), b.max)
		f := &flight[In, Out]{items: b.queue[:n:n], waiting: n}
		if b.queue = b.queue[n:]; len(b.queue) == 0 {
			b.queue = nil // lets go of what has been sent
		}
		// No item's end is the batch's end; the first one lends its trace.
		ctx, cancel := context.WithCancel(context.WithoutCancel(f.items[0].ctx))
		f.cancel = cancel
		for _, it := range f.items {
			it.flight = f
		}
		b.flights[f] = struct{}{}
		go b.fly(ctx, f)
	}
}

// fly runs one batch and answers its items, whatever becomes of the Func.
func (b *Batcher[In, Out]) fly(ctx context.Context, f *flight[In, Out]) {
	var outs []Out
	var errs []error
	returned := false
	defer func() {
		if !returned {
			outs, errs = Fail[Out](len(f.items), crash(recover()))
		}
		f.cancel()
		b.land(f, outs, errs)
	}()
	ins := make([]In, len(f.items))
	for i, it := range f.items {
		ins[i] = it.in
	}
	outs, errs = b.do(ctx, ins)
	returned = true
}

// crash is the error of a Func that did not return.
func crash(panicked any) error {
	if panicked == nil {
		return fault.New(fault.Bug, "panic", "batch function ended its goroutine")
	}
	return fault.New(fault.Bug, "panic", "batch function panicked: %v\n%s", panicked, debug.Stack())
}

// land answers a batch's items and lets the next one go.
func (b *Batcher[In, Out]) land(f *flight[In, Out], outs []Out, errs []error) {
	for i, it := range f.items {
		it.out, it.err = pick(i, len(f.items), outs, errs)
		close(it.done)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.flights, f)
	b.launch()
	b.settle()
}

// pick is item i's result. A Func that answers too few or too many is a bug
// that nobody may take for success.
func pick[Out any](i, n int, outs []Out, errs []error) (out Out, err error) {
	if len(errs) > 0 && len(errs) != n {
		return out, fault.New(fault.Bug, "batch_shape", "batch of %d answered %d errors", n, len(errs))
	}
	if len(errs) > 0 && errs[i] != nil {
		return out, errs[i]
	}
	if len(outs) != n {
		return out, fault.New(fault.Bug, "batch_shape", "batch of %d answered %d results", n, len(outs))
	}
	return outs[i], nil
}

// Fail is what a Func returns when its n items failed together with err.
func Fail[Out any](n int, err error) ([]Out, []error) {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return nil, errs
}
