package resolve

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// Names of the metrics. All count by sync; MetricConflicts also by winner and
// reason, MetricExcluded by reason, MetricWrites by side and operation,
// MetricRefreshes by side and reason ("window_lost" among them).
const (
	MetricEdits     = "dealsync.resolver.edits"
	MetricEchoes    = "dealsync.resolver.echoes"
	MetricStale     = "dealsync.resolver.stale"
	MetricAsides    = "dealsync.resolver.asides"
	MetricConflicts = "dealsync.resolver.conflicts"
	MetricExcluded  = "dealsync.resolver.excluded"
	MetricWrites    = "dealsync.resolver.writes"
	MetricRefreshes = "dealsync.resolver.refreshes"
	MetricFolded    = "dealsync.resolver.folded"
	MetricDropped   = "dealsync.resolver.dropped"
)

type metrics struct {
	edits, echoes, stale, asides, conflicts, excluded, writes, refreshes, folded, dropped metric.Int64Counter
}

func newMetrics() (*metrics, error) {
	var m metrics
	for _, c := range []struct {
		into        *metric.Int64Counter
		name, about string
	}{
		{&m.edits, MetricEdits, "Units edited by people."},
		{&m.echoes, MetricEchoes, "Units in which our own write came back and was dropped."},
		{&m.stale, MetricStale, "News older than what is known."},
		{&m.asides, MetricAsides, "News set aside until a write is answered."},
		{&m.conflicts, MetricConflicts, "Conflicts decided, by winner."},
		{&m.excluded, MetricExcluded, "Records excluded, by reason."},
		{&m.writes, MetricWrites, "Writes decided, by side and operation."},
		{&m.refreshes, MetricRefreshes, "Records asked for again, by reason."},
		{&m.folded, MetricFolded, "News passed on to the pair that a record belongs to."},
		{&m.dropped, MetricDropped, "News of syncs that do not exist any more."},
	} {
		counter, err := otel.Meter("dealsync/conflict-resolver").Int64Counter(c.name, metric.WithDescription(c.about))
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", c.name, err)
		}
		*c.into = counter
	}
	return &m, nil
}

// count counts what a decision is about.
func (m *metrics) count(ctx context.Context, sc scope, d *core.Decision) {
	add := func(c metric.Int64Counter, n int, extra ...attribute.KeyValue) {
		if n > 0 {
			c.Add(ctx, int64(n), metric.WithAttributes(append(of(sc.sync.GetWorkspace(), sc.sync.GetName()), extra...)...))
		}
	}
	add(m.edits, d.Tally.Edits)
	add(m.echoes, d.Tally.Echoes)
	add(m.stale, d.Tally.Stale)
	add(m.asides, d.Tally.Asides)
	for _, c := range d.Tally.Conflicts {
		add(m.conflicts, 1, attribute.String("winner", c.Winner.String()), attribute.String("reason", c.Reason))
	}
	if d.Tally.Excluded != "" {
		add(m.excluded, 1, attribute.String("reason", d.Tally.Excluded))
	}
	for _, w := range d.Writes {
		add(m.writes, 1, attribute.String("side", w.Side.String()), attribute.String("op", opName(w.Op)))
	}
	for _, r := range d.Refresh {
		add(m.refreshes, 1, attribute.String("side", r.Side.String()), attribute.String("reason", r.Reason))
	}
}

func of(workspace, sync string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("workspace", workspace), attribute.String("sync", sync)}
}

func opName(op core.Op) string {
	if op == core.Create {
		return "create"
	}
	return "update"
}
