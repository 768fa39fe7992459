package write

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics tells what was written, how it ended and how long an edit took.
type metrics struct {
	writes  metric.Int64Counter
	batch   metric.Int64Histogram
	calls   metric.Float64Histogram
	latency metric.Float64Histogram
}

func newMetrics() (*metrics, error) {
	meter := otel.Meter("github.com/dealsync/dealsync/services/writer")
	writes, err1 := meter.Int64Counter("dealsync.writes",
		metric.WithDescription("Writes by app, operation and result."))
	batch, err2 := meter.Int64Histogram("dealsync.write.batch",
		metric.WithDescription("Records per call."), metric.WithExplicitBucketBoundaries(1, 2, 5, 10, 25, 50, 75, 100))
	calls, err3 := meter.Float64Histogram("dealsync.write.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of a call that writes."))
	latency, err4 := meter.Float64Histogram("dealsync.edit.latency", metric.WithUnit("s"),
		metric.WithDescription("Time from accepting an edit's news to the app's answer to its write."),
		metric.WithExplicitBucketBoundaries(.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60))
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return nil, fmt.Errorf("make metric: %w", err)
		}
	}
	return &metrics{writes, batch, calls, latency}, nil
}

func (m *metrics) call(ctx context.Context, app string, records int, took time.Duration) {
	set := metric.WithAttributes(attribute.String("app", app))
	m.batch.Record(ctx, int64(records), set)
	m.calls.Record(ctx, took.Seconds(), set)
}

func (m *metrics) written(ctx context.Context, app, op, result string, latency time.Duration) {
	set := metric.WithAttributes(attribute.String("app", app), attribute.String("op", op), attribute.String("result", result))
	m.writes.Add(ctx, 1, set)
	if latency > 0 {
		m.latency.Record(ctx, latency.Seconds(), set)
	}
}
