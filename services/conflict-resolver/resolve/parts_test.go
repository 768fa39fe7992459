package resolve_test

import (
	"context"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/redistest"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/libs/window"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/resolve"
)

type fixed struct{ snapshot *settings.Snapshot }

func (f fixed) Snapshot() *settings.Snapshot { return f.snapshot }

// parts are a resolver on the real bus, ledger and windows, and a writer that
// does what it is told.
type parts struct {
	t      *testing.T
	bus    *bus.Bus
	ledger *ledger.Ledger
	writes chan *eventv1.Write
}

func start(t *testing.T) *parts {
	t.Helper()
	b := bustest.New(t).Bus()
	l, err := ledger.Open(t.Context(), b.JetStream(), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	svc, err := resolve.New(resolve.Defaults(), resolve.Deps{
		Bus: b, Pairs: l.Pairs, Links: l.Links, Waiting: l.Waiting, Windows: window.New(redistest.Embedded(t).Client),
		Settings: fixed{settings.NewSnapshot(&configv1.Snapshot{Syncs: []*configv1.Sync{{
			Workspace: "acme", Name: "deals", HubspotConnection: "hs", AppConnection: "pd", Object: "deal",
			Winner: configv1.Winner_WINNER_HUBSPOT, WindowMs: 300_000,
		}}})},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{t: t, bus: b, ledger: l, writes: make(chan *eventv1.Write, 16)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- svc.Run(ctx) }()
	go func() { ended <- b.Consume(ctx, bus.Writes, p.write) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("consume: %v", err)
			}
		}
	})
	return p
}

func (p *parts) write(ctx context.Context, d *bus.Delivery) error {
	var w eventv1.Write
	if err := event.Decode(d, &w); err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	record := w.GetRecord()
	if record == "" {
		record = "a1"
	}
	m, err := event.Proposal(&eventv1.Proposal{Workspace: "acme", Sync: "deals", Pair: w.GetPair(), Kind: &eventv1.Proposal_Outcome{
		Outcome: &eventv1.Outcome{
			Side: w.GetSide(), Version: w.GetVersion(), Op: w.GetOp(), Record: record, Units: w.GetUnits(), SentMs: now, AnsweredMs: now,
		},
	}}, "pd", deal.Deals, d.Subject.Lane, "outcome:"+d.ID)
	if err != nil {
		return err
	}
	if err := p.bus.Publish(ctx, m); err != nil {
		return err
	}
	p.writes <- &w
	return nil
}

func (p *parts) edit(side deal.Side, record, amount string, at time.Time) {
	p.t.Helper()
	own, other := "amount", "value"
	if side == deal.App {
		own, other = other, own
	}
	m, err := event.Proposal(&eventv1.Proposal{Workspace: "acme", Sync: "deals", Pair: "p1", Kind: &eventv1.Proposal_Image{Image: &eventv1.Image{
		Side: event.ProtoSide(side), Record: record, Cause: eventv1.Cause_CAUSE_WEBHOOK, Origin: eventv1.Origin_ORIGIN_OTHERS,
		DetectedMs: time.Now().UnixMilli(),
		Units: []*eventv1.UnitValue{{
			Unit: "amount", Own: map[string]string{own: amount}, Other: map[string]string{other: amount}, EditedMs: at.UnixMilli(), Changed: true,
		}},
	}}}, "pd", deal.Deals, bus.Live, side.String()+amount)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.bus.Publish(p.t.Context(), m); err != nil {
		p.t.Fatal(err)
	}
}

func (p *parts) wantWrite(side deal.Side, field, v string) {
	p.t.Helper()
	select {
	case w := <-p.writes:
		if event.SideOf(w.GetSide()) != side || w.GetUnits()[0].GetFields()[field] != v {
			p.t.Fatalf("write %v, want %s %s=%s", w, side, field, v)
		}
	case <-time.After(20 * time.Second):
		p.t.Fatalf("no write to %s within 20s", side)
	}
}

// TestAConflictOnRealParts: R7 from proposal to write over NATS and Redis. The
// winner's value comes out of the window, although its own news is long gone.
func TestAConflictOnRealParts(t *testing.T) {
	t.Parallel()
	p := start(t)
	now := time.Now()
	p.edit(deal.HubSpot, "h1", "1", now.Add(-time.Hour))
	p.wantWrite(deal.App, "value", "1")
	p.edit(deal.HubSpot, "h1", "2", now.Add(time.Minute)) // after the create, by its own clock
	p.wantWrite(deal.App, "value", "2")
	p.edit(deal.App, "a1", "3", now.Add(2*time.Minute))
	p.wantWrite(deal.App, "value", "2")

	link, err := p.ledger.Links.Fresh(t.Context(), ledger.LinkKey("acme", "hs", "deal", "h1", "deals"))
	if err != nil || link.Doc.GetPair() != "p1" {
		t.Errorf("HubSpot's record is linked to %v (%v), want p1", link.Doc, err)
	}
}
