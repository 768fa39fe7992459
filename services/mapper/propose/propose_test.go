package propose_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/mapper/propose"
)

// bundle is a running mapper on a real bus and ledger, with what it published.
type bundle struct {
	bus       *bus.Bus
	ledger    *ledger.Ledger
	settings  *fixed
	proposals chan got
}

type got struct {
	proposal *eventv1.Proposal
	delivery *bus.Delivery
}

// fixed are settings that a test gives.
type fixed struct {
	mu       sync.Mutex
	snapshot *settings.Snapshot
}

func (f *fixed) Snapshot() *settings.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

func (f *fixed) set(syncs ...*configv1.Sync) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot = settings.NewSnapshot(&configv1.Snapshot{Syncs: syncs})
}

func dealSync(name string, change ...func(*configv1.Sync)) *configv1.Sync {
	y := &configv1.Sync{
		Workspace: "acme", Name: name, HubspotConnection: "hs", AppConnection: "pd", Object: string(deal.Deals),
		Direction: configv1.Direction_DIRECTION_BOTH, Revision: 1,
		Pipelines: []*configv1.Pipeline{{Hubspot: "default", App: "1", Stages: []*configv1.Stage{{Hubspot: "new", App: "1/1"}}}},
		Fields: []*configv1.FieldLine{{
			Hubspot: &configv1.FieldSpec{Name: "dealname", Type: string(deal.Text)},
			App:     &configv1.FieldSpec{Name: "title", Type: string(deal.Text)},
		}},
	}
	for _, c := range change {
		c(y)
	}
	return y
}

func setup(t *testing.T, wrap ...func(*propose.Deps)) *bundle {
	t.Helper()
	b := &bundle{bus: bustest.New(t).Bus(), settings: &fixed{}, proposals: make(chan got, 100)}
	var err error
	if b.ledger, err = ledger.Open(t.Context(), b.bus.JetStream(), ledger.Config{}); err != nil {
		t.Fatalf("open ledger: %v", err)
	}
	b.settings.set(dealSync("deals"))
	deps := propose.Deps{Bus: b.bus, Settings: b.settings, Ledger: propose.FromLedger(b.ledger)}
	for _, w := range wrap {
		w(&deps)
	}
	s, err := propose.New(propose.Defaults(), deps)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	})
	wg.Go(func() {
		_ = b.bus.Consume(ctx, bus.Proposals, func(_ context.Context, d *bus.Delivery) error {
			var p eventv1.Proposal
			if err := event.Decode(d, &p); err != nil {
				return err
			}
			b.proposals <- got{&p, d}
			return nil
		})
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return b
}

func change(connection, record string, fields map[string]string) *eventv1.Change {
	c := &eventv1.Change{
		Workspace: "acme", Connection: connection, Object: string(deal.Deals), Record: record,
		Fields: map[string]*eventv1.Field{}, Changed: []string{"title"}, Cause: eventv1.Cause_CAUSE_WEBHOOK, DetectedMs: 5, OccurredMs: 9,
	}
	for name, v := range fields {
		c.Fields[name] = &eventv1.Field{Value: v, EditedMs: 7}
	}
	return c
}

func boat(record string) *eventv1.Change {
	return change("pd", record, map[string]string{"title": "Boat", "stage": "1/1"})
}

func (b *bundle) publish(t *testing.T, c *eventv1.Change, lane bus.Lane, id string) {
	t.Helper()
	m, err := event.Change(c, lane, id)
	if err != nil {
		t.Fatalf("make change: %v", err)
	}
	if err := b.bus.Publish(t.Context(), m); err != nil {
		t.Fatalf("publish change: %v", err)
	}
}

func (b *bundle) next(t *testing.T) got {
	t.Helper()
	select {
	case g := <-b.proposals:
		return g
	case <-time.After(20 * time.Second):
		t.Fatal("no proposal came")
		return got{}
	}
}

func TestAChangeBecomesAProposalOnThePairsSubject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publish(t, boat("42"), bus.Bulk, "c1")
	g := b.next(t)
	pair := deal.PairID("acme", "deals", deal.App, "42")
	want := &eventv1.Proposal{
		Workspace: "acme", Sync: "deals", Pair: pair,
		Kind: &eventv1.Proposal_Image{Image: &eventv1.Image{
			Side: eventv1.Side_SIDE_APP, Record: "42", Title: "Boat", Cause: eventv1.Cause_CAUSE_WEBHOOK, DetectedMs: 5, OccurredMs: 9,
			Units: []*eventv1.UnitValue{
				{Unit: "dealname", Own: map[string]string{"title": "Boat"}, Other: map[string]string{"dealname": "Boat"}, EditedMs: 7, Changed: true},
				{Unit: "stage", Own: map[string]string{"stage": "1/1"}, Other: map[string]string{"pipeline": "default", "dealstage": "new"}, EditedMs: 7},
			},
		}},
	}
	if !proto.Equal(want, g.proposal) {
		t.Errorf("proposal = %v, want %v", g.proposal, want)
	}
	subject := bus.Subject{Stage: bus.Proposals, Lane: bus.Bulk, Workspace: "acme", Connection: "pd", Object: "deal", Key: pair}
	if diff := cmp.Diff(subject, g.delivery.Subject); diff != "" {
		t.Errorf("subject (-want +got):\n%s", diff)
	}
}

func TestBothSidesOfAPairShareASubject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key := ledger.LinkKey("acme", "hs", string(deal.Deals), "900", "deals")
	if _, err := b.ledger.Links.Put(t.Context(), key, &ledgerv1.Link{Pair: "thepair"}, 0); err != nil {
		t.Fatalf("link: %v", err)
	}
	b.publish(t, change("hs", "900", map[string]string{"dealname": "Boat", "dealstage": "new"}), bus.Live, "c1")
	g := b.next(t)
	if g.proposal.GetPair() != "thepair" || g.delivery.Subject.Connection != "pd" || g.delivery.Subject.Key != "thepair" {
		t.Errorf("pair %q on subject %v, want thepair on the app's connection", g.proposal.GetPair(), g.delivery.Subject)
	}
}

func TestEverySyncOfTheConnectionGetsAProposal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.set(dealSync("one"), dealSync("two", func(y *configv1.Sync) { y.AppConnection = "other" }), dealSync("three"))
	b.publish(t, boat("42"), bus.Live, "c1")
	syncs := map[string]bool{b.next(t).proposal.GetSync(): true, b.next(t).proposal.GetSync(): true}
	if diff := cmp.Diff(map[string]bool{"one": true, "three": true}, syncs); diff != "" {
		t.Errorf("syncs (-want +got):\n%s", diff)
	}
}

func TestARecordFindsItsPair_N2(t *testing.T) {
	t.Parallel()
	own := deal.PairID("acme", "deals", deal.App, "42")
	tests := []struct {
		name string
		doc  *ledgerv1.Pair // of the pair whose id the record carries
		want string
	}{
		{"by the key it carries, while the create is in flight", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "900"}}, "carried"},
		{"by the key it carries, when the pair has this record", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}}, "carried"},
		{"a person's copy of our record begins its own", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "41"}}, own},
		{"a key of no pair means nothing", nil, own},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if tt.doc != nil {
				if _, err := b.ledger.Pairs.Put(t.Context(), ledger.PairKey("acme", "deals", "carried"), tt.doc, 0); err != nil {
					t.Fatalf("pair: %v", err)
				}
			}
			c := boat("42")
			c.Fields[deal.PairKeyField] = &eventv1.Field{Value: "carried"}
			b.publish(t, c, bus.Live, "c1")
			if got := b.next(t).proposal.GetPair(); got != tt.want {
				t.Errorf("pair = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOneWayLooksForTheCounterpart_R6(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.set(dealSync("deals", func(y *configv1.Sync) { y.Direction = configv1.Direction_DIRECTION_TO_HUBSPOT }))
	record := func(id string) *eventv1.Change {
		return change("hs", id, map[string]string{"dealname": "Boat", "dealstage": "new"})
	}
	b.publish(t, record("900"), bus.Live, "c1")
	if got := b.next(t).proposal.GetImage().GetExcluded(); got != "one_way" {
		t.Fatalf("excluded = %q, want one_way for a record without a counterpart", got)
	}
	if _, err := b.ledger.Links.Put(t.Context(), ledger.LinkKey("acme", "hs", "deal", "901", "deals"), &ledgerv1.Link{Pair: "p"}, 0); err != nil {
		t.Fatalf("link: %v", err)
	}
	doc := &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "901"}, App: &ledgerv1.PairSide{Record: "42"}}
	if _, err := b.ledger.Pairs.Put(t.Context(), ledger.PairKey("acme", "deals", "p"), doc, 0); err != nil {
		t.Fatalf("pair: %v", err)
	}
	b.publish(t, record("901"), bus.Live, "c2")
	img := b.next(t).proposal.GetImage()
	if img.GetExcluded() != "" {
		t.Errorf("excluded = %q, want a paired record to be seen", img.GetExcluded())
	}
	for _, u := range img.GetUnits() {
		if len(u.GetOther()) > 0 {
			t.Errorf("unit %s has values for the app, which this sync never writes", u.GetUnit())
		}
	}
}

func TestARepeatIsOneProposalAndNewSettingsAnother(t *testing.T) {
	t.Parallel()
	crash := &afterwards{repeated: make(chan struct{})}
	b := setup(t, func(d *propose.Deps) { crash.Bus, d.Bus = d.Bus, crash })
	b.publish(t, boat("42"), bus.Live, "c1") // published, then handled again
	b.next(t)
	<-crash.repeated
	b.settings.set(dealSync("deals", func(y *configv1.Sync) {
		y.Revision, y.FilterApp = 2, &configv1.Filter{Group: &configv1.Group{
			Conditions: []*configv1.Condition{{Field: "title", Op: "eq", Values: []string{"Car"}, Type: string(deal.Text)}},
		}}
	}))
	again := boat("42")
	again.Cause = eventv1.Cause_CAUSE_REFRESH
	b.publish(t, again, bus.Live, "c2")
	if got := b.next(t).proposal.GetImage().GetExcluded(); got != "filter" {
		t.Errorf("excluded = %q, want the second message to be the refresh, under the new filter", got)
	}
}

// afterwards fails the first publish after it happened, as a crash before the
// ack would.
type afterwards struct {
	propose.Bus
	calls    atomic.Int32
	repeated chan struct{}
}

func (a *afterwards) PublishAll(ctx context.Context, ms ...bus.Message) error {
	err := a.Bus.PublishAll(ctx, ms...)
	switch a.calls.Add(1) {
	case 1:
		if err == nil {
			err = fault.New(fault.Transient, "test", "no answer")
		}
	case 2:
		close(a.repeated)
	}
	return err
}

func TestASyncThatCannotBeMappedNowIsTriedAgain_N1(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *propose.Deps) { d.Ledger = &failOnce{Ledger: d.Ledger} })
	b.settings.set(dealSync("one"), dealSync("two"))
	b.publish(t, boat("42"), bus.Live, "c1")
	if first, second := b.next(t), b.next(t); first.proposal.GetSync() == second.proposal.GetSync() {
		t.Errorf("sync %s was proposed twice", first.proposal.GetSync())
	}
}

func TestAFilterThatMakesNoSenseParksTheChangeAndHoldsUpNoOtherSync_R11(t *testing.T) {
	t.Parallel()
	seen := &answers{errs: make(chan error, 1)}
	b := setup(t, func(d *propose.Deps) { seen.Bus, d.Bus = d.Bus, seen })
	b.settings.set(dealSync("one", func(y *configv1.Sync) {
		y.FilterApp = &configv1.Filter{Group: &configv1.Group{
			Conditions: []*configv1.Condition{{Field: "title", Op: "like", Values: []string{"B"}, Type: string(deal.Text)}},
		}}
	}), dealSync("two"))
	b.publish(t, boat("42"), bus.Live, "c1")
	if got := b.next(t).proposal.GetSync(); got != "two" {
		t.Errorf("proposal under %s, want only two's", got)
	}
	if err := <-seen.errs; !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), `operator "like"`) {
		t.Errorf("handled with %v, want it to be parked and to name the operator", err)
	}
}

// answers shows what the handler says to each delivery.
type answers struct {
	propose.Bus
	errs chan error
}

func (a *answers) Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error {
	return a.Bus.Consume(ctx, stage, func(ctx context.Context, d *bus.Delivery) error {
		err := h(ctx, d)
		a.errs <- err
		return err
	})
}

// failOnce answers the first look-up for the sync "two" with a passing failure.
type failOnce struct {
	propose.Ledger
	once sync.Once
}

func (f *failOnce) Link(ctx context.Context, r propose.Ref, sync string) (string, error) {
	var err error
	if sync == "two" {
		f.once.Do(func() { err = fault.New(fault.Transient, "test", "the ledger hiccups") })
	}
	if err != nil {
		return "", err
	}
	return f.Ledger.Link(ctx, r, sync)
}
