package write

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/writer/internal/core"
)

// handle carries out one write: the call, then what it led to, then the
// outcome, then (by returning nil) the ack. A crash anywhere repeats it.
func (s *Service) handle(ctx context.Context, d *bus.Delivery) error {
	w := &eventv1.Write{}
	if err := event.Decode(d, w); err != nil {
		return err
	}
	c, err := s.deps.Connect(ctx, w.GetWorkspace(), w.GetConnection())
	if err != nil {
		return fmt.Errorf("write to %s: %w", w.GetConnection(), err)
	}
	if d.Inherited() {
		if done, err := s.answered(ctx, w); done || err != nil {
			return err
		}
	}
	// Without a fresh lease nothing goes out: another owner may be at it.
	if err := d.StillOwned(); err != nil {
		return err
	}
	var got answer
	if w.GetOp() == eventv1.Op_OP_CREATE {
		got, err = s.create(ctx, c, w)
	} else {
		got, err = s.send(ctx, queueOf(w), c, callOf(w))
		if err == nil {
			err = unsettled(got)
		}
	}
	verdict := core.Judge(err)
	if verdict == core.Again {
		return fmt.Errorf("write %s %s to %s: %w", w.GetObject(), w.GetRecord(), w.GetConnection(), err)
	}
	outcome := s.outcome(w, got, verdict, err)
	if err := s.report(ctx, w, outcome); err != nil {
		return err
	}
	s.tell(ctx, c, w, outcome, d.Attempt, err)
	return nil
}

// answered reports whether an earlier owner has carried the write out and told
// the outcome. To repeat it would overwrite what people have edited since (N5).
func (s *Service) answered(ctx context.Context, w *eventv1.Write) (bool, error) {
	pair, err := s.deps.Pairs.Fresh(ctx, ledger.PairKey(w.GetWorkspace(), w.GetSync(), w.GetPair()))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	side := pair.Doc.GetHubspot()
	if event.SideOf(w.GetSide()) == deal.App {
		side = pair.Doc.GetApp()
	}
	return side.GetFlight().GetVersion() != w.GetVersion(), nil
}

// outcome is what the pair's owner is told.
func (s *Service) outcome(w *eventv1.Write, got answer, verdict core.Verdict, err error) *eventv1.Outcome {
	now := s.deps.Now()
	if got.answered.IsZero() {
		got.sent, got.answered = now, now
	}
	o := &eventv1.Outcome{
		Side: w.GetSide(), Version: w.GetVersion(), Op: w.GetOp(), Record: w.GetRecord(),
		SentMs: got.sent.UnixMilli(), AnsweredMs: got.answered.UnixMilli(),
	}
	switch verdict {
	case core.Refused:
		o.Rejected, o.ErrorCode, o.ErrorMessage = true, fault.CodeOf(err), connector.AppMessage(err)
		o.Existing = got.Conflict
	case core.Gone:
		o.Gone, o.ErrorCode, o.ErrorMessage = true, fault.CodeOf(err), connector.AppMessage(err)
	default:
		if got.ID != "" {
			o.Record = got.ID
		}
		for _, u := range w.GetUnits() {
			o.Units = append(o.Units, &eventv1.UnitWrite{Unit: u.GetUnit(), Fields: core.Holds(u.GetFields(), got.Fields)})
		}
		associated(o, w, got)
	}
	return o
}

// report publishes the outcome in the pair's own order. Its id carries the
// time of the call, so that a write carried out twice is told twice.
func (s *Service) report(ctx context.Context, w *eventv1.Write, o *eventv1.Outcome) error {
	sync := s.deps.Settings.Snapshot().Sync(w.GetWorkspace(), w.GetSync())
	if sync == nil {
		return fault.New(fault.NotFound, "unknown_sync", "sync %s/%s does not exist any more", w.GetWorkspace(), w.GetSync())
	}
	lane := bus.Live
	if w.GetBulk() {
		lane = bus.Bulk
	}
	id := fmt.Sprintf("outcome:%s:%s:%s:%d:%d", w.GetSync(), w.GetPair(), event.SideOf(w.GetSide()), w.GetVersion(), o.GetSentMs())
	m, err := event.Proposal(&eventv1.Proposal{
		Workspace: w.GetWorkspace(), Sync: w.GetSync(), Pair: w.GetPair(),
		Kind: &eventv1.Proposal_Outcome{Outcome: o},
	}, sync.GetAppConnection(), deal.Object(w.GetObject()), lane, id)
	if err != nil {
		return err
	}
	return s.deps.Bus.Publish(ctx, m)
}

func (s *Service) tell(ctx context.Context, c Connector, w *eventv1.Write, o *eventv1.Outcome, attempt int, err error) {
	result, level := "written", slog.LevelDebug
	switch {
	case o.GetRejected() || o.GetGone():
		result, level = o.GetErrorCode(), slog.LevelWarn
	case len(o.GetAssociationErrors()) > 0:
		result, level = "not_associated", slog.LevelWarn
	}
	op := strings.ToLower(strings.TrimPrefix(w.GetOp().String(), "OP_"))
	var latency time.Duration
	if w.GetOriginMs() > 0 {
		latency = time.UnixMilli(o.GetAnsweredMs()).Sub(time.UnixMilli(w.GetOriginMs()))
	}
	s.metrics.written(ctx, c.Manifest().App, op, result, latency)
	if !slog.Default().Enabled(ctx, level) {
		return
	}
	slog.Log(ctx, level, "deal.written", "workspace", w.GetWorkspace(), "sync", w.GetSync(), "pair", w.GetPair(),
		"side", event.SideOf(w.GetSide()).String(), "record", o.GetRecord(), "op", op, "version", w.GetVersion(),
		"result", result, "attempt", attempt, "latency_ms", latency.Milliseconds(),
		"associated", len(o.GetAssociated()), "not_associated", len(o.GetAssociationErrors()), "error", err)
}
