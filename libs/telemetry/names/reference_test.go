package names_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/dealsync/dealsync/libs/telemetry/instrument"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

var update = flag.Bool("update", false, "write the reference page")

const (
	reference = "../../../docs/reference/telemetry.md"
	intro     = `# Telemetry

Every metric, span, attribute and log line. This page is made from the code (libs/telemetry/names); ` + "`make generate`" + ` renews it.

Metrics are served at ` + "`/metrics`" + ` of each program's health address, under the second name. Traces go to ` + "`OTEL_EXPORTER_OTLP_ENDPOINT`" + `,
log lines to standard error. No metric has a label with the id of a record or a pair.
`
)

// published maps each metric to its name on the /metrics page, as the exporter
// makes it.
func published(t *testing.T) map[string]string {
	t.Helper()
	before := otel.GetMeterProvider()
	defer otel.SetMeterProvider(before)
	found := map[string]string{}
	for _, m := range names.Metrics {
		registry := prometheus.NewRegistry()
		exporter, err := promexporter.New(promexporter.WithRegisterer(registry))
		if err != nil {
			t.Fatal(err)
		}
		otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(exporter)))
		record(t, m)
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "target_info" {
				found[m.Name] = f.GetName()
			}
		}
	}
	return found
}

func record(t *testing.T, m names.Metric) {
	t.Helper()
	maker, ctx := instrument.New("test"), context.Background()
	switch m.Kind {
	case names.Counter:
		maker.Counter(m.Name).Add(ctx, 1)
	case names.UpDownCounter:
		maker.UpDownCounter(m.Name).Add(ctx, 1)
	case names.Gauge:
		maker.FloatGauge(m.Name).Record(ctx, 1)
	case names.Histogram:
		maker.Histogram(m.Name, 1).Record(ctx, 1)
	}
	if err := maker.Err(); err != nil {
		t.Fatal(err)
	}
}

func page(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString(intro)
	out.WriteString("\n## Metrics\n\n| metric | on /metrics | kind | unit | labels | meaning |\n|---|---|---|---|---|---|\n")
	prometheus := published(t)
	for _, m := range names.Metrics {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s | %s | %s | %s |\n", m.Name, prometheus[m.Name], m.Kind, m.Unit, code(m.Labels), m.Meaning)
	}
	out.WriteString("\nOn /metrics a label's dots are underscores: `dealsync_sync`.\n")
	out.WriteString("\n## Spans\n\nOne edit is one trace, from its webhook or poll to the write.\n\n| span | meaning | attributes |\n|---|---|---|\n")
	for _, s := range names.Spans {
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", s.Name, s.Meaning, code(s.Attributes))
	}
	out.WriteString("\n## Attributes\n\n| attribute | meaning |\n|---|---|\n")
	for _, a := range names.Attributes {
		fmt.Fprintf(&out, "| `%s` | %s |\n", a.Name, a.Meaning)
	}
	out.WriteString("\n## Log lines\n\nThe message of a line is one of these; everything else is in its fields. Lines about one message carry `trace_id`.\n" +
		"\n| event | level | meaning | alert on |\n|---|---|---|---|\n")
	for _, e := range names.Events {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", e.Name, e.Level, e.Meaning, e.Alert)
	}
	return out.String()
}

func code(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "`" + strings.Join(list, "`, `") + "`"
}

func TestTheReferencePageIsCurrent(t *testing.T) { // sets the global meter provider, so not parallel
	want := page(t)
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run make generate (-want +published):\n%s", diff)
	}
}
