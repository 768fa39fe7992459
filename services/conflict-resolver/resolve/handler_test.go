package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/libs/window"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

var errCrash = errors.New("killed here")

// effects counts every effect on the outside and kills the handler after one.
type effects struct {
	n, crashAfter int
	log           []string
}

func (e *effects) done(what string) error {
	e.n++
	e.log = append(e.log, what)
	if e.n == e.crashAfter {
		return errCrash
	}
	return nil
}

// memory is a bucket that lives in the test.
type memory[T proto.Message] struct {
	name string
	fx   *effects
	docs map[ledger.Key]ledger.Entry[T]
	puts int
	gets int
}

func (m *memory[T]) Get(ctx context.Context, key ledger.Key) (ledger.Entry[T], error) {
	return m.Fresh(ctx, key)
}

func (m *memory[T]) Fresh(_ context.Context, key ledger.Key) (ledger.Entry[T], error) {
	m.gets++
	e, ok := m.docs[key]
	if !ok {
		return e, fault.New(fault.NotFound, "", "no %s", key)
	}
	return e, nil
}

func (m *memory[T]) Put(_ context.Context, key ledger.Key, doc T, revision uint64) (uint64, error) {
	if m.docs[key].Revision != revision {
		return 0, fault.New(fault.Conflict, "", "revision %d of %s", revision, key)
	}
	m.puts++
	m.docs[key] = ledger.Entry[T]{Doc: doc, Revision: revision + 1}
	return revision + 1, m.fx.done(m.name)
}

func (m *memory[T]) Delete(_ context.Context, key ledger.Key, revision uint64) error {
	if m.docs[key].Revision != revision {
		return fault.New(fault.Conflict, "", "revision %d of %s", revision, key)
	}
	delete(m.docs, key)
	return m.fx.done("delete " + m.name)
}

// recorder is a bus that keeps what is published, once per id.
type recorder struct {
	fx       *effects
	messages map[string]bus.Message
	order    []string
}

func (*recorder) Consume(context.Context, bus.Stage, bus.Handler) error { return nil }

func (r *recorder) PublishAll(_ context.Context, ms ...bus.Message) error {
	for _, m := range ms {
		if _, ok := r.messages[m.ID]; !ok {
			r.order = append(r.order, m.ID)
		}
		r.messages[m.ID] = m
		if err := r.fx.done("publish " + string(m.Subject.Stage)); err != nil {
			return err
		}
	}
	return nil
}

type noWindows struct{ fx *effects }

func (w noWindows) Exchange(context.Context, string, string, deal.Side, []window.Edit, time.Duration) ([]window.Edit, error) {
	return nil, w.fx.done("window")
}

type fixed struct{ snapshot *settings.Snapshot }

func (f fixed) Snapshot() *settings.Snapshot { return f.snapshot }

func syncSettings() fixed {
	return fixed{settings.NewSnapshot(&configv1.Snapshot{Syncs: []*configv1.Sync{{
		Workspace: "acme", Name: "deals", HubspotConnection: "hs", AppConnection: "pd", Object: "deal",
		Winner: configv1.Winner_WINNER_HUBSPOT, WindowMs: 300_000,
		Fields: []*configv1.FieldLine{{Hubspot: &configv1.FieldSpec{Name: "amount"}, App: &configv1.FieldSpec{Name: "value"}}},
	}, {
		Workspace: "acme", Name: "orders", HubspotConnection: "hs", AppConnection: "pd", Object: "deal",
		Associations: []*configv1.AssociationLine{{Object: "contact", Sync: "deals"}},
	}}})}
}

type testBundle struct {
	t       *testing.T
	svc     *Service
	fx      *effects
	bus     *recorder
	pairs   *memory[*ledgerv1.Pair]
	links   *memory[*ledgerv1.Link]
	waiting *memory[*ledgerv1.Waiting]
	now     time.Time
	passed  int // proposals of pairs to each other that have been delivered
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	fx := &effects{}
	b := &testBundle{
		t: t, fx: fx, now: time.UnixMilli(1_800_000_000_000),
		bus:     &recorder{fx: fx, messages: map[string]bus.Message{}},
		pairs:   &memory[*ledgerv1.Pair]{name: "pair", fx: fx, docs: map[ledger.Key]ledger.Entry[*ledgerv1.Pair]{}},
		links:   &memory[*ledgerv1.Link]{name: "link", fx: fx, docs: map[ledger.Key]ledger.Entry[*ledgerv1.Link]{}},
		waiting: &memory[*ledgerv1.Waiting]{name: "waiting", fx: fx, docs: map[ledger.Key]ledger.Entry[*ledgerv1.Waiting]{}},
	}
	svc, err := New(Defaults(), Deps{
		Bus: b.bus, Pairs: b.pairs, Links: b.links, Waiting: b.waiting, Windows: noWindows{fx}, Settings: syncSettings(),
		Now: func() time.Time { return b.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.svc = svc
	return b
}

const pairID = "pair-1"

func image(side deal.Side, record, amount string, at time.Time) *eventv1.Proposal {
	own, other := "amount", "value"
	if side == deal.App {
		own, other = other, own
	}
	return &eventv1.Proposal{Workspace: "acme", Sync: "deals", Pair: pairID, Kind: &eventv1.Proposal_Image{Image: &eventv1.Image{
		Side: event.ProtoSide(side), Record: record, Cause: eventv1.Cause_CAUSE_WEBHOOK, DetectedMs: at.UnixMilli(),
		Units: []*eventv1.UnitValue{{
			Unit: "amount", Own: map[string]string{own: amount}, Other: map[string]string{other: amount}, EditedMs: at.UnixMilli(), Changed: true,
		}},
	}}}
}

func outcome(side deal.Side, record string, version uint64, at time.Time) *eventv1.Proposal {
	return &eventv1.Proposal{Workspace: "acme", Sync: "deals", Pair: pairID, Kind: &eventv1.Proposal_Outcome{Outcome: &eventv1.Outcome{
		Side: event.ProtoSide(side), Record: record, Version: version, SentMs: at.UnixMilli(), AnsweredMs: at.UnixMilli(),
	}}}
}

func (b *testBundle) deliver(id string, p *eventv1.Proposal) error {
	b.t.Helper()
	m, err := event.Proposal(p, "pd", deal.Deals, bus.Live, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.svc.handle(b.t.Context(), &bus.Delivery{Message: m, Published: b.now})
}

func (b *testBundle) must(id string, p *eventv1.Proposal) {
	b.t.Helper()
	if err := b.deliver(id, p); err != nil {
		b.t.Fatalf("%s: %v", id, err)
	}
}

// published are the ids of the messages of a stage, in order, once each.
func (b *testBundle) published(stage bus.Stage) []string {
	var ids []string
	for _, id := range b.bus.order {
		if b.bus.messages[id].Subject.Stage == stage {
			ids = append(ids, id)
		}
	}
	return ids
}

func (b *testBundle) pair() *ledgerv1.Pair {
	return b.pairs.docs[ledger.PairKey("acme", "deals", pairID)].Doc
}

// history is one deal's life: each step is delivered until it succeeds.
func history(at time.Time) []struct {
	id string
	p  *eventv1.Proposal
} {
	type step = struct {
		id string
		p  *eventv1.Proposal
	}
	return []step{
		{"seen", image(deal.HubSpot, "h1", "1", at)},
		{"edited", image(deal.HubSpot, "h1", "2", at.Add(time.Second))},
		{"created", outcome(deal.App, "a1", 1, at.Add(2*time.Second))},
		{"updated", outcome(deal.App, "a1", 3, at.Add(3*time.Second))},
		{"app edited", image(deal.App, "a1", "3", at.Add(10*time.Minute))},
	}
}

// TestACrashAnywhereRepeatsAndNeverLoses kills the handler after each effect in
// turn (N1, N2).
func TestACrashAnywhereRepeatsAndNeverLoses(t *testing.T) {
	t.Parallel()
	calm := setup(t)
	for _, s := range history(calm.now) {
		calm.must(s.id, s.p)
	}
	writes := calm.published(bus.Writes)
	if want := []string{"write:deals:pair-1-app:1", "write:deals:pair-1-app:3", "write:deals:pair-1-hubspot:5"}; !slices.Equal(writes, want) {
		t.Fatalf("writes %q, want %q", writes, want)
	}
	for crash := 1; crash <= calm.fx.n; crash++ {
		t.Run(fmt.Sprintf("after effect %d, %s", crash, calm.fx.log[crash-1]), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fx.crashAfter = crash
			for _, s := range history(b.now) {
				if err := b.deliver(s.id, s.p); err != nil {
					if !errors.Is(err, errCrash) {
						t.Fatal(err)
					}
					b.must(s.id, s.p)
				}
			}
			if got := b.published(bus.Writes); !slices.Equal(got, writes) {
				t.Errorf("writes %q, want %q", got, writes)
			}
			if got, want := b.published(bus.Journal), calm.published(bus.Journal); !slices.Equal(got, want) {
				t.Errorf("journals %q, want %q", got, want)
			}
			if !proto.Equal(b.pair(), calm.pair()) {
				t.Errorf("pair %v\nwant %v", b.pair(), calm.pair())
			}
			if !slices.Equal(slices.Sorted(maps.Keys(b.links.docs)), slices.Sorted(maps.Keys(calm.links.docs))) {
				t.Error("the links differ")
			}
		})
	}
}

func TestAWriteIsToldAlthoughTheOtherLaneOvertookItsInput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fx.crashAfter = 3 // window, link, pair: stored, not published
	if err := b.deliver("bulk", image(deal.HubSpot, "h1", "1", b.now)); !errors.Is(err, errCrash) {
		t.Fatalf("want a crash, got %v", err)
	}
	b.must("live", image(deal.HubSpot, "h1", "2", b.now.Add(time.Second)))
	b.must("bulk", image(deal.HubSpot, "h1", "1", b.now))
	if got := b.published(bus.Writes); !slices.Equal(got, []string{"write:deals:pair-1-app:1"}) {
		t.Errorf("writes %q", got)
	}
}

func TestAnEchoCostsOneReadAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, s := range history(b.now)[:4] {
		b.must(s.id, s.p)
	}
	gets, effects := b.pairs.gets, b.fx.n
	b.must("echo", image(deal.App, "a1", "2", b.now.Add(3*time.Second)))
	if b.fx.n != effects || b.pairs.gets != gets+1 {
		t.Errorf("an echo cost %d effects and %d reads, want 0 and 1", b.fx.n-effects, b.pairs.gets-gets)
	}
}

func TestAnEditCostsOneStoreAndItsOutcomeAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, s := range history(b.now)[:4] {
		b.must(s.id, s.p)
	}
	puts := b.pairs.puts
	b.must("app edited", image(deal.App, "a1", "3", b.now.Add(10*time.Minute)))
	b.must("written", outcome(deal.HubSpot, "h1", b.pair().GetVersion(), b.now.Add(10*time.Minute)))
	if b.pairs.puts-puts != 2 || b.pair().GetStatus() != "in_sync" {
		t.Errorf("%d stores, status %s", b.pairs.puts-puts, b.pair().GetStatus())
	}
}

func TestForeignRecordsGoToTheirOwnPair(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.must("seen", image(deal.HubSpot, "h1", "1", b.now))
	b.must("copy", image(deal.HubSpot, "h2", "1", b.now))
	var p eventv1.Proposal
	for _, id := range b.published(bus.Proposals) {
		if err := proto.Unmarshal(b.bus.messages[id].Data, &p); err != nil {
			t.Fatal(err)
		}
	}
	if want := deal.PairID("acme", "deals", deal.HubSpot, "h2"); p.GetPair() != want {
		t.Errorf("passed on to %q, want %q", p.GetPair(), want)
	}
}

func TestALinkedRecordFoldsIntoItsPair(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.links.docs[ledger.LinkKey("acme", "hs", "deal", "h1", "deals")] = ledger.Entry[*ledgerv1.Link]{Doc: &ledgerv1.Link{Pair: "older"}, Revision: 1}
	b.must("seen", image(deal.HubSpot, "h1", "1", b.now))
	if b.pair() != nil || len(b.published(bus.Writes)) != 0 {
		t.Error("a second pair was made for a linked record (N2)")
	}
	if got := b.published(bus.Proposals); len(got) != 1 || !strings.HasSuffix(got[0], ":older") {
		t.Errorf("passed on as %q", got)
	}
}

func TestNewsOfAnUnknownSyncWaitsAndIsThenDropped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := image(deal.HubSpot, "h1", "1", b.now)
	p.Sync = "gone"
	if err := b.deliver("young", p); !fault.Is(err, fault.Transient) {
		t.Errorf("want it to wait, got %v", err)
	}
	m, err := event.Proposal(p, "pd", deal.Deals, bus.Live, "old")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.svc.handle(t.Context(), &bus.Delivery{Message: m, Published: b.now.Add(-time.Minute)}); err != nil {
		t.Errorf("want it dropped, got %v", err)
	}
}

func TestAResyncReadsBothRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, s := range history(b.now)[:4] {
		b.must(s.id, s.p)
	}
	b.must("resync", &eventv1.Proposal{Workspace: "acme", Sync: "deals", Pair: pairID, Kind: &eventv1.Proposal_Command{
		Command: &eventv1.Command{Name: "resync", By: "ann"},
	}})
	var asked []string
	for _, id := range b.published(bus.Notices) {
		var n eventv1.Notice
		if err := proto.Unmarshal(b.bus.messages[id].Data, &n); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, fmt.Sprint(n.GetConnection(), n.GetRefresh().GetRecords(), n.GetRefresh().GetRead()))
	}
	if want := []string{"hs[h1] true", "pd[a1] true"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

func TestUnreadableProposalsAreParked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, p := range map[string]*eventv1.Proposal{
		"no kind": {Workspace: "acme", Sync: "deals", Pair: pairID},
		"no side": image(deal.NoSide, "h1", "1", b.now),
	} {
		if err := b.deliver(name, p); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: want invalid, got %v", name, err)
		}
	}
}
