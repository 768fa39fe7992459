package resolve

import (
	"cmp"
	"context"

	"go.opentelemetry.io/otel/metric"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/match"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

func (sc scope) linkKey(s deal.Side, record string) ledger.Key {
	return ledger.LinkKey(sc.sync.GetWorkspace(), sc.connection(s), sc.sync.GetObject(), record, sc.sync.GetName())
}

// claim links a record to the pair unless it is linked, and answers the pair
// that it belongs to. A link moves when pairs fold, so one that another process
// may have changed is read again before it sends news away.
func (s *Service) claim(ctx context.Context, t *task, side deal.Side, record string) (pair string, err error) {
	key := t.linkKey(side, record)
	e, err := s.deps.Links.Get(ctx, key)
	if err == nil && e.Cached && e.Doc.GetPair() != t.pair {
		e, err = s.deps.Links.Fresh(ctx, key)
	}
	if err == nil || !fault.Is(err, fault.NotFound) {
		return e.Doc.GetPair(), err
	}
	_, err = s.deps.Links.Put(ctx, key, &ledgerv1.Link{Pair: t.pair}, 0)
	if err == nil {
		return t.pair, nil
	}
	if !fault.Is(err, fault.Conflict) {
		return "", err
	}
	e, err = s.deps.Links.Fresh(ctx, key)
	return e.Doc.GetPair(), err
}

// owner is the pair that the image's record is linked to; empty when there is none.
func (s *Service) owner(ctx context.Context, t *task) (pair string, err error) {
	e, err := s.deps.Links.Fresh(ctx, t.linkKey(t.in.Side, t.in.Image.Record))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	return e.Doc.GetPair(), nil
}

// move gives the image's record, if it is this pair's or nobody's, to another
// pair, and answers the pair that it belongs to then.
func (s *Service) move(ctx context.Context, t *task, to string) (pair string, err error) {
	key := t.linkKey(t.in.Side, t.in.Image.Record)
	e, err := s.deps.Links.Fresh(ctx, key)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return "", err
	case err == nil && e.Doc.GetPair() != t.pair:
		return e.Doc.GetPair(), nil
	}
	_, err = s.deps.Links.Put(ctx, key, &ledgerv1.Link{Pair: to}, e.Revision)
	return to, err
}

// foreign passes news of a record on that is not this pair's: to the pair it is
// linked to, or to a pair of its own (a copy of our record carries its pair id).
func (s *Service) foreign(ctx context.Context, t *task) error {
	own := deal.PairID(t.sync.GetWorkspace(), t.sync.GetName(), t.in.Side, t.in.Image.Record)
	owner, err := s.owner(ctx, t)
	if err != nil {
		return err
	}
	switch owner = cmp.Or(owner, own); {
	case owner != t.pair:
		return s.pass(ctx, t, owner, false)
	case t.arrives() && own != t.pair:
		// It came by a fold too late, and waits in a pair of its own.
		return s.leave(ctx, t, own)
	}
	return fault.New(fault.Invalid, "two_records", "record %s is linked to a pair that has another %s record", t.in.Image.Record, t.in.Side)
}

// pass passes the input on to the pair that its record belongs to. fold says
// that the record has left this pair for that one. A record that had come here by
// a fold and goes on found this pair taken: it is held where it goes, until the
// mapper has decided anew.
func (s *Service) pass(ctx context.Context, t *task, pair string, fold bool) error {
	p, ok := proto.Clone(t.proposal).(*eventv1.Proposal)
	if !ok {
		return fault.New(fault.Bug, "clone", "a proposal's clone is no proposal")
	}
	p.Pair = pair
	img := p.GetImage()
	if t.arrives() {
		img.Hold, img.HoldDetail = match.CodeAmbiguous, taken(t.pair)
	}
	if fold || t.arrives() {
		img.FoldInto = pair
	}
	m, err := event.Proposal(p, t.sync.GetAppConnection(), t.object(), t.delivery.Subject.Lane, t.in.ID+":"+pair)
	if err != nil {
		return err
	}
	if err := s.deps.Bus.PublishAll(ctx, m); err != nil {
		return err
	}
	s.metrics.folded.Add(ctx, 1, metric.WithAttributes(of(t.sync.GetWorkspace(), t.sync.GetName())...))
	s.log.InfoContext(ctx, "pair.folded", "workspace", t.sync.GetWorkspace(), "sync", t.sync.GetName(),
		"pair", t.pair, "into", pair, "side", t.in.Side.String(), "record", t.in.Image.Record)
	return nil
}
