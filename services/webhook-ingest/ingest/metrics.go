package ingest

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// metrics counts deliveries by what became of them.
type metrics struct {
	deliveries metric.Int64Counter
	duration   metric.Float64Histogram
}

func newMetrics() (*metrics, error) {
	maker := instrument.New(names.ScopeIngest)
	m := &metrics{
		deliveries: maker.Counter(names.WebhookDeliveries),
		duration:   maker.Histogram(names.WebhookDuration, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5),
	}
	return m, maker.Err()
}

func (m *metrics) count(ctx context.Context, app, result string, took time.Duration) {
	set := metric.WithAttributes(attribute.String(names.App, app), attribute.String(names.Result, result))
	m.deliveries.Add(ctx, 1, set)
	m.duration.Record(ctx, took.Seconds(), set)
}
