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

// Connectors opens the pool of connectors: configured by the config service,
// held to the budgets that all replicas share in Redis (N7).
func (h *Host) Connectors(ctx context.Context) (*pool.Pool, error) {
	conf, err := h.Settings(ctx)
	if err != nil {
		return nil, err
	}
	rdb, err := h.Redis(ctx)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.connectors == nil {
		budgets := budget.New(rdb)
		h.connectors = pool.New(conf, func(b connector.Budget) connector.Limiter {
			return budgets.Limiter(budget.Limit{Calls: b.Calls, Per: b.Per, Daily: b.Daily})
		})
	}
	return h.connectors, nil
}
