package bus

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

type metrics struct {
	published, consumed, retried, parked metric.Int64Counter
	inFlight                             metric.Int64UpDownCounter
	duration                             metric.Float64Histogram
	oldest                               metric.Float64Gauge
	backlog, owned                       metric.Int64Gauge
	sets                                 map[Stage]map[Lane]*labels
}

// labels are the options for one stage and lane, made once so that counting
// allocates nothing.
type labels struct {
	add    []metric.AddOption
	record []metric.RecordOption
	kinds  [fault.Invalid + 1][]metric.AddOption
}

func newMetrics() (*metrics, error) {
	maker := instrument.New(names.ScopeBus)
	m := &metrics{
		published: maker.Counter(names.BusPublished),
		consumed:  maker.Counter(names.BusConsumed),
		retried:   maker.Counter(names.BusRetried),
		parked:    maker.Counter(names.BusParked),
		inFlight:  maker.UpDownCounter(names.BusInFlight),
		duration:  maker.Histogram(names.BusProcess, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30),
		backlog:   maker.Gauge(names.BusBacklog),
		oldest:    maker.FloatGauge(names.BusOldest),
		owned:     maker.Gauge(names.BusPartitions),
		sets:      map[Stage]map[Lane]*labels{},
	}
	for _, s := range allStages {
		m.sets[s] = map[Lane]*labels{}
		for _, l := range []Lane{"", Live, Bulk} {
			m.sets[s][l] = newLabels(s, l)
		}
	}
	return m, maker.Err()
}

func newLabels(s Stage, l Lane) *labels {
	kv := []attribute.KeyValue{attribute.String(names.Stage, string(s))}
	if l != "" {
		kv = append(kv, attribute.String(names.Lane, string(l)))
	}
	set := metric.WithAttributeSet(attribute.NewSet(kv...))
	x := &labels{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
	for k := range x.kinds {
		withKind := append(kv[:len(kv):len(kv)], attribute.String(names.ErrorType, fault.Kind(k).String()))
		x.kinds[k] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(withKind...))}
	}
	return x
}

func (m *metrics) of(s Stage, l Lane) *labels { return m.sets[s][l] }

// state records what a stage's stream holds.
func (m *metrics) state(ctx context.Context, s Stage, messages uint64, oldest time.Time, owned int) {
	x := m.of(s, "")
	m.backlog.Record(ctx, int64(messages), x.record...)
	age := 0.0
	if messages > 0 {
		age = time.Since(oldest).Seconds()
	}
	m.oldest.Record(ctx, age, x.record...)
	m.owned.Record(ctx, int64(owned), x.record...)
}
