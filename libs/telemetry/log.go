package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// setLogger makes slog write to cfg.Log, with the service's name and the ids of
// the trace that a line belongs to.
func setLogger(cfg Config, service string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return fmt.Errorf("log level %q: allowed are debug, info, warn, error", cfg.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	out := cfg.Log
	if out == nil {
		out = os.Stderr
	}
	var handler slog.Handler
	switch strings.ToLower(cfg.LogFormat) {
	case "json":
		handler = slog.NewJSONHandler(out, options)
	case "text":
		handler = slog.NewTextHandler(out, options)
	default:
		return fmt.Errorf("log format %q: allowed are json, text", cfg.LogFormat)
	}
	slog.SetDefault(slog.New(traced{handler}).With("service", service))
	return nil
}

// traced adds the trace and span ids of the context to every line.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
