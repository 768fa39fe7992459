package propose

import (
	"context"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// FromLedger reads pairs from the ledger. Pairs are read past the cache: they
// are the resolver's, and change while this process does not look.
func FromLedger(l *ledger.Ledger) Pairs { return ledgerPairs{l} }

type ledgerPairs struct{ ledger *ledger.Ledger }

func (p ledgerPairs) Link(ctx context.Context, workspace, connection, object, record, sync string) (string, error) {
	e, err := p.ledger.Links.Get(ctx, ledger.LinkKey(workspace, connection, object, record, sync))
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return e.Doc.GetPair(), nil
}

func (p ledgerPairs) Pair(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error) {
	e, err := p.ledger.Pairs.Fresh(ctx, ledger.PairKey(workspace, sync, pair))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return e.Doc, nil
}
