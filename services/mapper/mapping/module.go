package mapping

import (
	"context"
	"fmt"

	"github.com/dealsync/dealsync/libs/host"
)

// Module is the mapper as a host runs it.
var Module = host.Module[Config]{Name: "mapper", Defaults: Defaults, New: open}

func open(ctx context.Context, cfg Config, h *host.Host) (host.Runner, error) {
	b, err := h.Bus(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapper: %w", err)
	}
	l, err := h.Ledger(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapper: %w", err)
	}
	conf, err := h.Settings(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapper: %w", err)
	}
	return New(cfg, Deps{Bus: b, Settings: conf, Pairs: FromLedger(l)})
}
