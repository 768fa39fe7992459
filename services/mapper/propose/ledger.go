package propose

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// FromLedger is the part of the ledger that the mapper uses.
func FromLedger(l *ledger.Ledger) Ledger { return store{l} }

type store struct{ *ledger.Ledger }

// found takes a document that is not there for nil.
func found[T proto.Message](e ledger.Entry[T], err error) (T, error) {
	var none T
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = nil
		}
		return none, err
	}
	return e.Doc, nil
}

func (s store) Link(ctx context.Context, r Ref, sync string) (string, error) {
	doc, err := found(s.Links.Get(ctx, r.link(sync)))
	return doc.GetPair(), err
}

func (s store) LinkNow(ctx context.Context, r Ref, sync string) (string, error) {
	doc, err := found(s.Links.Fresh(ctx, r.link(sync)))
	return doc.GetPair(), err
}

func (r Ref) link(sync string) ledger.Key {
	return ledger.LinkKey(r.Workspace, r.Connection, r.Object, r.Record, sync)
}

func (s store) Pair(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error) {
	return found(s.Pairs.Get(ctx, ledger.PairKey(workspace, sync, pair)))
}

func (s store) PairNow(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error) {
	return found(s.Pairs.Fresh(ctx, ledger.PairKey(workspace, sync, pair)))
}

func (s store) Copy(ctx context.Context, r Ref) (*ledgerv1.Record, error) {
	return found(s.Records.Fresh(ctx, ledger.RecordKey(r.Workspace, r.Connection, r.Object, r.Record)))
}

func (s store) Matched(ctx context.Context, workspace, connection, object, sync string) (*ledgerv1.Cursor, error) {
	return found(s.Cursors.Fresh(ctx, ledger.CursorKey(workspace, connection, object, ledger.MatchCursor+sync)))
}

func (s store) Group(ctx context.Context, key ledger.Key) (*ledgerv1.Group, error) {
	return found(s.Groups.Fresh(ctx, key))
}

func (s store) Join(ctx context.Context, key ledger.Key, side deal.Side, record string, most int) error {
	_, err := s.Groups.Modify(ctx, key, func(g *ledgerv1.Group, _ bool) (*ledgerv1.Group, bool, error) {
		list := membersOf(g, side)
		i, is := slices.BinarySearch(*list, record)
		if is || len(*list) >= most {
			return g, false, nil
		}
		*list = slices.Insert(*list, i, record)
		return g, true, nil
	})
	return err
}

func (s store) Leave(ctx context.Context, key ledger.Key, side deal.Side, record string) (*ledgerv1.Group, error) {
	e, err := s.Groups.Modify(ctx, key, func(g *ledgerv1.Group, _ bool) (*ledgerv1.Group, bool, error) {
		list := membersOf(g, side)
		i, is := slices.BinarySearch(*list, record)
		if is {
			*list = slices.Delete(*list, i, i+1)
		}
		return g, is, nil
	})
	if err != nil {
		return nil, err
	}
	if e.Revision != 0 && len(e.Doc.GetHubspot())+len(e.Doc.GetApp()) == 0 {
		// Whoever joins meanwhile wins.
		if err := s.Groups.Delete(ctx, key, e.Revision); err != nil && !fault.Is(err, fault.Conflict) {
			return nil, err
		}
	}
	return e.Doc, nil
}

func membersOf(g *ledgerv1.Group, side deal.Side) *[]string {
	if side == deal.HubSpot {
		return &g.Hubspot
	}
	return &g.App
}

func (s store) Listed(ctx context.Context, workspace, sync string, side deal.Side, record string) ([]string, error) {
	doc, err := found(s.Grouped.Fresh(ctx, ledger.GroupedKey(workspace, sync, side, record)))
	return doc.GetKeys(), err
}

func (s store) List(ctx context.Context, workspace, sync string, side deal.Side, record string, keys []string) error {
	at := ledger.GroupedKey(workspace, sync, side, record)
	if len(keys) == 0 {
		return s.Grouped.Delete(ctx, at, 0)
	}
	_, err := s.Grouped.Modify(ctx, at, func(g *ledgerv1.Grouped, _ bool) (*ledgerv1.Grouped, bool, error) {
		changed := !slices.Equal(g.GetKeys(), keys)
		g.Keys = keys
		return g, changed, nil
	})
	return err
}

func (s store) Wait(ctx context.Context, workspace, sync string, side deal.Side, record string, dependent Ref) error {
	_, err := s.Waiting.Modify(ctx, ledger.WaitingKey(workspace, sync, side, record), func(w *ledgerv1.Waiting, _ bool) (*ledgerv1.Waiting, bool, error) {
		for _, d := range w.GetDependents() {
			if d.GetObject() == dependent.Object && d.GetRecord() == dependent.Record {
				return w, false, nil
			}
		}
		w.Dependents = append(w.Dependents, &ledgerv1.Dependent{Object: dependent.Object, Record: dependent.Record})
		return w, true, nil
	})
	return err
}
