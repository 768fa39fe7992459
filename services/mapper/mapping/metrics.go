package mapping

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// MetricMapped counts records mapped, by sync and verdict: "eligible",
// "deleted" or the reason of the exclusion.
const MetricMapped = "dealsync.mapper.mapped"

type metrics struct{ mapped metric.Int64Counter }

func newMetrics() (*metrics, error) {
	c, err := otel.Meter("dealsync/mapper").Int64Counter(MetricMapped,
		metric.WithDescription("Records mapped under a sync, by verdict."))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", MetricMapped, err)
	}
	return &metrics{mapped: c}, nil
}

func (m *metrics) count(ctx context.Context, workspace, sync, verdict string) {
	m.mapped.Add(ctx, 1, metric.WithAttributes(
		attribute.String("workspace", workspace), attribute.String("sync", sync), attribute.String("verdict", verdict)))
}
