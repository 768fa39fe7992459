// Package propose wires the mapper: it takes changes of records and publishes,
// for each sync of the record's connection, the record as that sync sees it. It
// writes no state and calls no app.
package propose

import (
	"context"
	"errors"
	"log/slog"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/settings"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Bus is the part of the bus that the mapper uses.
type Bus interface {
	Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error
	PublishAll(ctx context.Context, ms ...bus.Message) error
}

// Settings gives the configuration in force; it is at hand at any time.
type Settings interface {
	Snapshot() *settings.Snapshot
}

// Pairs reads what the ledger knows of pairs. Neither call fails because
// nothing is there: the answer is "" or nil.
type Pairs interface {
	// Link is the pair of a record under a sync. A link never changes, so it may
	// come from a cache; that there is none may not.
	Link(ctx context.Context, workspace, connection, object, record, sync string) (pair string, err error)
	// Pair is a pair's document, as it is now.
	Pair(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error)
}

// Deps are what the mapper works with.
type Deps struct {
	Bus      Bus
	Settings Settings
	Pairs    Pairs
	// Log is slog's default when nil.
	Log *slog.Logger
}

// Service is the mapper. Any number of replicas may run.
type Service struct {
	deps    Deps
	log     *slog.Logger
	plans   plans
	metrics *metrics
}

// New makes a mapper; Run starts it.
func New(_ Config, deps Deps) (*Service, error) {
	if deps.Bus == nil || deps.Settings == nil || deps.Pairs == nil {
		return nil, errors.New("mapper needs a bus, settings and pairs")
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
