package propose

import (
	"context"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/mapper/internal/core"
)

// link is the pair that a record is linked to, "" when it is linked to none.
func (s *Service) link(ctx context.Context, t *task) (string, error) {
	return s.deps.Ledger.Link(ctx, t.ref(), t.sync.GetName())
}

// inherited is the pair of a record without link that it has all the same: the
// one of a record that was merged into it, or the one whose id it carries. nil
// when there is none.
func (s *Service) inherited(ctx context.Context, y *configv1.Sync, side deal.Side, r Ref, o origins) (*core.Pair, error) {
	if p, err := s.absorbed(ctx, y, side, r, o); err != nil || p != nil {
		return p, err
	}
	key := o.GetFields()[deal.PairKeyField].GetValue()
	if key == "" {
		return nil, nil
	}
	p, err := s.pairNow(ctx, y.GetWorkspace(), y.GetName(), side, key)
	if err != nil || !p.Waits(r.Record) {
		return nil, err
	}
	return p, nil
}

// absorbed is the pair of a record that was merged into this one; nil when none
// of them has any.
func (s *Service) absorbed(ctx context.Context, y *configv1.Sync, side deal.Side, r Ref, o origins) (*core.Pair, error) {
	var merged []*core.Pair
	for _, id := range o.GetMergedFrom() {
		from := r
		from.Record = id
		link, err := s.deps.Ledger.LinkNow(ctx, from, y.GetName())
		if err != nil {
			return nil, err
		}
		if link == "" {
			continue
		}
		p, err := s.pairNow(ctx, y.GetWorkspace(), y.GetName(), side, link)
		if err != nil {
			return nil, err
		}
		if p == nil { // about to be stored
			p = &core.Pair{ID: link}
		}
		merged = append(merged, p)
	}
	return core.Survivor(merged), nil
}

// maxFolds bounds how many ended pairs lead from one to the other.
const maxFolds = 8

// pairNow is a pair as it is now, seen from a side; where it has ended, the one
// in whose favour it has. nil is one that is not stored.
func (s *Service) pairNow(ctx context.Context, workspace, sync string, side deal.Side, id string) (*core.Pair, error) {
	var p *core.Pair
	for range maxFolds {
		doc, err := s.deps.Ledger.PairNow(ctx, workspace, sync, id)
		if err != nil || doc == nil {
			return nil, err
		}
		if p = pairOf(id, doc, side); p.Into == "" {
			break
		}
		id = p.Into
	}
	return p, nil
}

// pair is a pair that perhaps comes from a cache if it has a record on the other
// side, since that stays, and is as it is now otherwise.
func (s *Service) pair(ctx context.Context, workspace, sync string, side deal.Side, id string) (*core.Pair, error) {
	doc, err := s.deps.Ledger.Pair(ctx, workspace, sync, id)
	if err != nil {
		return nil, err
	}
	if doc != nil {
		if p := pairOf(id, doc, side); p.Whole() && p.Into == "" {
			return p, nil
		}
	}
	return s.pairNow(ctx, workspace, sync, side, id)
}

func pairOf(id string, doc *ledgerv1.Pair, side deal.Side) *core.Pair {
	return &core.Pair{ID: id, Here: endOf(doc, side), There: endOf(doc, side.Other()), Into: doc.GetFoldedInto()}
}

func endOf(doc *ledgerv1.Pair, side deal.Side) core.End {
	e := doc.GetApp()
	if side == deal.HubSpot {
		e = doc.GetHubspot()
	}
	return core.End{Record: e.GetRecord(), Deleted: e.GetDeleted(), Flight: e.GetFlight() != nil, Held: e.GetHold() != ""}
}
