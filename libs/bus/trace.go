package bus

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

var (
	producer   = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindProducer)}
	consumer   = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer)}
	propagator = propagation.TraceContext{}
)

// spanNames are the names of a stage's spans; they never hold an id.
type spanNames struct{ publish, process string }

func newSpanNames() map[Stage]spanNames {
	byStage := map[Stage]spanNames{}
	for _, s := range allStages {
		byStage[s] = spanNames{names.SpanPublish + s.template(), names.SpanProcess + s.template()}
	}
	return byStage
}

// template is the low-cardinality name of a stage's subjects.
func (s Stage) template() string { return published + "." + string(s) }

// carrier reads and writes trace context in NATS headers with exact lower-case
// names; the carriers for HTTP would write "Traceparent", which nobody finds.
type carrier nats.Header

func (c carrier) Get(key string) string { return first(nats.Header(c), key) }
func (c carrier) Set(key, value string) { c[key] = []string{value} }
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}

// startPublish opens the span of a publish and puts its context into h.
func (b *Bus) startPublish(ctx context.Context, m *Message, h nats.Header) trace.Span {
	ctx, span := b.tracer.Start(ctx, b.names[m.Subject.Stage].publish, producer...)
	if span.IsRecording() {
		span.SetAttributes(m.attributes("send")...)
	}
	if span.SpanContext().IsValid() {
		propagator.Inject(ctx, carrier(h))
	}
	return span
}

// startProcess opens the span of one attempt at a message: a child of the
// publishing span, so that an edit is one trace, and linked to it as the
// conventions ask.
func (b *Bus) startProcess(ctx context.Context, d *Delivery) (context.Context, trace.Span) {
	var origin trace.SpanContext
	if d.Headers[headerTraceParent] != nil {
		ctx = propagator.Extract(ctx, carrier(d.Headers))
		origin = trace.SpanContextFromContext(ctx)
	}
	ctx, span := b.tracer.Start(ctx, b.names[d.Subject.Stage].process, consumer...)
	if span.IsRecording() {
		span.SetAttributes(d.attributes("process")...)
		span.SetAttributes(attribute.Int(names.Attempt, d.Attempt))
		if origin.IsValid() {
			span.AddLink(trace.Link{SpanContext: origin})
		}
	}
	return ctx, span
}

func (m *Message) attributes(operation string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String(names.MessagingSystem, "nats"),
		attribute.String(names.MessagingStream, m.Subject.Stage.stream()),
		attribute.String(names.MessagingTemplate, m.Subject.Stage.template()),
		attribute.String(names.MessagingType, operation),
		attribute.String(names.MessagingID, m.ID),
		attribute.String(names.Lane, string(m.Subject.Lane)),
		attribute.String(names.Workspace, m.Subject.Workspace),
		attribute.String(names.Connection, m.Subject.Connection),
		attribute.String(names.Object, m.Subject.Object),
		attribute.String(names.Key, m.Subject.Key),
	}
}

// endSpan closes a span with the error's kind and text, if there is one.
func endSpan(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		span.SetAttributes(attribute.String(names.ErrorType, fault.KindOf(err).String()), attribute.String(names.ErrorCode, fault.CodeOf(err)))
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
