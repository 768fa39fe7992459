package e2e

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// collector keeps the spans that programs export, in memory.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer

	mu    sync.Mutex
	spans []span
}

// span is what a test needs of one.
type span struct {
	trace, id, parent, name, service string
	attributes                       map[string]string
}

func (c *collector) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range req.GetResourceSpans() {
		service := ""
		for _, a := range r.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range r.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, read(s, service))
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

func read(s *tracev1.Span, service string) span {
	out := span{
		trace: hex.EncodeToString(s.GetTraceId()), id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()),
		name: s.GetName(), service: service, attributes: map[string]string{},
	}
	for _, a := range s.GetAttributes() {
		out.attributes[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return out
}

// collect starts a collector and gives its address.
func collect(t *testing.T) (*collector, string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with Stop
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return c, "http://" + l.Addr().String()
}

// traceOf gives the spans of the trace that has a span with this attribute.
func (c *collector) traceOf(name, attribute, value string) []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var id string
	for _, s := range c.spans {
		if strings.HasPrefix(s.name, name) && s.attributes[attribute] == value {
			id = s.trace
		}
	}
	var list []span
	for _, s := range c.spans {
		if s.trace == id && id != "" {
			list = append(list, s)
		}
	}
	return list
}

// An edit is one trace: from the webhook over every hop to the call that
// writes it into the other app, every span a descendant of the first.
func TestTrace_AnEditIsOneTraceFromWebhookToWrite(t *testing.T) {
	t.Parallel()
	for _, top := range []struct {
		name     string
		start    func(in *installation, more ...string) error
		services []string
	}{
		{"all in one", startAllInOneWith, []string{"dealsync"}},
		{"separate processes", startSeparateWith, programs[1:6]},
	} {
		t.Run(top.name, func(t *testing.T) {
			t.Parallel()
			spans, address := collect(t)
			in := alone(t, func(in *installation) error {
				return top.start(in, "OTEL_EXPORTER_OTLP_ENDPOINT="+address, "OTEL_BSP_SCHEDULE_DELAY=100")
			})
			x := newTenant(t, in, nil, nil)
			h := x.hubspot.create(fields{"dealname": "Traced", "dealstage": "qualifiedtobuy", "pipeline": "default"})
			a := x.counterpart(h)
			x.becomes(h, "in_sync")
			x.hubspot.edit(h, fields{"dealname": "Traced edit"})
			x.holds(x.pipedrive, a, fields{"title": "Traced edit"})
			x.eventually("the edit's trace is whole", func() error {
				return whole(spans.traceOf("pipedrive", "http.request.method", "PATCH"), top.services)
			})
		})
	}
}

// whole says what is missing for a trace to show an edit's way.
func whole(trace []span, services []string) error {
	byID := map[string]span{}
	names := make([]string, 0, len(trace))
	for _, s := range trace {
		byID[s.id] = s
		names = append(names, s.service+": "+s.name)
	}
	for _, want := range []string{
		"webhook", "publish dealsync.notices", "process dealsync.notices", "publish dealsync.changes", "process dealsync.changes",
		"publish dealsync.proposals", "process dealsync.proposals", "publish dealsync.writes", "process dealsync.writes",
	} {
		if !slices.ContainsFunc(trace, func(s span) bool { return s.name == want }) {
			return errorf("no span %q among %q", want, names)
		}
	}
	for _, service := range services {
		if !slices.ContainsFunc(trace, func(s span) bool { return s.service == service }) {
			return errorf("no span of %s among %q", service, names)
		}
	}
	roots := 0
	for _, s := range trace {
		if s.parent == "" {
			roots++
			if s.name != "webhook" {
				return errorf("the trace begins with %q", s.name)
			}
		} else if _, ok := byID[s.parent]; !ok {
			return errorf("%q hangs on a span that is not there", s.name)
		}
	}
	if roots != 1 {
		return errorf("%d beginnings: %q", roots, names)
	}
	return nil
}
