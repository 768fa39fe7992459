// Package detect wires the change-detector: it takes notices (webhooks, pages
// of polls and backfills, requests to offer records again), finds out what
// really changed, publishes that, and keeps the copies of records. One replica
// at a time also schedules polls and backfills. It maps nothing, decides no
// conflict and writes no field of any app.
package detect

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// App is what the detector asks of a connection; *connector.Connector is one.
type App interface {
	Manifest() connector.Manifest
	Read(ctx context.Context, object deal.Object, ids []string) ([]connector.Record, error)
	Scan(ctx context.Context, req connector.ScanRequest) (connector.Page, error)
	ParseWebhook(ctx context.Context, body []byte) ([]connector.Event, error)
	Subscribe(ctx context.Context, url string, secret connector.WebhookSecret, objects []deal.Object) error
	Provision(ctx context.Context, object deal.Object) error
}

// Apps finds the connector of a connection; it costs no call.
type Apps interface {
	Get(ctx context.Context, workspace, connection string) (App, error)
}

// Settings is the configuration in force.
type Settings interface {
	Snapshot() *settings.Snapshot
	Changed() <-chan struct{}
	WebhookSecret(ctx context.Context, workspace, connection string) (connector.WebhookSecret, error)
}

// Bus is the part of the bus that the detector uses.
type Bus interface {
	Publish(ctx context.Context, m bus.Message) error
	PublishAll(ctx context.Context, ms ...bus.Message) error
	Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error
	Mark(ctx context.Context, stage bus.Stage) (uint64, error)
	Passed(ctx context.Context, stage bus.Stage, workspace, connection, object string, mark uint64) (bool, error)
}

// Records are the copies of records in the ledger.
type Records interface {
	Get(ctx context.Context, key ledger.Key) (ledger.Entry[*ledgerv1.Record], error)
	Fresh(ctx context.Context, key ledger.Key) (ledger.Entry[*ledgerv1.Record], error)
	Put(ctx context.Context, key ledger.Key, doc *ledgerv1.Record, revision uint64) (uint64, error)
	Each(ctx context.Context, prefix ledger.Key, fn func(ledger.Item[*ledgerv1.Record]) error) error
}

// Cursors are the positions of scans in the ledger.
type Cursors interface {
	Fresh(ctx context.Context, key ledger.Key) (ledger.Entry[*ledgerv1.Cursor], error)
	Put(ctx context.Context, key ledger.Key, doc *ledgerv1.Cursor, revision uint64) (uint64, error)
}

// Deps are what the detector works with.
type Deps struct {
	Bus      Bus
	Records  Records
	Cursors  Cursors
	Settings Settings
	Apps     Apps
	// Log is slog's default when nil.
	Log *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Service is the change-detector. Any number of replicas may run.
type Service struct {
	cfg      Config
	deps     Deps
	log      *slog.Logger
	now      func() time.Time
	slots    slots // records
	unpacked slots // notices
	readers  readers
	interest interest
	metrics  *metrics
}

// New makes a detector; Run starts it.
func New(cfg Config, deps Deps) (*Service, error) {
	if deps.Bus == nil || deps.Records == nil || deps.Cursors == nil || deps.Settings == nil || deps.Apps == nil {
		return nil, errors.New("change-detector needs a bus, records, cursors, settings and apps")
	}
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg.withDefaults(), deps: deps, log: deps.Log, now: deps.Now, metrics: m}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.readers.apps, s.slots.size, s.unpacked.size = deps.Apps, s.cfg.Parallel, s.cfg.Parallel
	return s, nil
}

// Name is the service's name in logs, metrics and deployments.
func (*Service) Name() string { return "change-detector" }

// Run handles notices and takes part in the election of the scheduler until
// ctx ends. It returns after draining.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.deps.Bus.Consume(ctx, bus.Notices, s.handle) })
	g.Go(func() error { return newScheduler(s).run(ctx) })
	return g.Wait()
}
