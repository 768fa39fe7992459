// Package bus carries messages between the steps of the pipeline: durable
// publishing, and consumption that keeps the order of each key while many keys
// run at once, over any number of replicas.
//
// Delivery is at least once: after a crash, and only then, a message may be
// handled again. Messages of one key are handled one at a time in the order
// they were stored; live and bulk messages of a key are never handled at once.
// The bus never looks into a payload, never decides what an error means beyond
// [Dispose], and never drops a message: it ends handled or parked.
package bus

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// Message is what one step tells the next.
type Message struct {
	Subject Subject
	// ID is derived from the content, so that a repeated publish within two
	// minutes is stored once. Later repeats are the consumer's to recognise.
	ID string
	// Type is the CloudEvents type, e.g. "dealsync.event.v1.Change".
	Type string
	// Time is when the thing happened, at its source.
	Time time.Time
	// Data is the payload; the bus keeps it as it is.
	Data []byte
}

// Handler does the work for one message. Returning nil acknowledges it; an
// error is judged by [Dispose]. When ctx ends the handler should return soon:
// the partition is lost or the process is about to stop.
type Handler func(ctx context.Context, d *Delivery) error

// Bus publishes and consumes over one NATS connection, which stays the caller's.
type Bus struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	leases  *leases
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	tracer  trace.Tracer
	names   map[Stage]spanNames
}

// Option changes how a Bus is made.
type Option func(*Bus)

// WithLogger makes the bus log to log instead of the default logger.
func WithLogger(log *slog.Logger) Option { return func(b *Bus) { b.log = log } }

// New creates or updates the streams that cfg describes and returns a bus on
// them. Running it twice changes nothing; a changed partition count starts a
// new generation, which consumers enter once the old one is drained.
func New(ctx context.Context, nc *nats.Conn, cfg Config, opts ...Option) (*Bus, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc,
		jetstream.WithPublishAsyncMaxPending(cfg.PublishWindow),
		jetstream.WithPublishAsyncTimeout(cfg.PublishTimeout),
		jetstream.WithDefaultTimeout(cfg.PublishTimeout))
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	b := &Bus{nc: nc, js: js, cfg: cfg, log: slog.Default(), tracer: otel.Tracer(names.ScopeBus), names: newSpanNames()}
	for _, o := range opts {
		o(b)
	}
	if b.metrics, err = newMetrics(); err != nil {
		return nil, err
	}
	if b.leases, err = openLeases(ctx, js, cfg); err != nil {
		return nil, err
	}
	if err := b.ensureStreams(ctx, cfg); err != nil {
		return nil, err
	}
	return b, nil
}

// JetStream is the client under the bus, for state that lives beside it.
func (b *Bus) JetStream() jetstream.JetStream { return b.js }

// Conn is the connection under the bus.
func (b *Bus) Conn() *nats.Conn { return b.nc }
