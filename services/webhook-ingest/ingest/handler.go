package ingest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/names"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// refusal is an answer other than 2xx: an RFC 9457 problem with a stable code.
type refusal struct {
	status int
	code   string
	title  string
	after  time.Duration
}

func (r *refusal) Error() string { return r.title }

var (
	unknownAddress = &refusal{http.StatusNotFound, "unknown_address", "nothing is connected at this address", 0}
	badSignature   = &refusal{http.StatusUnauthorized, "bad_signature", "the delivery is not signed by its sender", 0}
	replayed       = &refusal{http.StatusUnauthorized, "replayed", "this very delivery was taken before", 0}
	tooLarge       = &refusal{http.StatusRequestEntityTooLarge, "too_large", "the body is larger than this service takes", 0}
	unreadable     = &refusal{http.StatusBadRequest, "unreadable", "the body could not be read to its end", 0}
	busy           = &refusal{http.StatusServiceUnavailable, "busy", "too many deliveries in hand; send it again", time.Second}
	unavailable    = &refusal{http.StatusServiceUnavailable, "unavailable", "the delivery could not be stored; send it again", 5 * time.Second}
)

var tracer = otel.Tracer(names.ScopeIngest)

// Handler serves POST /webhooks/{workspace}/{connection}/{token}.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/{workspace}/{connection}/{token}", s.serve)
	return mux
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	// A sender's trace context is not ours to trust: a new trace, linked to it.
	theirs := propagation.TraceContext{}.Extract(context.WithoutCancel(r.Context()), propagation.HeaderCarrier(r.Header))
	ctx, span := tracer.Start(r.Context(), names.SpanWebhook, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithLinks(trace.LinkFromContext(theirs)))
	defer span.End()

	app, err := s.take(ctx, w, r)
	if err == nil {
		s.metrics.count(ctx, app, "stored", time.Since(start))
		w.WriteHeader(http.StatusAccepted)
		return
	}
	no := unavailable
	if known, ok := errors.AsType[*refusal](err); ok {
		no = known
	}
	s.metrics.count(ctx, app, no.code, time.Since(start))
	slog.WarnContext(ctx, "webhook.refused", "app", app, "code", no.code, "reason", err.Error())
	answer(w, no)
}

// take brings a delivery from the wire into the bus. The order matters: who
// sends, then what, then store, then 2xx.
func (s *Service) take(ctx context.Context, w http.ResponseWriter, r *http.Request) (app string, err error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return "", busy
	}
	c := s.deps.Settings.Snapshot().Connection(r.PathValue("workspace"), r.PathValue("connection"))
	// An unknown connection compares against an empty path, so that its answer
	// is the same as for a wrong token of a known one.
	if subtle.ConstantTimeCompare([]byte(c.GetWebhookPath()), []byte(r.PathValue("token"))) != 1 || c.GetWebhookPath() == "" {
		return "", unknownAddress
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return c.GetApp(), tooLarge
		}
		return c.GetApp(), unreadable
	}
	hooks, err := s.verifier(c.GetApp())
	if err != nil {
		return c.GetApp(), err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	replayKey, err := s.verify(ctx, r, c, hooks, body)
	if err != nil {
		return c.GetApp(), err
	}
	if replayKey != "" {
		first, err := s.deps.Replays.Claim(ctx, replayKey)
		if err == nil && !first {
			return c.GetApp(), replayed
		}
		if err != nil {
			// A replay only costs time, a refused delivery may be lost: go on.
			slog.WarnContext(ctx, "webhook.replay_unchecked", "reason", err.Error())
		}
	}
	err = s.store(ctx, c, body, r.Header.Get("Content-Type"))
	if err != nil && replayKey != "" {
		_ = s.deps.Replays.Release(context.WithoutCancel(ctx), replayKey)
	}
	return c.GetApp(), err
}

func (s *Service) verify(ctx context.Context, r *http.Request, c *configv1.Connection, hooks connector.WebhookDriver, body []byte) (string, error) {
	secret, err := s.secrets.get(ctx, c)
	if err != nil {
		return "", err
	}
	key, err := hooks.VerifyWebhook(connector.WebhookRequest{
		Method: r.Method, URL: c.GetWebhookUrl(), Header: r.Header, Body: body, Now: s.deps.Now(),
	}, secret)
	switch {
	case err == nil:
		return key, nil
	case fault.Is(err, fault.Transient):
		return "", err
	default:
		return "", errors.Join(badSignature, err)
	}
}

// answer writes a refusal as application/problem+json.
func answer(w http.ResponseWriter, no *refusal) {
	if no.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(no.after.Seconds())))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(no.status), "status": no.status, "detail": no.title, "code": no.code,
	})
}
