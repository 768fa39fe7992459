package detect

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Names of the metrics, for the page that operators read.
const (
	// MetricDetected counts looks at a record by cause and result: "change",
	// "time" (only an edit time moved), "touch" (nothing changed), or "gone"
	// (news of a record that the app does not have).
	MetricDetected = "dealsync.detector.detected"
	// MetricReads counts records read by id, because news left a doubt.
	MetricReads = "dealsync.detector.reads"
	// MetricIgnored counts events by reason: "unused" (no sync of the object),
	// "unknown_account" (another account than the connection's).
	MetricIgnored = "dealsync.detector.ignored"
	// MetricPages counts pages read by kind: "poll" or "backfill".
	MetricPages = "dealsync.detector.pages"
)

type metrics struct{ detected, reads, ignored, pages metric.Int64Counter }

func newMetrics() (*metrics, error) {
	m := &metrics{}
	meter := otel.Meter("dealsync/change-detector")
	for _, c := range []struct {
		to          *metric.Int64Counter
		name, about string
	}{
		{&m.detected, MetricDetected, "Looks at a record, by cause and result."},
		{&m.reads, MetricReads, "Records read by id because news left a doubt."},
		{&m.ignored, MetricIgnored, "Events that concern nobody, by reason."},
		{&m.pages, MetricPages, "Pages read, by kind."},
	} {
		var err error
		if *c.to, err = meter.Int64Counter(c.name, metric.WithDescription(c.about)); err != nil {
			return nil, fmt.Errorf("metric %s: %w", c.name, err)
		}
	}
	return m, nil
}

func count(ctx context.Context, c metric.Int64Counter, n int, pairs ...string) {
	attrs := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		attrs = append(attrs, attribute.String(pairs[i], pairs[i+1]))
	}
	c.Add(ctx, int64(n), metric.WithAttributes(attrs...))
}
