// Package propose wires the mapper: it takes changes of records and publishes,
// for each sync of the record's connection, the record as that sync sees it and
// the pair that it belongs to. All that it stores is which records have a match
// key in common and which wait for another one's counterpart; it calls no app.
package propose

import (
	"context"
	"errors"
	"log/slog"

	"github.com/dealsync/dealsync/libs/bus"
)

// Deps are what the mapper works with.
type Deps struct {
	Bus      Bus
	Settings Settings
	Ledger   Ledger
	// Log is slog's default when nil.
	Log *slog.Logger
}

// Service is the mapper. Any number of replicas may run.
type Service struct {
	deps    Deps
	log     *slog.Logger
	plans   plans
	matched matched
	metrics *metrics
}

// New makes a mapper; Run starts it.
func New(_ Config, deps Deps) (*Service, error) {
	if deps.Bus == nil || deps.Settings == nil || deps.Ledger == nil {
		return nil, errors.New("mapper needs a bus, settings and a ledger")
	}
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	s := &Service{deps: deps, log: deps.Log, metrics: m}
	if s.log == nil {
		s.log = slog.Default()
	}
	return s, nil
}

// Name is the service's name in logs, metrics and deployments.
func (*Service) Name() string { return "mapper" }

// parallel is how many changes are worked on at once. All that one waits for is
// the ledger and the bus, so more would only take memory.
const parallel = 32

// Run maps changes until ctx ends and returns after draining.
func (s *Service) Run(ctx context.Context) error {
	return s.deps.Bus.Consume(ctx, bus.Changes, bus.AtMost(parallel, s.handle))
}
