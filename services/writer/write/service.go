package write

import (
	"context"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Bus is what the service asks of the bus.
type Bus interface {
	Publish(ctx context.Context, m bus.Message) error
	Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error
}

// Documents is a bucket of the ledger.
type Documents[T any] interface {
	Fresh(ctx context.Context, key ledger.Key) (ledger.Entry[T], error)
	Put(ctx context.Context, key ledger.Key, doc T, revision uint64) (uint64, error)
}

// Reader is a bucket that the service only reads.
type Reader[T any] interface {
	Fresh(ctx context.Context, key ledger.Key) (ledger.Entry[T], error)
}

// Settings is what the service asks of the configuration.
type Settings interface {
	Snapshot() *settings.Snapshot
}

// Connector is an account of an app, as far as writing needs it.
type Connector interface {
	Manifest() connector.Manifest
	Write(ctx context.Context, object deal.Object, writes []connector.Write) []connector.Result
	FindCreated(ctx context.Context, object deal.Object, keys []string, since time.Time) (map[string]string, error)
}

// Deps are what the service works with.
type Deps struct {
	Bus      Bus
	Creates  Documents[*ledgerv1.Create]
	Links    Documents[*ledgerv1.Link]
	Pairs    Reader[*ledgerv1.Pair]
	Settings Settings
	Connect  func(ctx context.Context, workspace, connection string) (Connector, error)
	// Now is the clock; nil is the wall clock.
	Now func() time.Time
}

// Service carries out writes.
type Service struct {
	deps    Deps
	metrics *metrics

	mu     sync.Mutex
	queues map[queueKey]*queue
}

// New makes the service; Run starts it.
func New(_ Config, deps Deps) (*Service, error) {
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Service{deps: deps, metrics: m, queues: map[queueKey]*queue{}}, nil
}

// Run carries out writes until ctx ends and those in hand are answered.
func (s *Service) Run(ctx context.Context) error {
	defer s.closeQueues()
	return s.deps.Bus.Consume(ctx, bus.Writes, s.handle)
}
