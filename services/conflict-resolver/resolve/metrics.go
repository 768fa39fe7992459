package resolve

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

type metrics struct {
	edits, echoes, stale, asides, conflicts, excluded, writes, refreshes, folded, dropped metric.Int64Counter
}

func newMetrics() (*metrics, error) {
	maker := instrument.New(names.ScopeResolver)
	m := &metrics{
		edits:     maker.Counter(names.ResolverEdits),
		echoes:    maker.Counter(names.ResolverEchoes),
		stale:     maker.Counter(names.ResolverStale),
		asides:    maker.Counter(names.ResolverAsides),
		conflicts: maker.Counter(names.ResolverConflicts),
		excluded:  maker.Counter(names.ResolverExcluded),
		writes:    maker.Counter(names.ResolverWrites),
		refreshes: maker.Counter(names.ResolverRefreshes),
		folded:    maker.Counter(names.ResolverFolded),
		dropped:   maker.Counter(names.ResolverDropped),
	}
	return m, maker.Err()
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
		add(m.conflicts, 1, attribute.String(names.Winner, c.Winner.String()), attribute.String(names.Reason, c.Reason))
	}
	if d.Tally.Excluded != "" {
		add(m.excluded, 1, attribute.String(names.Reason, d.Tally.Excluded))
	}
	for _, w := range d.Writes {
		add(m.writes, 1, attribute.String(names.Side, w.Side.String()), attribute.String(names.Op, opName(w.Op)))
	}
	for _, r := range d.Refresh {
		add(m.refreshes, 1, attribute.String(names.Side, r.Side.String()), attribute.String(names.Reason, r.Reason))
	}
}

func of(workspace, sync string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String(names.Workspace, workspace), attribute.String(names.Sync, sync)}
}

func opName(op core.Op) string {
	if op == core.Create {
		return "create"
	}
	return "update"
}
