package connector

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

type meters struct {
	calls, pauses, retries, schemas, odd metric.Int64Counter
	duration, waits                      metric.Float64Histogram
}

var sharedMeters = sync.OnceValues(newMeters)

func newMeters() (*meters, error) {
	maker := instrument.New(names.ScopeConnector)
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	m := &meters{
		calls:    maker.Counter(names.APICalls),
		pauses:   maker.Counter(names.APIPauses),
		retries:  maker.Counter(names.APIRetries),
		schemas:  maker.Counter(names.APISchemaReads),
		odd:      maker.Counter(names.APIOddValues),
		duration: maker.Histogram(names.APICall, buckets...),
		waits:    maker.Histogram(names.APIWait, buckets...),
	}
	if err := maker.Err(); err != nil {
		return nil, fmt.Errorf("make connector metrics: %w", err)
	}
	return m, nil
}

// labelsOf are the attributes that all telemetry of a connection has; name is
// its workspace and its own name with a slash between.
func labelsOf(app, name string) []attribute.KeyValue {
	labels := []attribute.KeyValue{attribute.String(names.App, app)}
	if workspace, connection, ok := strings.Cut(name, "/"); ok {
		return append(labels, attribute.String(names.Workspace, workspace), attribute.String(names.Connection, connection))
	}
	return append(labels, attribute.String(names.Connection, name))
}

// add counts n of something.
func (c *Connector) add(ctx context.Context, counter metric.Int64Counter, n int, more ...attribute.KeyValue) {
	if n > 0 {
		counter.Add(ctx, int64(n), metric.WithAttributes(append(more, c.labels...)...))
	}
}
