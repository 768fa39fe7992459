// Package telemetry starts logs, metrics and traces for a process. Names of
// metrics, spans and attributes stand in its package names. It never fails a request:
// what cannot be exported is dropped.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Config of a process's telemetry.
type Config struct {
	LogLevel  string  `yaml:"log_level" env:"DEALSYNC_LOG_LEVEL" desc:"Lowest level that is logged: debug, info, warn or error."`
	LogFormat string  `yaml:"log_format" env:"DEALSYNC_LOG_FORMAT" desc:"json or text."`
	OTLP      string  `yaml:"otlp_endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" desc:"OTLP/gRPC address that traces go to; empty switches the export off."`
	Sample    float64 `yaml:"sample" env:"DEALSYNC_TRACE_SAMPLE" desc:"Share of edits that are traced, 0 to 1."`

	// Log is where log lines go; standard error when nil.
	Log io.Writer `yaml:"-"`
}

// Defaults traces every edit once an endpoint is set.
func Defaults() Config { return Config{LogLevel: "info", LogFormat: "json", Sample: 1} }

// Telemetry is what a process started.
type Telemetry struct {
	registry *prometheus.Registry
	traces   *sdktrace.TracerProvider
	metrics  *metric.MeterProvider
}

// Start sets the process-wide providers for logs, metrics and traces.
func Start(ctx context.Context, cfg Config, service, version string) (*Telemetry, error) {
	if err := setLogger(cfg, service); err != nil {
		return nil, err
	}
	about := resource.NewSchemaless(semconv.ServiceName(service), semconv.ServiceVersion(version), semconv.ServiceNamespace("dealsync"))

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := promexporter.New(promexporter.WithRegisterer(registry))
	if err != nil {
		return nil, fmt.Errorf("start metrics: %w", err)
	}
	t := &Telemetry{
		registry: registry,
		metrics:  metric.NewMeterProvider(metric.WithReader(exporter), metric.WithResource(about)),
	}
	otel.SetMeterProvider(t.metrics)

	// Without an exporter spans are never recorded, but ids still flow, so that
	// logs and journals can be joined.
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(about), sdktrace.WithSampler(sdktrace.NeverSample())}
	if cfg.OTLP != "" {
		otlp, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(cfg.OTLP))
		if err != nil {
			return nil, fmt.Errorf("start traces to %s: %w", cfg.OTLP, err)
		}
		options = []sdktrace.TracerProviderOption{
			sdktrace.WithResource(about), sdktrace.WithBatcher(otlp),
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.Sample))),
		}
	}
	t.traces = sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(t.traces)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return t, nil
}

// Handler serves the metrics in the Prometheus text format.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}

// Stop sends what is still held and ends the providers.
func (t *Telemetry) Stop(ctx context.Context) error {
	if err := t.traces.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop traces: %w", err)
	}
	if err := t.metrics.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop metrics: %w", err)
	}
	return nil
}
