package configure

import (
	"context"

	"github.com/dealsync/dealsync/libs/host"
)

// Module is the config service as a host runs it.
var Module = host.Module[Config]{Name: "config", Defaults: Defaults, New: open}

func open(ctx context.Context, cfg Config, h *host.Host) (host.Runner, error) {
	b, err := h.Bus(ctx)
	if err != nil {
		return nil, err
	}
	l, err := h.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	limits, err := h.Limits(ctx)
	if err != nil {
		return nil, err
	}
	return New(ctx, cfg, Deps{
		Bus: b, Ledger: l, Replicas: h.Config().Ledger().Replicas, Access: h.Config().ConfigToken.Reveal(),
		Apps: LiveApps(limits),
	})
}
