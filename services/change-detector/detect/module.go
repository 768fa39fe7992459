package detect

import (
	"context"

	"github.com/dealsync/dealsync/libs/connector/pool"
	"github.com/dealsync/dealsync/libs/host"
)

// Module is the change-detector as a host runs it.
var Module = host.Module[Config]{Name: "change-detector", Defaults: Defaults, New: open}

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
	return New(cfg, Deps{Bus: b, Records: l.Records, Cursors: l.Cursors, Settings: conf, Apps: pooled{connectors}})
}

// pooled answers the pool's connectors as what the detector asks of them.
type pooled struct{ pool *pool.Pool }

func (p pooled) Get(ctx context.Context, workspace, connection string) (App, error) {
	c, err := p.pool.Get(ctx, workspace, connection)
	if err != nil {
		return nil, err
	}
	return c, nil
}
