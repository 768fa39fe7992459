package detect

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

type metrics struct{ detected, reads, ignored, pages metric.Int64Counter }

func newMetrics() (*metrics, error) {
	maker := instrument.New(names.ScopeDetector)
	m := &metrics{
		detected: maker.Counter(names.DetectorDetected),
		reads:    maker.Counter(names.DetectorReads),
		ignored:  maker.Counter(names.DetectorIgnored),
		pages:    maker.Counter(names.DetectorPages),
	}
	return m, maker.Err()
}

func count(ctx context.Context, c metric.Int64Counter, n int, pairs ...string) {
	attrs := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		attrs = append(attrs, attribute.String(pairs[i], pairs[i+1]))
	}
	c.Add(ctx, int64(n), metric.WithAttributes(attrs...))
}
