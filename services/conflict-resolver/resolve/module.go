package resolve

import (
	"context"

	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/libs/window"
)

// Module is the resolver as a host runs it.
var Module = host.Module[Config]{Name: "conflict-resolver", Defaults: Defaults, New: open}

func open(ctx context.Context, cfg Config, h *host.Host) (host.Runner, error) {
	b, err := h.Bus(ctx)
	if err != nil {
		return nil, err
	}
	l, err := h.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	rdb, err := h.Redis(ctx)
	if err != nil {
		return nil, err
	}
	conf, err := h.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return New(cfg, Deps{Bus: b, Pairs: l.Pairs, Links: l.Links, Waiting: l.Waiting, Windows: window.New(rdb), Settings: conf})
}
