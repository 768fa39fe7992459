package bus_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

func bulk(key, id string) bus.Message {
	m := edit(key, id)
	m.Subject.Lane = bus.Bulk
	return m
}

func TestBulkWorkThatIsStuckDoesNotDelayLiveEdits(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	for i := range 200 {
		publish(t, b, bulk(fmt.Sprint("b", i), fmt.Sprint("b", i)))
	}
	release := make(chan struct{})
	stuck := make(chan struct{}, 200)
	live := make(chan string, 200)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		if d.Subject.Lane == bus.Bulk {
			stuck <- struct{}{}
			<-release
			return nil
		}
		live <- d.ID
		return nil
	})
	for range 16 { // the whole bulk window is in hand and blocked
		receive(t, stuck)
	}
	for i := range 100 {
		id := fmt.Sprint("l", i)
		publish(t, b, edit(id, id))
		receive(t, live)
	}
	select {
	case <-stuck:
		t.Error("more than the window of bulk messages in hand")
	default:
	}
	close(release)
	for range 184 {
		receive(t, stuck)
	}
}

func TestALiveEditOvertakesABulkRetryOfItsOwnKey(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	tried, done := make(chan struct{}, 1), make(chan bus.Lane, 2)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		if d.Subject.Lane == bus.Bulk && d.Attempt == 1 {
			tried <- struct{}{}
			return &fault.Error{Kind: fault.RateLimited, After: 2 * time.Second, Err: context.DeadlineExceeded}
		}
		done <- d.Subject.Lane
		return nil
	})
	publish(t, b, bulk("1", "b"))
	receive(t, tried)
	publish(t, b, edit("1", "l"))
	if first, then := receive(t, done), receive(t, done); first != bus.Live || then != bus.Bulk {
		t.Errorf("first %s, then %s", first, then)
	}
}

func TestOneStuckKeyDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	done := make(chan string, 10)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		if d.Subject.Key == "stuck" {
			return fault.New(fault.Transient, "", "its app is down")
		}
		done <- d.ID
		return nil
	})
	publish(t, b, edit("stuck", "s1"), edit("stuck", "s2"))
	for i := range 10 {
		publish(t, b, edit("fine", fmt.Sprint(i)))
		receive(t, done)
	}
}

func TestReplicasShareThePartitionsEvenly(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	cfg := bustest.Config()
	cfg.Partitions = 4
	a := s.Bus(cfg)
	nothing := func(context.Context, *bus.Delivery) error { return nil }
	held := holders(t, a)
	consume(t, a, bus.Changes, nothing)
	held.until(t, "one replica has all", 4)
	stop := consume(t, s.Bus(cfg), bus.Changes, nothing)
	held.until(t, "two have two each", 2, 2)
	stop()
	held.until(t, "the one left takes over", 4)
}

// leaseWatch follows who holds the partitions of the changes.
type leaseWatch struct {
	updates <-chan jetstream.KeyValueEntry
	holder  map[string]string
}

func holders(t *testing.T, b *bus.Bus) *leaseWatch {
	t.Helper()
	kv, err := b.JetStream().KeyValue(t.Context(), "dealsync_leases")
	if err != nil {
		t.Fatal(err)
	}
	w, err := kv.Watch(t.Context(), "changes.lease.>")
	if err != nil {
		t.Fatal(err)
	}
	return &leaseWatch{w.Updates(), map[string]string{}}
}

func (w *leaseWatch) until(t *testing.T, what string, counts ...int) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for !w.spread(counts) {
		select {
		case e := <-w.updates:
			switch {
			case e == nil:
			case e.Operation() == jetstream.KeyValuePut:
				w.holder[e.Key()] = string(e.Value())
			default:
				delete(w.holder, e.Key())
			}
		case <-deadline:
			t.Fatalf("%s: still %v", what, w.holder)
		}
	}
}

// spread reports whether as many replicas as there are counts hold that many.
func (w *leaseWatch) spread(counts []int) bool {
	by := map[string]int{}
	for _, h := range w.holder {
		by[h]++
	}
	if len(by) != len(counts) {
		return false
	}
	for _, n := range by {
		if n != counts[0] {
			return false
		}
	}
	return true
}

func TestAConsumerThatDeliversNothingIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(context.Context, jetstream.Stream, string) error{
		"deleted": func(ctx context.Context, st jetstream.Stream, c string) error { return st.DeleteConsumer(ctx, c) },
		"paused": func(ctx context.Context, st jetstream.Stream, c string) error {
			_, err := st.PauseConsumer(ctx, c, time.Now().Add(time.Hour))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := bustest.Config()
			cfg.StallAfter = time.Second
			b := bustest.New(t).Bus(cfg)
			got := make(chan string, 10)
			consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
				got <- d.ID
				return nil
			})
			publish(t, b, edit("1", "before"))
			receive(t, got)
			st, err := b.JetStream().Stream(t.Context(), "DEALSYNC_CHANGES")
			if err != nil {
				t.Fatal(err)
			}
			for c := range st.ConsumerNames(t.Context()).Name() {
				if err := harm(t.Context(), st, c); err != nil {
					t.Fatal(err)
				}
			}
			publish(t, b, edit("1", "after"))
			if id := receive(t, got); id != "after" {
				t.Errorf("got %s", id)
			}
		})
	}
}
