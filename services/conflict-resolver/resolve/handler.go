package resolve

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// conflictTries is how often a step is tried again at once when another owner
// has stored the pair meanwhile; after that the lane tries again.
const conflictTries = 3

// task is one input on its way through the effects.
type task struct {
	scope
	delivery *bus.Delivery
	proposal *eventv1.Proposal
	in       core.Input
	policy   core.Policy
	key      ledger.Key
	now      int64
}

// handle takes one input of a pair in. The order of effects makes a crash
// anywhere repeat and never lose (N1, N2): exchange windows, claim the record's
// link, store the pair with its writes in flight, publish, acknowledge. An
// input that comes again finds itself as the pair's last one and publishes what
// it led to once more under the same ids.
func (s *Service) handle(ctx context.Context, d *bus.Delivery) error {
	var p eventv1.Proposal
	if err := event.Decode(d, &p); err != nil {
		return err
	}
	y := s.deps.Settings.Snapshot().Sync(p.GetWorkspace(), p.GetSync())
	if y == nil {
		return s.unknown(ctx, d, &p)
	}
	t, err := s.task(d, &p, y)
	if err != nil {
		return err
	}
	if err := s.resolve(ctx, t); err != nil {
		return fmt.Errorf("resolve pair %s of %s/%s: %w", p.GetPair(), p.GetWorkspace(), p.GetSync(), err)
	}
	return nil
}

// unknown drops news of a sync that was deleted. A sync that has just been
// made may not have reached this replica yet, so its news waits for a while.
func (s *Service) unknown(ctx context.Context, d *bus.Delivery, p *eventv1.Proposal) error {
	if age := s.deps.Now().Sub(d.Published); age < s.cfg.UnknownGrace {
		return fault.New(fault.Transient, "unknown_sync", "sync %s/%s is not known", p.GetWorkspace(), p.GetSync())
	}
	s.metrics.dropped.Add(ctx, 1, metric.WithAttributes(of(p.GetWorkspace(), p.GetSync())...))
	s.log.InfoContext(ctx, "news.dropped", "workspace", p.GetWorkspace(), "sync", p.GetSync(), "pair", p.GetPair(), "reason", "unknown_sync")
	return nil
}

func (s *Service) task(d *bus.Delivery, p *eventv1.Proposal, y *configv1.Sync) (*task, error) {
	t := &task{
		scope: scope{sync: y, pair: p.GetPair()}, delivery: d, proposal: p,
		policy: s.policies.of(y, s.cfg.ClockSkew), now: s.deps.Now().UnixMilli(),
		key: ledger.PairKey(p.GetWorkspace(), p.GetSync(), p.GetPair()),
		in:  core.Input{ID: d.ID, Bulk: d.Subject.Lane == bus.Bulk},
	}
	switch {
	case p.GetImage() != nil:
		t.in.Side, t.in.Image = event.SideOf(p.GetImage().GetSide()), imageOf(p.GetImage())
	case p.GetOutcome() != nil:
		t.in.Side, t.in.Outcome = event.SideOf(p.GetOutcome().GetSide()), outcomeOf(p.GetOutcome())
	case p.GetCommand().GetName() == "resync":
		t.in.Resync = true
		return t, nil
	default:
		return nil, fault.New(fault.Invalid, "unknown_proposal", "pair %s: a proposal of no known kind (command %q)", p.GetPair(), p.GetCommand().GetName())
	}
	if t.in.Side.Other().Other() != t.in.Side || t.in.Side == 0 {
		return nil, fault.New(fault.Invalid, "unknown_side", "pair %s: a proposal of no known side", p.GetPair())
	}
	return t, nil
}

// resolve repeats a step from the stored state while others store the pair.
func (s *Service) resolve(ctx context.Context, t *task) error {
	read := s.deps.Pairs.Get
	for try := 1; ; try++ {
		e, err := read(ctx, t.key)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		err = s.step(ctx, t, e)
		if err == nil || !fault.Is(err, fault.Conflict) || try == conflictTries {
			return err
		}
		read = s.deps.Pairs.Fresh
	}
}

func (s *Service) step(ctx context.Context, t *task, e ledger.Entry[*ledgerv1.Pair]) error {
	pair := pairOf(e.Doc)
	if pair.FoldedInto != "" && t.in.Image != nil {
		if alive, err := s.ended(ctx, t, e.Doc); err != nil || !alive {
			return err
		}
		pair.FoldedInto = ""
	}
	in, err := s.settleFold(ctx, t)
	if err != nil {
		return err
	}
	if claim, ok := core.Claims(pair, in); ok {
		owner, err := s.claim(ctx, t, claim.Side, claim.Record)
		if err != nil {
			return err
		}
		if owner != t.pair {
			in.Elsewhere = owner
		}
	}
	rivals, err := s.exchange(ctx, t, in, pair)
	if err != nil {
		return err
	}
	d := core.Resolve(pair, in, rivals, t.policy, t.now)
	switch {
	case d.Foreign && !d.Changed:
		return s.foreign(ctx, t)
	case d.FoldInto != "" && !d.Changed:
		return s.leave(ctx, t, d.FoldInto)
	case !d.Changed && e.Cached && t.in.Outcome != nil:
		// Nobody else tells this outcome again: be sure that it is no news.
		return fault.New(fault.Conflict, "", "pair %s may have changed meanwhile", t.pair)
	}
	if d.Bound != 0 {
		if owner, err := s.claim(ctx, t, in.Side, in.Image.Record); err != nil {
			return err
		} else if owner != t.pair {
			return s.pass(ctx, t, owner, false)
		}
	}
	doc := e.Doc
	if d.Changed {
		doc = t.document(d.Pair)
		doc.Journal = entries(d.Journal, traceID(ctx))
		if _, err := s.deps.Pairs.Put(ctx, t.key, doc, e.Revision); err != nil {
			return err
		}
	}
	if err := s.publish(ctx, t, e.Doc, doc, &d); err != nil {
		return err
	}
	if s.completes(t, e.Doc, doc) {
		if err := s.wake(ctx, t, doc); err != nil {
			return err
		}
	}
	s.metrics.count(ctx, t.scope, &d)
	s.tell(ctx, t, &d)
	switch {
	case d.Foreign:
		return s.foreign(ctx, t)
	case d.FoldInto != "":
		return s.leave(ctx, t, d.FoldInto)
	}
	return nil
}

// tell writes one wide line about what an input led to.
func (s *Service) tell(ctx context.Context, t *task, d *core.Decision) {
	for _, c := range d.Tally.Conflicts {
		s.log.InfoContext(ctx, "conflict.decided", "workspace", t.sync.GetWorkspace(), "sync", t.sync.GetName(), "pair", t.pair,
			"unit", c.Unit, "winner", c.Winner.String(), "reason", c.Reason, "version", d.Pair.Version)
	}
	if !s.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	s.log.DebugContext(ctx, "pair.resolved", "workspace", t.sync.GetWorkspace(), "sync", t.sync.GetName(), "pair", t.pair,
		"input", t.in.ID, "side", t.in.Side.String(), "hubspot_record", d.Pair.HubSpot.Record, "app_record", d.Pair.App.Record,
		"changed", d.Changed, "version", d.Pair.Version, "status", string(d.Pair.Status), "reason", d.Pair.Reason,
		"edits", d.Tally.Edits, "echoes", d.Tally.Echoes, "asides", d.Tally.Asides, "stale", d.Tally.Stale,
		"conflicts", len(d.Tally.Conflicts), "writes", len(d.Writes), "refreshes", len(d.Refresh))
}
