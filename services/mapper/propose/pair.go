package propose

import (
	"context"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// known is what the ledger tells of a record under a sync.
type known struct {
	pair string
	// paired: the pair has a record on the other side. Only looked up when asked.
	paired bool
}

// find names the record's pair: by its link; else by the pair id that the
// record carries, when that pair waits for a record on this side or has this
// one; else a new pair's id. A person's copy of a record that we created
// carries its pair id too, but that pair has its record, so the copy begins a
// pair of its own (N2).
func (s *Service) find(ctx context.Context, c *eventv1.Change, y *configv1.Sync, side deal.Side, matters bool) (known, error) {
	pair, err := s.deps.Pairs.Link(ctx, c.GetWorkspace(), c.GetConnection(), c.GetObject(), c.GetRecord(), y.GetName())
	if err != nil {
		return known{}, err
	}
	if pair != "" {
		k := known{pair: pair}
		if matters {
			doc, err := s.deps.Pairs.Pair(ctx, c.GetWorkspace(), y.GetName(), pair)
			if err != nil {
				return known{}, err
			}
			k.paired = sideOf(doc, side.Other()).GetRecord() != ""
		}
		return k, nil
	}
	if key := c.GetFields()[deal.PairKeyField].GetValue(); key != "" {
		doc, err := s.deps.Pairs.Pair(ctx, c.GetWorkspace(), y.GetName(), key)
		if err != nil {
			return known{}, err
		}
		if bound := sideOf(doc, side).GetRecord(); doc != nil && (bound == "" || bound == c.GetRecord()) {
			return known{pair: key, paired: sideOf(doc, side.Other()).GetRecord() != ""}, nil
		}
	}
	return known{pair: deal.PairID(c.GetWorkspace(), y.GetName(), side, c.GetRecord())}, nil
}

func sideOf(p *ledgerv1.Pair, side deal.Side) *ledgerv1.PairSide {
	if side == deal.HubSpot {
		return p.GetHubspot()
	}
	return p.GetApp()
}
