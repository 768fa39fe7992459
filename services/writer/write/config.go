// Package write carries out intended writes: batched per connection, one in
// flight per record, creates exactly once (N2). It decides nothing about
// values and never retries outside its lane.
package write

import (
	"context"

	"github.com/dealsync/dealsync/libs/host"
)

// Config of the service. There is nothing to set: batch sizes and limits are
// the apps' own.
type Config struct{}

// Defaults is the zero value.
func Defaults() Config { return Config{} }

// Module runs the service under a host.
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
