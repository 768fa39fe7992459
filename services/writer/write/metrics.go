package write

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// metrics tells what was written, how it ended and how long an edit took.
type metrics struct {
	writes  metric.Int64Counter
	batch   metric.Float64Histogram
	calls   metric.Float64Histogram
	latency metric.Float64Histogram
}

func newMetrics() (*metrics, error) {
	maker := instrument.New(names.ScopeWriter)
	m := &metrics{
		writes:  maker.Counter(names.WriterWrites),
		batch:   maker.Histogram(names.WriterBatch, 1, 2, 5, 10, 25, 50, 75, 100),
		calls:   maker.Histogram(names.WriterCall, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30),
		latency: maker.Histogram(names.WriterEditLatency, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60),
	}
	return m, maker.Err()
}

func (m *metrics) call(ctx context.Context, app string, records int, took time.Duration) {
	set := metric.WithAttributes(attribute.String(names.App, app))
	m.batch.Record(ctx, float64(records), set)
	m.calls.Record(ctx, took.Seconds(), set)
}

func (m *metrics) written(ctx context.Context, app, op, result string, latency time.Duration) {
	set := metric.WithAttributes(attribute.String(names.App, app), attribute.String(names.Op, op), attribute.String(names.Result, result))
	m.writes.Add(ctx, 1, set)
	if latency > 0 {
		m.latency.Record(ctx, latency.Seconds(), set)
	}
}
