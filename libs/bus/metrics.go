package bus

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/fault"
)

// Names of the metrics, for the page that operators read.
const (
	MetricPublished = "dealsync.bus.published"  // messages, by stage, lane
	MetricConsumed  = "dealsync.bus.consumed"   // messages handled, by stage, lane
	MetricRetried   = "dealsync.bus.retried"    // attempts that will be repeated, by stage, lane, error kind
	MetricParked    = "dealsync.bus.parked"     // messages, by stage, lane, error kind
	MetricInFlight  = "dealsync.bus.in_flight"  // messages a replica has in hand, by stage, lane
	MetricDuration  = "dealsync.bus.process"    // seconds per attempt, by stage, lane
	MetricBacklog   = "dealsync.bus.backlog"    // messages stored, by stage
	MetricOldest    = "dealsync.bus.oldest"     // age of the oldest message in seconds, by stage
	MetricOwned     = "dealsync.bus.partitions" // partitions this replica owns, by stage
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
	meter := otel.Meter(instrumentation)
	m := &metrics{sets: map[Stage]map[Lane]*labels{}}
	var errs [9]error
	m.published, errs[0] = meter.Int64Counter(MetricPublished, metric.WithUnit("{message}"), metric.WithDescription("Messages stored."))
	m.consumed, errs[1] = meter.Int64Counter(MetricConsumed, metric.WithUnit("{message}"), metric.WithDescription("Messages handled."))
	m.retried, errs[2] = meter.Int64Counter(MetricRetried, metric.WithUnit("{attempt}"), metric.WithDescription("Attempts that will be repeated."))
	m.parked, errs[3] = meter.Int64Counter(MetricParked, metric.WithUnit("{message}"), metric.WithDescription("Messages given up."))
	m.inFlight, errs[4] = meter.Int64UpDownCounter(MetricInFlight, metric.WithUnit("{message}"), metric.WithDescription("Messages in hand."))
	m.duration, errs[5] = meter.Float64Histogram(MetricDuration, metric.WithUnit("s"), metric.WithDescription("Time one attempt took."),
		metric.WithExplicitBucketBoundaries(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30))
	m.backlog, errs[6] = meter.Int64Gauge(MetricBacklog, metric.WithUnit("{message}"), metric.WithDescription("Messages waiting or in hand."))
	m.oldest, errs[7] = meter.Float64Gauge(MetricOldest, metric.WithUnit("s"), metric.WithDescription("Age of the oldest message."))
	m.owned, errs[8] = meter.Int64Gauge(MetricOwned, metric.WithUnit("{partition}"), metric.WithDescription("Partitions owned."))
	for _, s := range allStages {
		m.sets[s] = map[Lane]*labels{}
		for _, l := range []Lane{"", Live, Bulk} {
			m.sets[s][l] = newLabels(s, l)
		}
	}
	return m, errors.Join(errs[:]...)
}

func newLabels(s Stage, l Lane) *labels {
	kv := []attribute.KeyValue{attribute.String(AttrStage, string(s))}
	if l != "" {
		kv = append(kv, attribute.String(AttrLane, string(l)))
	}
	set := metric.WithAttributeSet(attribute.NewSet(kv...))
	x := &labels{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
	for k := range x.kinds {
		withKind := append(kv[:len(kv):len(kv)], attribute.String(AttrErrorKind, fault.Kind(k).String()))
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
