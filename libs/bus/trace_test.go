package bus_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// The providers are global, so this test does not run beside others.
//
//nolint:paralleltest // see above
func TestAnEditIsOneTraceAcrossHopsAndIsCounted(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tp, mp := otel.GetTracerProvider(), otel.GetMeterProvider()
	t.Cleanup(func() { otel.SetTracerProvider(tp); otel.SetMeterProvider(mp) })
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	reader := metric.NewManualReader()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))

	b := bustest.New(t).Bus()
	header := make(chan []string, 1)
	stop1 := consume(t, b, bus.Changes, func(ctx context.Context, d *bus.Delivery) error {
		header <- d.Headers["traceparent"]
		m := d.Message
		m.Subject.Stage = bus.Writes
		return b.PublishAll(ctx, m, edit("2", "other stage's"))
	})
	done := make(chan struct{}, 1)
	stop2 := consume(t, b, bus.Writes, func(context.Context, *bus.Delivery) error {
		done <- struct{}{}
		return nil
	})
	ctx, root := otel.Tracer("test").Start(t.Context(), "webhook")
	m := edit("1", "a")
	if err := b.Publish(ctx, m); err != nil {
		t.Fatal(err)
	}
	root.End()
	if h := receive(t, header); len(h) != 1 {
		t.Errorf("traceparent %v", h)
	}
	receive(t, done)
	stop1()
	stop2()

	chain := []struct {
		name string
		kind trace.SpanKind
	}{
		{"publish dealsync.changes", trace.SpanKindProducer},
		{"process dealsync.changes", trace.SpanKindConsumer},
		{"publish dealsync.writes", trace.SpanKindProducer},
		{"process dealsync.writes", trace.SpanKindConsumer},
	}
	parent := root.SpanContext()
	for _, want := range chain {
		s := childOf(t, spans.GetSpans(), parent, want.name)
		if s.SpanKind != want.kind {
			t.Errorf("%s: kind %s", s.Name, s.SpanKind)
		}
		if want.kind == trace.SpanKindConsumer && (len(s.Links) != 1 || s.Links[0].SpanContext.SpanID() != parent.SpanID()) {
			t.Errorf("%s: links %v", s.Name, s.Links)
		}
		parent = s.SpanContext
	}
	checkMetrics(t, reader)
}

func childOf(t *testing.T, spans tracetest.SpanStubs, parent trace.SpanContext, name string) tracetest.SpanStub {
	t.Helper()
	for _, s := range spans {
		if s.Name == name && s.Parent.SpanID() == parent.SpanID() && s.SpanContext.TraceID() == parent.TraceID() {
			return s
		}
	}
	t.Fatalf("no span %q under %s", name, parent.SpanID())
	return tracetest.SpanStub{}
}

func checkMetrics(t *testing.T, reader metric.Reader) {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			seen[m.Name] = true
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == names.BusInFlight {
				for _, p := range sum.DataPoints {
					if p.Value != 0 {
						t.Errorf("in flight after the end: %d", p.Value)
					}
				}
			}
		}
	}
	for _, name := range []string{names.BusPublished, names.BusConsumed, names.BusInFlight, names.BusProcess, names.BusBacklog, names.BusOldest, names.BusPartitions} {
		if !seen[name] {
			t.Errorf("metric %s is missing", name)
		}
	}
}
