package ingest

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics counts deliveries by what became of them.
type metrics struct {
	deliveries metric.Int64Counter
	duration   metric.Float64Histogram
}

func newMetrics() (*metrics, error) {
	meter := otel.Meter("github.com/dealsync/dealsync/services/webhook-ingest")
	deliveries, err := meter.Int64Counter("dealsync.webhook.deliveries",
		metric.WithDescription("Webhook deliveries by app and result: stored, or the code of the refusal."))
	if err != nil {
		return nil, fmt.Errorf("make metric: %w", err)
	}
	duration, err := meter.Float64Histogram("dealsync.webhook.duration", metric.WithUnit("s"),
		metric.WithDescription("Time from request to answer."),
		metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5))
	if err != nil {
		return nil, fmt.Errorf("make metric: %w", err)
	}
	return &metrics{deliveries, duration}, nil
}

func (m *metrics) count(ctx context.Context, app, result string, took time.Duration) {
	set := metric.WithAttributes(attribute.String("app", app), attribute.String("result", result))
	m.deliveries.Add(ctx, 1, set)
	m.duration.Record(ctx, took.Seconds(), set)
}
