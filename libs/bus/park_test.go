package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

// untilParked returns the parked messages once there are n, woken by each attempt.
func untilParked(t *testing.T, b *bus.Bus, n int) []bus.ParkedMessage {
	t.Helper()
	st, err := b.JetStream().Stream(t.Context(), "DEALSYNC_PARKED")
	if err != nil {
		t.Fatal(err)
	}
	c, err := st.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if _, err := c.Next(jetstream.FetchMaxWait(30 * time.Second)); err != nil {
			t.Fatalf("wait for a parked message: %v", err)
		}
	}
	list, err := b.ParkedList(t.Context(), bus.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAMessageThatCannotBeHandledIsParkedAndReplayed(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	var fixed atomic.Bool
	handled := make(chan bus.Message, 4)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		if !fixed.Load() {
			return fault.New(fault.Rejected, "amount_invalid", "the app says: \"Betrag ungültig\"\nline two")
		}
		handled <- d.Message
		return nil
	})
	want := edit("ü/1", "a")
	publish(t, b, want)

	for round := range 2 { // parked, replayed, parked again: nothing is taken for a duplicate
		list := untilParked(t, b, 1)
		if len(list) != 1 {
			t.Fatalf("round %d: %d parked", round, len(list))
		}
		p := list[0]
		if diff := cmp.Diff(want, p.Message); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		if p.Kind != "rejected" || p.Code != "amount_invalid" || p.Error != "the app says: \"Betrag ungültig\"\nline two" || p.Attempts != 1 {
			t.Errorf("round %d: %+v", round, p)
		}
		if round == 1 {
			fixed.Store(true)
		}
		if err := b.ParkedReplay(t.Context(), p.Sequence); err != nil {
			t.Fatal(err)
		}
		if _, err := b.ParkedGet(t.Context(), p.Sequence); !fault.Is(err, fault.NotFound) {
			t.Errorf("round %d: still parked: %v", round, err)
		}
	}
	if diff := cmp.Diff(want, receive(t, handled)); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicParksTheMessageWithItsStack(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	done := make(chan string, 1)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		if d.ID == "bad" {
			panic("no such stage")
		}
		done <- d.ID
		return nil
	})
	publish(t, b, edit("1", "bad"), edit("1", "good"))
	p := untilParked(t, b, 1)[0]
	if p.Code != "panic" || p.Kind != "bug" || p.Attempts != 3 || !strings.Contains(p.Error, "no such stage") {
		t.Errorf("parked %+v", p)
	}
	if !strings.Contains(p.Stack, "park_test.go") {
		t.Errorf("the stack does not show the place: %s", p.Stack)
	}
	receive(t, done)
}

func TestAMessageThatFailsTooLongIsParked(t *testing.T) {
	t.Parallel()
	cfg := bustest.Config()
	cfg.GiveUpAfter = 300 * time.Millisecond
	b := bustest.New(t).Bus(cfg)
	consume(t, b, bus.Changes, func(context.Context, *bus.Delivery) error {
		return fault.New(fault.Transient, "http_503", "the app is down")
	})
	publish(t, b, edit("1", "a"))
	if p := untilParked(t, b, 1)[0]; p.Kind != "transient" || p.Code != "http_503" || p.Attempts < 2 {
		t.Errorf("parked %+v", p)
	}
}

func TestAHandlerMayParkByItself(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	done := make(chan error, 1)
	consume(t, b, bus.Changes, func(ctx context.Context, d *bus.Delivery) error {
		err := b.Park(ctx, d, errors.New("not ours"))
		done <- err
		return err
	})
	publish(t, b, edit("1", "a"))
	if err := receive(t, done); err != nil {
		t.Fatal(err)
	}
	if p := untilParked(t, b, 1); len(p) != 1 || p[0].Error != "not ours" {
		t.Errorf("parked %+v", p)
	}
}

func TestAMessageOfAForeignPublisherIsParked(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	consume(t, b, bus.Changes, func(context.Context, *bus.Delivery) error {
		t.Error("handled")
		return nil
	})
	const subject = "dealsync.changes.live.acme.main.deal.=%%%"
	if err := b.Conn().Publish(subject, []byte("x")); err != nil {
		t.Fatal(err)
	}
	p := untilParked(t, b, 1)[0]
	if p.Kind != "invalid" || p.Headers.Get(bus.HeaderOrigin) != subject || string(p.Data) != "x" {
		t.Errorf("parked %+v", p)
	}
}

func TestParkedMessagesAreListedByPageAndPlace(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	reject := func(context.Context, *bus.Delivery) error { return fault.New(fault.Invalid, "", "no") }
	consume(t, b, bus.Changes, reject)
	consume(t, b, bus.Writes, reject)
	for i := range 4 {
		m := edit(fmt.Sprint(i), fmt.Sprint(i))
		m.Subject.Workspace = fmt.Sprint("w", i%2)
		if i == 3 {
			m.Subject.Stage = bus.Writes
		}
		publish(t, b, m)
	}
	all := untilParked(t, b, 4)
	page, err := b.ParkedList(t.Context(), bus.Query{After: all[1].Sequence, Limit: 1})
	if err != nil || len(page) != 1 || page[0].ID != all[2].ID {
		t.Errorf("second page: %v, %v", page, err)
	}
	for q, want := range map[bus.Query]int{
		{Workspace: "w1"}: 2, {Stage: bus.Writes}: 1, {Workspace: "w0", Stage: bus.Writes}: 0, {Key: "2"}: 1, {Workspace: "other"}: 0,
	} {
		if got, err := b.ParkedList(t.Context(), q); err != nil || len(got) != want {
			t.Errorf("%+v: %d, %v; want %d", q, len(got), err, want)
		}
	}
	if err := b.ParkedDrop(t.Context(), all[0].Sequence); err != nil {
		t.Fatal(err)
	}
	if err := b.ParkedDrop(t.Context(), all[0].Sequence); !fault.Is(err, fault.NotFound) {
		t.Errorf("dropping twice: %v", err)
	}
}

func TestTheJournalIsReadInOrderAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	for i := range 10 {
		m := edit(fmt.Sprint("pair", i%2), fmt.Sprint(i))
		m.Subject.Stage = bus.Journal
		publish(t, b, m)
	}
	q := bus.Query{Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Key: "pair1", Limit: 3}
	var ids []string
	for {
		page, err := b.ReadJournal(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		q.After = page[len(page)-1].Sequence
	}
	if !cmp.Equal(ids, []string{"1", "3", "5", "7", "9"}) {
		t.Errorf("read %v", ids)
	}
	st, err := b.JetStream().Stream(t.Context(), "DEALSYNC_JOURNAL")
	if err != nil {
		t.Fatal(err)
	}
	if n := st.CachedInfo().State.Consumers; n != 0 {
		t.Errorf("%d consumers left", n)
	}
}
