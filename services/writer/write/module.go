package write

import (
	"context"

	"github.com/dealsync/dealsync/libs/host"
)

// Module is the writer as a host runs it.
var Module = host.Module[Config]{Name: "writer", Defaults: Defaults, New: open}

func open(ctx context.Context, cfg Config, h *host.Host) (host.Runner, error) {
	b, err := h.Bus(ctx)
	if err != nil {
		return nil, err
	}
	l, err := h.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	conf, err := h.Settings(ctx)
	if err != nil {
		return nil, err
	}
	connectors, err := h.Connectors(ctx)
	if err != nil {
		return nil, err
	}
	return New(cfg, Deps{
		Bus: b, Creates: l.Creates, Links: l.Links, Pairs: l.Pairs, Settings: conf,
		Connect: func(ctx context.Context, workspace, connection string) (Connector, error) {
			return connectors.Get(ctx, workspace, connection)
		},
	})
}
