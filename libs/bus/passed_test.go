package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestAMarkIsPassedWhenAllBeforeItIsHandled(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	passed := func(object string, mark uint64) bool {
		t.Helper()
		ok, err := b.Passed(t.Context(), bus.Changes, "acme", "pipedrive-main", object, mark)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	handled, goOn := make(chan string), make(chan struct{})
	consume(t, b, bus.Changes, func(ctx context.Context, d *bus.Delivery) error {
		if d.Subject.Key == "bad" {
			return fault.New(fault.Rejected, "bad", "never") // parked, which counts as handled
		}
		select {
		case handled <- d.Subject.Key:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-goOn:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if !passed("deal", 0) {
		t.Error("a stage without messages has something left")
	}
	publish(t, b, edit("bad", "a"), edit("1", "b"))
	mark, err := b.Mark(t.Context(), bus.Changes)
	if err != nil || mark != 2 {
		t.Fatalf("mark = %d, %v", mark, err)
	}
	receive(t, handled)
	if passed("deal", mark) {
		t.Error("passed while a message is being handled")
	}
	if !passed("contact", mark) {
		t.Error("waits for the messages of another object")
	}
	publish(t, b, edit("1", "c")) // the same key: it comes when the first one is done
	goOn <- struct{}{}
	receive(t, handled)
	await := func(mark uint64) { // an ack takes its way to the server
		t.Helper()
		for end := time.Now().Add(time.Minute); !passed("deal", mark); {
			if time.Now().After(end) {
				t.Fatalf("mark %d is never passed", mark)
			}
		}
	}
	await(mark) // whatever waits behind the mark
	if passed("deal", mark+1) {
		t.Error("passed what was not handled")
	}
	goOn <- struct{}{}
	await(mark + 1)
}
