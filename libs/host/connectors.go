package host

import (
	"context"

	"github.com/dealsync/dealsync/libs/budget"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/pool"
	"github.com/dealsync/dealsync/libs/connector/rest"
)

// Apps see which version calls them. The linker has set Version by now.
func init() { rest.UserAgent = "dealsync/" + Version }

// Limits are the budgets of accounts, which all replicas share in Redis (N7).
func (h *Host) Limits(ctx context.Context) (pool.Limits, error) {
	rdb, err := h.Redis(ctx)
	if err != nil {
		return nil, err
	}
	budgets := budget.New(rdb)
	return func(b connector.Budget) connector.Limiter {
		return budgets.Limiter(budget.Limit{Calls: b.Calls, Per: b.Per, Daily: b.Daily})
	}, nil
}

// Connectors opens the pool of connectors: configured by the config service,
// held to Limits.
func (h *Host) Connectors(ctx context.Context) (*pool.Pool, error) {
	conf, err := h.Settings(ctx)
	if err != nil {
		return nil, err
	}
	limits, err := h.Limits(ctx)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.connectors == nil {
		h.connectors = pool.New(conf, limits)
	}
	return h.connectors, nil
}
