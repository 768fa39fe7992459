package write

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// documents is a bucket in memory that can fail on demand.
type documents[T any] struct {
	mu   sync.Mutex
	docs map[ledger.Key]ledger.Entry[T]
	fail func(key ledger.Key) error
}

func (d *documents[T]) Fresh(_ context.Context, key ledger.Key) (ledger.Entry[T], error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.docs[key]
	if !ok {
		return e, fault.New(fault.NotFound, "not_found", "no %s", key)
	}
	return e, nil
}

func (d *documents[T]) Put(_ context.Context, key ledger.Key, doc T, revision uint64) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(key); err != nil {
			return 0, err
		}
	}
	if d.docs[key].Revision != revision {
		return 0, fault.New(fault.Conflict, "conflict", "%s has changed", key)
	}
	d.docs[key] = ledger.Entry[T]{Doc: doc, Revision: revision + 1}
	return revision + 1, nil
}

// outbox keeps what is published, or fails.
type outbox struct {
	mu       sync.Mutex
	outcomes []*eventv1.Outcome
	fail     error
}

func (o *outbox) Publish(_ context.Context, m bus.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	p := &eventv1.Proposal{}
	if err := proto.Unmarshal(m.Data, p); err != nil {
		return err
	}
	o.outcomes = append(o.outcomes, p.GetOutcome())
	return nil
}

func (*outbox) Consume(context.Context, bus.Stage, bus.Handler) error { return nil }

// crm is an app in memory without a unique key, whose answers can get lost.
type crm struct {
	mu      sync.Mutex
	records map[string]deal.Fields
	keys    map[string]string
	calls   int
	answer  func(call int) error
	twin    string                            // the record that keeps us from creating
	links   []connector.Reference             // associations made
	refuse  func(r connector.Reference) error // an association that cannot be made
}

func (*crm) Manifest() connector.Manifest { return connector.Manifest{App: "crm", WriteBatch: 10} }

func (c *crm) Write(_ context.Context, _ deal.Object, writes []connector.Write) []connector.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	results := make([]connector.Result, len(writes))
	for i, w := range writes {
		id := w.ID
		if id == "" {
			id = fmt.Sprint(len(c.records) + 1)
			c.keys[w.PairKey] = id
			c.records[id] = deal.Fields{}
		}
		maps.Copy(c.records[id], w.Fields)
		results[i] = connector.Result{ID: id, Fields: c.records[id]}
		for _, r := range w.Associate {
			if c.refuse != nil && c.refuse(r) != nil {
				results[i].Refused = append(results[i].Refused, connector.RefusedReference{Reference: r, Err: c.refuse(r)})
				continue
			}
			c.links = append(c.links, r)
		}
	}
	if c.answer != nil {
		for i := range results {
			if err := c.answer(c.calls); err != nil {
				results[i] = connector.Result{Err: err, Conflict: c.twin}
			}
		}
	}
	return results
}

func (c *crm) FindCreated(_ context.Context, _ deal.Object, keys []string, _ time.Time) (map[string]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]string{}
	for _, k := range keys {
		if id, ok := c.keys[k]; ok {
			found[k] = id
		}
	}
	return found, nil
}

type fixed struct{}

func (fixed) Snapshot() *settings.Snapshot {
	return settings.NewSnapshot(&configv1.Snapshot{Syncs: []*configv1.Sync{{
		Workspace: "w", Name: "s", HubspotConnection: "h", AppConnection: "a", Object: "deal",
	}}})
}

type testBundle struct {
	service *Service
	outbox  *outbox
	creates *documents[*ledgerv1.Create]
	links   *documents[*ledgerv1.Link]
	pairs   *documents[*ledgerv1.Pair]
	crm     *crm
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{
		outbox:  &outbox{},
		creates: &documents[*ledgerv1.Create]{docs: map[ledger.Key]ledger.Entry[*ledgerv1.Create]{}},
		links:   &documents[*ledgerv1.Link]{docs: map[ledger.Key]ledger.Entry[*ledgerv1.Link]{}},
		pairs:   &documents[*ledgerv1.Pair]{docs: map[ledger.Key]ledger.Entry[*ledgerv1.Pair]{}},
		crm:     &crm{records: map[string]deal.Fields{}, keys: map[string]string{}},
	}
	service, err := New(Defaults(), Deps{
		Bus: b.outbox, Creates: b.creates, Links: b.links, Pairs: b.pairs, Settings: fixed{},
		Connect: func(context.Context, string, string) (Connector, error) { return b.crm, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.closeQueues)
	b.service = service
	return b
}

func (b *testBundle) deliver(t *testing.T, w *eventv1.Write) error {
	t.Helper()
	m, err := event.Write(w)
	if err != nil {
		t.Fatal(err)
	}
	return b.service.handle(t.Context(), &bus.Delivery{Message: m, Attempt: 1})
}

func create() *eventv1.Write {
	return &eventv1.Write{
		Workspace: "w", Sync: "s", Pair: "p", Side: eventv1.Side_SIDE_APP, Connection: "a", Object: "deal",
		Op: eventv1.Op_OP_CREATE, Version: 1,
		Units: []*eventv1.UnitWrite{{Unit: "title", Fields: map[string]string{"title": "A"}}},
	}
}

func TestACreateIsLinkedAndAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.deliver(t, create()); err != nil {
		t.Fatal(err)
	}
	if got := b.outbox.outcomes[0]; got.GetRecord() != "1" || got.GetVersion() != 1 || got.GetUnits()[0].GetFields()["title"] != "A" {
		t.Errorf("outcome %v", got)
	}
	if got := b.links.docs[ledger.LinkKey("w", "a", "deal", "1", "s")]; got.Doc.GetPair() != "p" {
		t.Errorf("link %v, want pair p", got.Doc)
	}
}

// A crash between any two effects of a create is an error here, and a repeat
// of the same delivery afterwards.
func TestACreateInterruptedAnywhereMakesOneRecord(t *testing.T) { // N2
	t.Parallel()
	lost := errors.New("crash")
	for name, interrupt := range map[string]func(b *testBundle) (mend func()){
		"before the intent is stored": func(b *testBundle) func() {
			b.creates.fail = func(ledger.Key) error { return lost }
			return func() { b.creates.fail = nil }
		},
		"after the app made the record, before its answer came": func(b *testBundle) func() {
			b.crm.answer = func(int) error { return fault.New(fault.Transient, "uncertain_create", "timeout") }
			return func() { b.crm.answer = nil }
		},
		"after the answer, before the link": func(b *testBundle) func() {
			b.links.fail = func(ledger.Key) error { return lost }
			return func() { b.links.fail = nil }
		},
		"after the link, before the record's id is noted": func(b *testBundle) func() {
			n := 0
			b.creates.fail = func(ledger.Key) error {
				if n++; n > 1 {
					return lost
				}
				return nil
			}
			return func() { b.creates.fail = nil }
		},
		"after everything, before the outcome": func(b *testBundle) func() {
			b.outbox.fail = lost
			return func() { b.outbox.fail = nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			mend := interrupt(b)
			if err := b.deliver(t, create()); err == nil {
				t.Fatal("the interruption went unnoticed")
			}
			mend()
			if err := b.deliver(t, create()); err != nil {
				t.Fatalf("repeat: %v", err)
			}
			if n := len(b.crm.records); n != 1 {
				t.Errorf("%d records, want 1", n)
			}
			if n := len(b.outbox.outcomes); n != 1 || b.outbox.outcomes[0].GetRecord() != "1" {
				t.Errorf("outcomes %v, want one for record 1", b.outbox.outcomes)
			}
		})
	}
}

func TestARefusedWriteIsAnsweredWithTheAppsOwnWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.crm.answer = func(int) error { return fault.New(fault.Rejected, "INVALID_OPTION", "BRL is not enabled") }
	b.crm.records["9"] = deal.Fields{}
	w := create()
	w.Op, w.Record = eventv1.Op_OP_UPDATE, "9"
	if err := b.deliver(t, w); err != nil {
		t.Fatal(err)
	}
	if got := b.outbox.outcomes[0]; !got.GetRejected() || got.GetErrorCode() != "INVALID_OPTION" || got.GetErrorMessage() != "BRL is not enabled" {
		t.Errorf("outcome %v", got)
	}
}

func TestAWriteIsRepeatedOnlyWhileThePairWaitsForIt(t *testing.T) { // N5
	t.Parallel()
	for name, c := range map[string]struct {
		flight *eventv1.Write
		done   bool
	}{
		"its outcome has been taken in": {nil, true},
		"a newer write is on its way":   {&eventv1.Write{Version: 2}, true},
		"the pair still waits for it":   {&eventv1.Write{Version: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.pairs.docs[ledger.PairKey("w", "s", "p")] = ledger.Entry[*ledgerv1.Pair]{
				Doc: &ledgerv1.Pair{App: &ledgerv1.PairSide{Flight: c.flight}}, Revision: 1,
			}
			if done, err := b.service.answered(t.Context(), create()); done != c.done || err != nil {
				t.Errorf("answered %v %v, want %v", done, err, c.done)
			}
		})
	}
}

func update(associate ...*eventv1.Reference) *eventv1.Write {
	w := create()
	w.Op, w.Record, w.Units, w.Associate = eventv1.Op_OP_UPDATE, "9", nil, associate
	return w
}

func TestR16AssociationsTravelWithAWrite(t *testing.T) {
	t.Parallel()
	person, company := &eventv1.Reference{Object: "contact", Record: "5"}, &eventv1.Reference{Object: "company", Record: "6"}
	t.Run("a create carries them", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		w := create()
		w.Associate = []*eventv1.Reference{person}
		if err := b.deliver(t, w); err != nil {
			t.Fatal(err)
		}
		if got := b.outbox.outcomes[0]; len(b.crm.links) != 1 || len(got.GetAssociated()) != 1 || got.GetAssociated()[0].GetRecord() != "5" {
			t.Errorf("made %v, outcome %v", b.crm.links, got)
		}
	})
	t.Run("an update may be of associations alone, and tells which one was refused and why", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.crm.records["9"] = deal.Fields{"title": "B"}
		b.crm.refuse = func(r connector.Reference) error {
			if r.Object == deal.Companies {
				return fault.New(fault.Rejected, "not_found", "organization 6 does not exist")
			}
			return nil
		}
		if err := b.deliver(t, update(person, company)); err != nil {
			t.Fatal(err)
		}
		got := b.outbox.outcomes[0]
		if got.GetRejected() || len(got.GetUnits()) != 0 || len(got.GetAssociated()) != 1 || len(got.GetAssociationErrors()) != 1 {
			t.Fatalf("outcome %v", got)
		}
		if e := got.GetAssociationErrors()[0]; e.GetReference().GetRecord() != "6" || e.GetCode() != "not_found" || e.GetMessage() != "organization 6 does not exist" {
			t.Errorf("refused %v", e)
		}
	})
	t.Run("one that the app has not decided about makes the lane repeat the write", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.crm.records["9"] = deal.Fields{}
		b.crm.refuse = func(connector.Reference) error { return fault.New(fault.RateLimited, "rate_limited", "slow down") }
		if err := b.deliver(t, update(person)); !fault.Is(err, fault.RateLimited) {
			t.Errorf("want it repeated, got %v", err)
		}
	})
	t.Run("a create that is found instead of sent tells nothing of them", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		w := create()
		w.Associate = []*eventv1.Reference{person}
		b.outbox.fail = errors.New("crash")
		if err := b.deliver(t, w); err == nil {
			t.Fatal("the interruption went unnoticed")
		}
		b.outbox.fail = nil
		if err := b.deliver(t, w); err != nil {
			t.Fatal(err)
		}
		if got := b.outbox.outcomes[0]; len(got.GetAssociated())+len(got.GetAssociationErrors()) != 0 {
			t.Errorf("outcome %v", got)
		}
	})
}

func TestR15ACreateThatMeetsItsTwinNamesIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.crm.twin = "77"
	b.crm.answer = func(int) error {
		return fault.New(fault.Rejected, connector.CodeExists, "Contact already exists. Existing ID: 77")
	}
	if err := b.deliver(t, create()); err != nil {
		t.Fatal(err)
	}
	got := b.outbox.outcomes[0]
	if !got.GetRejected() || got.GetErrorCode() != connector.CodeExists || got.GetExisting() != "77" {
		t.Errorf("outcome %v", got)
	}
}
