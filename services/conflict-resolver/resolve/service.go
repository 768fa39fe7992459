// Package resolve wires the conflict resolver: it takes proposals, outcomes and
// commands, lets the core decide, stores the pair and publishes what follows.
// It is the one owner of pairs. It never talks to an app, and it never decides
// anything itself.
package resolve

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/libs/window"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Bus is the part of the bus that the resolver uses.
type Bus interface {
	Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error
	PublishAll(ctx context.Context, ms ...bus.Message) error
}

// Documents is a bucket of the ledger.
type Documents[T any] interface {
	Get(ctx context.Context, key ledger.Key) (ledger.Entry[T], error)
	Fresh(ctx context.Context, key ledger.Key) (ledger.Entry[T], error)
	Put(ctx context.Context, key ledger.Key, doc T, revision uint64) (uint64, error)
}

// Lists are the ledger's lists of what waits for a record.
type Lists interface {
	Fresh(ctx context.Context, key ledger.Key) (ledger.Entry[*ledgerv1.Waiting], error)
	Delete(ctx context.Context, key ledger.Key, revision uint64) error
}

// Windows exchange the values of edits that may be in conflict.
type Windows interface {
	Exchange(ctx context.Context, workspace, pair string, side deal.Side, edits []window.Edit, life time.Duration) ([]window.Edit, error)
}

// Settings gives the configuration in force.
type Settings interface {
	Snapshot() *settings.Snapshot
}

// Deps are what the resolver works with.
type Deps struct {
	Bus      Bus
	Pairs    Documents[*ledgerv1.Pair]
	Links    Documents[*ledgerv1.Link]
	Waiting  Lists
	Windows  Windows
	Settings Settings
	// Now is the clock; nil is the wall clock.
	Now func() time.Time
	// Log is slog's default when nil.
	Log *slog.Logger
}

// Service is the resolver. Any number of replicas may run: the bus gives each
// pair to one of them, and the pair's version fences off an owner that does not
// know yet that it has been replaced.
type Service struct {
	cfg      Config
	deps     Deps
	log      *slog.Logger
	policies policies
	metrics  *metrics
}

// New makes a resolver; Run starts it.
func New(cfg Config, deps Deps) (*Service, error) {
	if deps.Bus == nil || deps.Pairs == nil || deps.Links == nil || deps.Waiting == nil || deps.Windows == nil || deps.Settings == nil {
		return nil, errors.New("conflict-resolver needs a bus, pairs, links, waiting lists, windows and settings")
	}
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Service{cfg: cfg, deps: deps, log: deps.Log, metrics: m}
	if s.log == nil {
		s.log = slog.Default()
	}
	return s, nil
}

// Name is the service's name in logs, metrics and deployments.
func (*Service) Name() string { return "conflict-resolver" }

// parallel is how many inputs are worked on at once. All that one waits for is
// Redis and the ledger, so more would only take memory.
const parallel = 32

// Run resolves until ctx ends and returns after draining.
func (s *Service) Run(ctx context.Context) error {
	return s.deps.Bus.Consume(ctx, bus.Proposals, bus.AtMost(parallel, s.handle))
}
