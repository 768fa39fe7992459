package propose

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

type metrics struct{ mapped metric.Int64Counter }

func newMetrics() (*metrics, error) {
	maker := instrument.New(names.ScopeMapper)
	return &metrics{mapped: maker.Counter(names.MapperMapped)}, maker.Err()
}

func (m *metrics) count(ctx context.Context, workspace, sync, verdict string) {
	m.mapped.Add(ctx, 1, metric.WithAttributes(attribute.String(names.Workspace, workspace),
		attribute.String(names.Sync, sync), attribute.String(names.Verdict, verdict)))
}
