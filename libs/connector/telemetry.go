package connector

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

type meters struct {
	calls, pauses, retries, schemas, odd metric.Int64Counter
	duration, waits                      metric.Float64Histogram
}

var sharedMeters = sync.OnceValues(newMeters)

func newMeters() (*meters, error) {
	meter := otel.Meter(instrumentation)
	buckets := metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
	m := &meters{}
	var errs [7]error
	m.calls, errs[0] = meter.Int64Counter(MetricCalls, metric.WithUnit("{call}"), metric.WithDescription("API calls."))
	m.pauses, errs[1] = meter.Int64Counter(MetricPauses, metric.WithUnit("{pause}"), metric.WithDescription("Times an app asked to wait."))
	m.retries, errs[2] = meter.Int64Counter(MetricRetries, metric.WithUnit("{call}"), metric.WithDescription("Quick repeats of failed work."))
	m.schemas, errs[3] = meter.Int64Counter(MetricSchemas, metric.WithUnit("{read}"), metric.WithDescription("Schema reads."))
	m.odd, errs[4] = meter.Int64Counter(MetricOddValues, metric.WithUnit("{value}"), metric.WithDescription("Values that are not of their field's type."))
	m.duration, errs[5] = meter.Float64Histogram(MetricDuration, metric.WithUnit("s"), metric.WithDescription("Time to the answer's head."), buckets)
	m.waits, errs[6] = meter.Float64Histogram(MetricWaits, metric.WithUnit("s"), metric.WithDescription("Time waited for the rate budget."), buckets)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make connector metrics: %w", err)
	}
	return m, nil
}

// add counts n of something that has no more attributes than the connection.
func (c *Connector) add(ctx context.Context, counter metric.Int64Counter, n int, more ...attribute.KeyValue) {
	if n > 0 {
		counter.Add(ctx, int64(n), metric.WithAttributes(append(more,
			attribute.String(AttrApp, c.manifest.App), attribute.String(AttrConnection, c.options.Name))...))
	}
}
