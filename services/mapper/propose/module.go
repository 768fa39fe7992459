package propose

import (
	"context"

	"github.com/dealsync/dealsync/libs/host"
)

// Module is the mapper as a host runs it.
var Module = host.Module[Config]{Name: "mapper", Defaults: Defaults, New: open}

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
	return New(cfg, Deps{Bus: b, Settings: conf, Ledger: FromLedger(l)})
}
