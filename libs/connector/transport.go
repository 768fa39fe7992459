package connector

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// Limiter shares an account's rate limit between all replicas.
type Limiter interface {
	// Take asks for one call of a cost. A positive wait means: not granted, ask
	// again after it.
	Take(ctx context.Context, account, lane string, cost int) (wait time.Duration, err error)
	// Pause holds back every replica's calls.
	Pause(ctx context.Context, account string, d time.Duration) error
}

// maxWait is how long a call waits for the budget before the work goes back to
// its lane, which can wait longer and keeps shutting down quickly.
const maxWait = 5 * time.Second

// gate paces calls by one limit.
type gate struct {
	limiter Limiter
	account string
}

func (g gate) take(ctx context.Context, lane string, cost int) (waited time.Duration, err error) {
	if g.limiter == nil {
		return 0, nil
	}
	start := time.Now()
	for {
		wait, err := g.limiter.Take(ctx, g.account, lane, cost)
		if err != nil {
			return time.Since(start), fmt.Errorf("take from the rate budget of %s: %w", g.account, err)
		}
		if wait <= 0 {
			return time.Since(start), nil
		}
		if time.Since(start)+wait > maxWait {
			return time.Since(start), &fault.Error{
				Kind: fault.RateLimited, Code: "budget_spent", After: wait,
				Err: fmt.Errorf("the rate budget of %s is spent for %s", g.account, wait.Round(time.Millisecond)),
			}
		}
		if err := sleep(ctx, wait); err != nil {
			return time.Since(start), err
		}
	}
}

// transport is below every driver's client: it paces, counts, times and traces
// each API call. It repeats nothing.
type transport struct {
	next        http.RoundTripper
	all, search gate
	app         string
	tracer      trace.Tracer
	meters      *meters
	labels      []attribute.KeyValue
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	call, lane := callOf(ctx), laneOf(ctx)
	if err := t.pace(ctx, call, lane); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper closes it; bytes.Reader can't fail
		}
		return nil, err
	}
	ctx, span := t.tracer.Start(ctx, t.app+" "+call.Op, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(t.labels...))
	defer span.End()
	start := time.Now()
	res, err := t.next.RoundTrip(req.WithContext(ctx))
	end := attribute.String(names.ErrorType, "no_answer")
	if err == nil {
		end = attribute.Int(names.HTTPStatus, res.StatusCode)
		if span.IsRecording() {
			span.SetAttributes(attribute.String(names.HTTPMethod, req.Method), end)
		}
		if res.StatusCode >= http.StatusBadRequest {
			span.SetStatus(codes.Error, strconv.Itoa(res.StatusCode))
		}
	} else {
		span.SetAttributes(end)
		span.SetStatus(codes.Error, "no answer")
	}
	t.count(ctx, call, lane, end, time.Since(start))
	return res, err
}

func (t *transport) pace(ctx context.Context, call Call, lane string) error {
	waited, err := t.all.take(ctx, lane, call.Cost)
	if err == nil && call.Search {
		var more time.Duration
		more, err = t.search.take(ctx, lane, 1)
		waited += more
	}
	if waited > time.Millisecond {
		t.meters.waits.Record(ctx, waited.Seconds(), metric.WithAttributes(t.with(attribute.String(names.Lane, lane))...))
	}
	return err
}

func (t *transport) count(ctx context.Context, call Call, lane string, end attribute.KeyValue, took time.Duration) {
	op := attribute.String(names.Op, call.Op)
	t.meters.duration.Record(ctx, took.Seconds(), metric.WithAttributes(t.with(op)...))
	t.meters.calls.Add(ctx, 1, metric.WithAttributes(t.with(op, attribute.String(names.Lane, lane), end)...))
}

func (t *transport) with(more ...attribute.KeyValue) []attribute.KeyValue {
	return append(more, t.labels...)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Transient, "stopped", fmt.Errorf("wait for the app: %w", ctx.Err()))
	}
}
