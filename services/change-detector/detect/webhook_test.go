package detect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

func TestAnEventOfAKnownRecordCostsNoCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	b.webhook(t, edit("42", at(60), "title", "Ship"))
	c := b.next(t).change
	want := &eventv1.Change{
		Workspace: "acme", Connection: "pd", Object: "deal", Record: "42", Changed: []string{"title"},
		Fields: map[string]*eventv1.Field{
			"title": {Value: "Ship", EditedMs: at(60).UnixMilli()}, "value": {Value: "1", EditedMs: at(0).UnixMilli()},
		},
		Cause: eventv1.Cause_CAUSE_WEBHOOK, Origin: eventv1.Origin_ORIGIN_OTHERS,
		DetectedMs: at(1000).UnixMilli(), OccurredMs: at(60).UnixMilli(),
	}
	if !proto.Equal(want, c) {
		t.Errorf("change = %v\nwant %v", c, want)
	}
	if calls := b.app.calls(); len(calls) != 0 {
		t.Errorf("asked the app: %v", calls)
	}
}

func TestEventsOfOneRecordAreOneChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	b.webhook(t, edit("42", at(70), "value", "2"), edit("42", at(60), "title", "Ship"))
	if diff := cmp.Diff([]string{"title", "value"}, b.next(t).change.GetChanged()); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}

func TestATouchIsNoChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat"})
	b.hold(t, "43", at(0), map[string]string{"title": "Car"})
	b.webhook(t, edit("42", at(0), "title", "Boat")) // told again
	b.webhook(t, edit("42", at(60), "label", "red")) // which no sync maps
	b.webhook(t, edit("43", at(60), "title", "Bus"))
	if c := b.next(t).change; c.GetRecord() != "43" {
		t.Errorf("change of %s, want of 43 only", c.GetRecord())
	}
}

// What the field was in between is not known yet, or never will be; whoever
// wrote that must hear that it is gone (N3).
func TestAnEditBackToTheKnownValueIsAChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat"})
	b.webhook(t, edit("42", at(60), "title", "Boat"))
	if c := b.next(t).change; !slices.Equal(c.GetChanged(), []string{"title"}) || c.GetFields()["title"].GetEditedMs() != at(60).UnixMilli() {
		t.Errorf("changed %v, fields %v", c.GetChanged(), c.GetFields())
	}
}

// A stale edit may have been told by a look that crashed before it stored what
// it told; the image tells everybody what is so. What the edit is stale against
// may be our own write, so the edit is told too: it may win a conflict (R7).
func TestAStaleEditIsAnsweredWithTheImage_N3(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(60), map[string]string{"title": "Boat"})
	b.webhook(t, edit("42", at(30), "title", "Late"))
	c := b.next(t).change
	if f := c.GetFields()["title"]; f.GetValue() != "Late" || f.GetEditedMs() != at(30).UnixMilli() {
		t.Errorf("change = %v, want the late edit first", c)
	}
	c = b.next(t).change
	if f := c.GetFields()["title"]; f.GetValue() != "Boat" || len(c.GetChanged()) != 0 {
		t.Errorf("change = %v, want the title that stands, as no change", c)
	}
}

func TestUnknownRecordsAreRead(t *testing.T) {
	t.Parallel()
	const n = 60
	b := setup(t)
	var events []connector.Event
	for i := range n {
		id := fmt.Sprint(i)
		b.app.put(id, at(10), deal.Fields{"title": "Deal " + id})
		events = append(events, edit(id, at(60), "value", "5"))
	}
	b.webhook(t, events...)
	for range n {
		c := b.next(t).change
		if f := c.GetFields(); f["title"].GetValue() != "Deal "+c.GetRecord() || f["value"].GetValue() != "5" || !c.GetCreated() {
			t.Errorf("change = %v, want the record with the event's value, as created", c)
		}
	}
}

func TestReadsOfManyNoticesAreGathered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 50
		app := newApp()
		answer := make(chan struct{})
		app.onRead = func() { <-answer }
		var r readers
		r.apps = app
		from := connected{app, "pd"}
		for i := range n {
			id := fmt.Sprint(i / 2) // every record is asked for twice
			app.put(id, at(10), deal.Fields{"title": id})
			go func() {
				got, err := r.of(from, place{"acme", "pd", deal.Deals, bus.Live}).Do(t.Context(), id)
				if err != nil || got == nil || got.ID != id {
					t.Errorf("read %s: %v, %v", id, got, err)
				}
			}()
		}
		synctest.Wait() // one call is under way, all others wait
		close(answer)
		synctest.Wait()
		if calls := app.calls(); len(calls) != 2 || calls[0] != "pd read 1" {
			t.Errorf("calls = %v, want the first record alone and all others together", calls)
		}
	})
}

func TestARecordThatNobodyKnowsIsNoChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "43", at(0), map[string]string{"title": "Car"})
	b.webhook(t, edit("gone", at(60), "title", "Ghost"))
	b.webhook(t, edit("43", at(60), "title", "Bus"))
	if c := b.next(t).change; c.GetRecord() != "43" {
		t.Errorf("change of %s, want none of a record that does not exist", c.GetRecord())
	}
}

func TestADeletionIsTold_R17(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat"})
	b.webhook(t, connector.Event{Object: deal.Deals, ID: "42", Action: connector.Deleted, At: at(60)})
	if c := b.next(t).change; !c.GetDeleted() || c.GetFields()["title"].GetValue() != "Boat" {
		t.Errorf("change = %v, want deleted, with what was known", c)
	}
	b.webhook(t, connector.Event{Object: deal.Deals, ID: "42", Action: connector.Restored, At: at(90)})
	if c := b.next(t).change; c.GetDeleted() || !c.GetRestored() {
		t.Errorf("change = %v, want restored", c)
	}
}

func TestAForeignAccountsEventsDoNotLoseTheirNeighbours_N9(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat"})
	foreign := edit("99", at(60), "title", "Theirs")
	foreign.Account = "5"
	b.webhook(t, foreign, edit("42", at(60), "title", "Ship"))
	if c := b.next(t).change; c.GetRecord() != "42" {
		t.Errorf("change of %s, want of 42", c.GetRecord())
	}
	p := b.parked(t)
	if p.Code != CodeUnknownAccount || !strings.Contains(p.Error, `account "5"`) {
		t.Errorf("parked as %s: %s", p.Code, p.Error)
	}
	if _, err := b.ledger.Records.Fresh(t.Context(), b.key("99")); !fault.Is(err, fault.NotFound) {
		t.Errorf("a foreign record has a copy: %v", err)
	}
}

func TestWhatCannotBeReadIsParked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.notify(t, &eventv1.Notice{Kind: &eventv1.Notice_Webhook{Webhook: &eventv1.Webhook{Body: []byte("{")}}}, bus.Live)
	if p := b.parked(t); p.Code != "malformed_webhook" {
		t.Errorf("parked as %s, want malformed_webhook", p.Code)
	}
}

func TestAnUnknownConnectionIsParkedAfterAWhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.notify(t, &eventv1.Notice{Connection: "nobody", Kind: &eventv1.Notice_Webhook{}}, bus.Live)
	if p := b.parked(t); p.Code != CodeUnknownConnection || p.Attempts != patience {
		t.Errorf("parked as %s after %d tries, want %s after %d", p.Code, p.Attempts, CodeUnknownConnection, patience)
	}
}

// parked waits for the one parked message.
func (b *bundle) parked(t *testing.T) bus.ParkedMessage {
	t.Helper()
	c, err := b.bus.JetStream().OrderedConsumer(t.Context(), "DEALSYNC_PARKED", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatalf("read parked messages: %v", err)
	}
	if _, err := c.Next(jetstream.FetchMaxWait(20 * time.Second)); err != nil {
		t.Fatalf("no parked message: %v", err)
	}
	list, err := b.bus.ParkedList(t.Context(), bus.Query{})
	if err != nil || len(list) != 1 {
		t.Fatalf("parked messages: %v, %v", list, err)
	}
	return list[0]
}

// flaky are records and a bus that fail at chosen moments.
type flaky struct {
	Records
	Bus
	puts, publishes atomic.Int32
	onPut           func(n int32, key ledger.Key) error
	onPublish       func(n int32) error // asked after the message was stored
}

func (f *flaky) Put(ctx context.Context, key ledger.Key, doc *ledgerv1.Record, revision uint64) (uint64, error) {
	if f.onPut != nil {
		if err := f.onPut(f.puts.Add(1), key); err != nil {
			return 0, err
		}
	}
	return f.Records.Put(ctx, key, doc, revision)
}

func (f *flaky) Publish(ctx context.Context, m bus.Message) error {
	if err := f.Bus.Publish(ctx, m); err != nil {
		return err
	}
	if f.onPublish != nil {
		return f.onPublish(f.publishes.Add(1))
	}
	return nil
}

func (f *flaky) into(d *Deps) { f.Records, f.Bus, d.Records, d.Bus = d.Records, d.Bus, f, f }

func TestACrashBetweenEffectsRepeatsAndLosesNothing_N1(t *testing.T) {
	t.Parallel()
	crash := fault.New(fault.Transient, "test", "crashed")
	tests := []struct {
		name  string
		flaky *flaky
	}{
		{"after the change was published", &flaky{onPublish: func(n int32) error {
			if n == 1 {
				return crash
			}
			return nil
		}}},
		{"before the copy was stored", &flaky{onPut: func(n int32, _ ledger.Key) error {
			if n == 1 {
				return crash
			}
			return nil
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, tt.flaky.into)
			b.hold(t, "42", at(0), map[string]string{"title": "Boat"})
			b.webhook(t, edit("42", at(60), "title", "Ship"))
			if c := b.next(t).change; c.GetFields()["title"].GetValue() != "Ship" {
				t.Errorf("change = %v", c)
			}
			// The repeat has the same id, so the next message is another edit's.
			b.webhook(t, edit("42", at(90), "title", "Yacht"))
			if c := b.next(t).change; c.GetFields()["title"].GetValue() != "Yacht" {
				t.Errorf("change = %v, want the repeat to be absorbed", c)
			}
		})
	}
}

func TestALostRaceMergesAgain(t *testing.T) {
	t.Parallel()
	f := &flaky{}
	b := setup(t, f.into)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	var once sync.Once
	stored := make(chan struct{})
	f.onPut = func(_ int32, key ledger.Key) error {
		once.Do(func() { // another replica stores its edit first
			other := &ledgerv1.Record{Complete: true, Fields: map[string]*eventv1.Field{
				"title": {Value: "Boat", EditedMs: at(0).UnixMilli()}, "value": {Value: "2", EditedMs: at(50).UnixMilli()},
			}}
			e, err := b.ledger.Records.Fresh(context.Background(), key)
			if err == nil {
				_, err = b.ledger.Records.Put(context.Background(), key, other, e.Revision)
			}
			if err != nil {
				t.Errorf("other replica: %v", err)
			}
			close(stored)
		})
		return nil
	}
	b.webhook(t, edit("42", at(60), "title", "Ship"))
	first, second := b.next(t).change, b.next(t).change
	<-stored
	if first.GetFields()["value"].GetValue() != "1" {
		t.Errorf("first change = %v, want what was known then", first)
	}
	if f := second.GetFields(); f["title"].GetValue() != "Ship" || f["value"].GetValue() != "2" {
		t.Errorf("second change = %v, want both edits", second)
	}
}
