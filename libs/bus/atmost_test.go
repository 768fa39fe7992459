package bus_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestAtMostSoManyHandlersRunAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, done atomic.Int64
		proceed := make(chan struct{})
		h := bus.AtMost(2, func(context.Context, *bus.Delivery) error {
			running.Add(1)
			<-proceed
			running.Add(-1)
			done.Add(1)
			return nil
		})
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { _ = h(t.Context(), &bus.Delivery{}) })
		}
		synctest.Wait()
		if n := running.Load(); n != 2 {
			t.Errorf("%d handlers run at once", n)
		}
		close(proceed)
		wg.Wait()
		if n := done.Load(); n != 5 {
			t.Errorf("%d of 5 were handled", n)
		}
	})
}

func TestBulkMessagesNeverTakeTheTurnOfALiveOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running [2]atomic.Int64 // bulk, live
		proceed := make(chan struct{})
		h := bus.AtMost(8, func(_ context.Context, d *bus.Delivery) error {
			lane := 1
			if d.Subject.Lane == bus.Bulk {
				lane = 0
			}
			running[lane].Add(1)
			<-proceed
			return nil
		})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _ = h(t.Context(), &bus.Delivery{Message: bus.Message{Subject: bus.Subject{Lane: bus.Bulk}}}) })
		}
		synctest.Wait() // all turns that bulk messages can have are taken
		for range 8 {
			wg.Go(func() { _ = h(t.Context(), &bus.Delivery{Message: bus.Message{Subject: bus.Subject{Lane: bus.Live}}}) })
		}
		synctest.Wait()
		if b, l := running[0].Load(), running[1].Load(); b != 2 || l != 8 {
			t.Errorf("%d bulk and %d live messages are handled at once, want 2 and 8", b, l)
		}
		close(proceed)
		wg.Wait()
	})
}

func TestWhoWaitsForATurnLeavesWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		h := bus.AtMost(1, func(context.Context, *bus.Delivery) error { <-proceed; return nil })
		var wg sync.WaitGroup
		wg.Go(func() { _ = h(t.Context(), &bus.Delivery{}) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := h(ctx, &bus.Delivery{})
		if !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Transient) {
			t.Errorf("got %v", err)
		}
		close(proceed)
		wg.Wait()
	})
}
