package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

func edit(key, id string) bus.Message {
	return bus.Message{
		Subject: bus.Subject{Stage: bus.Changes, Lane: bus.Live, Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Key: key},
		ID:      id, Type: "dealsync.event.v1.Change", Time: time.Date(2026, 3, 1, 12, 0, 0, 123, time.UTC), Data: []byte(id),
	}
}

// consume runs a consumer until the test ends or stop is called.
func consume(t *testing.T, b *bus.Bus, s bus.Stage, h bus.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Consume(ctx, s, h) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil && !b.Conn().IsClosed() {
				t.Errorf("consume: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing came within two minutes")
		panic("unreachable")
	}
}

func publish(t *testing.T, b *bus.Bus, ms ...bus.Message) {
	t.Helper()
	if err := b.PublishAll(t.Context(), ms...); err != nil {
		t.Fatal(err)
	}
}

func TestAMessageArrivesAsItWasPublished(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	want := edit("key with spaces / and ümlauts", "id \"1\" 100%")
	want.Subject.Connection = ""
	publish(t, b, want)
	got := make(chan bus.Delivery, 1)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		got <- *d
		return d.StillOwned()
	})
	d := receive(t, got)
	if diff := cmp.Diff(want, d.Message); diff != "" {
		t.Error(diff)
	}
	if d.Attempt != 1 || d.Sequence != 1 || time.Since(d.Published).Abs() > time.Minute {
		t.Errorf("attempt %d, sequence %d, published %s", d.Attempt, d.Sequence, d.Published)
	}
}

func TestARepeatedPublishIsStoredOnce(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	publish(t, b, edit("1", "a"), edit("1", "a"))
	publish(t, b, edit("1", "a"))
	publish(t, b, edit("1", "b"))
	got := make(chan string, 10)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		got <- d.ID
		return nil
	})
	if ids := []string{receive(t, got), receive(t, got)}; !cmp.Equal(ids, []string{"a", "b"}) {
		t.Errorf("got %v", ids)
	}
}

func TestPublishRefusesWhatNobodyCouldConsume(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	for name, change := range map[string]func(*bus.Message){
		"unknown stage": func(m *bus.Message) { m.Subject.Stage = "nowhere" },
		"parked":        func(m *bus.Message) { m.Subject.Stage = bus.Parked },
		"unknown lane":  func(m *bus.Message) { m.Subject.Lane = "fast" },
		"too large":     func(m *bus.Message) { m.Data = make([]byte, 3<<20) },
	} {
		m := edit("1", "a")
		change(&m)
		if err := b.Publish(t.Context(), m); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want an Invalid error", name, err)
		}
	}
	if err := b.Consume(t.Context(), bus.Journal, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("consume journal: got %v", err)
	}
}

func TestAFullStreamIsTransientAndFreesItself(t *testing.T) {
	t.Parallel()
	cfg := bustest.Config()
	cfg.StageBytes = 64 << 10
	b := bustest.New(t).Bus(cfg)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		m := edit("1", fmt.Sprint(i))
		m.Data = make([]byte, 4<<10)
		err = b.Publish(t.Context(), m)
	}
	if !fault.Is(err, fault.Transient) || fault.CodeOf(err) != bus.CodeFull {
		t.Fatalf("got %v (%s), want %s", err, fault.CodeOf(err), bus.CodeFull)
	}
	handled := make(chan string, 100)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		handled <- d.ID
		return nil
	})
	receive(t, handled)
	for err = errors.New("not tried"); err != nil; err = b.Publish(t.Context(), edit("1", "last")) {
		receive(t, handled)
	}
}

func TestNoServerIsTransient(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	cfg := bustest.Config()
	nc := s.Conn()
	b, err := bus.New(t.Context(), nc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if err := b.Publish(t.Context(), edit("1", "a")); !fault.Is(err, fault.Transient) || fault.CodeOf(err) != bus.CodeDown {
		t.Errorf("got %v", err)
	}
	if err := b.PublishAll(t.Context(), edit("1", "a"), edit("1", "b")); !fault.Is(err, fault.Transient) || fault.CodeOf(err) != bus.CodeDown {
		t.Errorf("got %v", err)
	}
}
