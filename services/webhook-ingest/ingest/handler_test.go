package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/webhook-ingest/ingest"
)

// store is a bus that keeps what it is given, or fails.
type store struct {
	mu   sync.Mutex
	kept []bus.Message
	err  error
}

func (s *store) Publish(_ context.Context, m bus.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.kept = append(s.kept, m)
	return nil
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// seen remembers signatures in memory, or fails as Redis does when it is away.
type seen struct {
	mu   sync.Mutex
	keys map[string]bool
	err  error
}

func (s *seen) Claim(_ context.Context, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, s.err
	}
	first := !s.keys[key]
	s.keys[key] = true
	return first, nil
}

func (s *seen) Release(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
	return nil
}

// signed is an app whose signature is a header that equals the secret.
type signed struct{ connector.WebhookDriver }

func (signed) VerifyWebhook(r connector.WebhookRequest, s connector.WebhookSecret) (string, error) {
	if r.Header.Get("X-Sign") != s.Secret || r.URL != "https://hooks.example.com/w" {
		return "", fault.New(fault.Auth, "bad_signature", "signature does not match")
	}
	return r.Header.Get("X-Once"), nil
}

type fixed struct{ snapshot *settings.Snapshot }

func (f fixed) Snapshot() *settings.Snapshot { return f.snapshot }

func (fixed) WebhookSecret(context.Context, string, string) (connector.WebhookSecret, error) {
	return connector.WebhookSecret{Secret: "right"}, nil
}

type testBundle struct {
	bus     *store
	replays *seen
	server  *httptest.Server
}

const path = "/webhooks/acme/crm/unguessable"

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{bus: &store{}, replays: &seen{keys: map[string]bool{}}}
	cfg := ingest.Defaults()
	cfg.MaxBody = 64
	service, err := ingest.New(cfg, ingest.Deps{
		Bus: b.bus, Replays: b.replays,
		Settings: fixed{settings.NewSnapshot(&configv1.Snapshot{Connections: []*configv1.Connection{{
			Workspace: "acme", Name: "crm", App: "app", WebhookPath: "unguessable", WebhookUrl: "https://hooks.example.com/w",
		}}})},
		Verifier: func(string) (connector.WebhookDriver, error) { return signed{}, nil },
		Now:      func() time.Time { return time.UnixMilli(1_800_000_000_000) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(service.Handler())
	t.Cleanup(b.server.Close)
	return b
}

func (b *testBundle) post(t *testing.T, path, sign, once, body string) (status int, code string, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sign", sign)
	req.Header.Set("X-Once", once)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	problem := struct{ Code string }{}
	if resp.StatusCode != http.StatusAccepted {
		if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil {
			t.Fatalf("the answer is no problem document: %v", err)
		}
	}
	return resp.StatusCode, problem.Code, resp.Header
}

func TestADeliveryIsStoredAsReceivedBefore2xx(t *testing.T) { // N1
	t.Parallel()
	b := setup(t)
	if status, _, _ := b.post(t, path, "right", "", `{"a": 1}`); status != http.StatusAccepted {
		t.Fatalf("got %d, want 202", status)
	}
	notice := &eventv1.Notice{}
	if err := proto.Unmarshal(b.bus.kept[0].Data, notice); err != nil {
		t.Fatal(err)
	}
	if got := string(notice.GetWebhook().GetBody()); got != `{"a": 1}` {
		t.Errorf("stored %q, want the body as received", got)
	}
	if got := b.bus.kept[0].Subject; got.Stage != bus.Notices || got.Lane != bus.Live || got.Connection != "crm" {
		t.Errorf("stored under %v", got)
	}
}

func TestWhatIsNotProvenIsRefusedAndNotStored(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for name, c := range map[string]struct {
		path, sign, body, code string
		status                 int
	}{
		"a bad signature":                         {path, "wrong", "{}", "bad_signature", 401},
		"a missing signature":                     {path, "", "{}", "bad_signature", 401},
		"an unknown connection":                   {"/webhooks/acme/other/unguessable", "right", "{}", "unknown_address", 404},
		"an unknown workspace":                    {"/webhooks/other/crm/unguessable", "right", "{}", "unknown_address", 404},
		"a guessed token is as unknown":           {"/webhooks/acme/crm/guess", "right", "{}", "unknown_address", 404},
		"a body over the limit":                   {path, "right", long, "too_large", 413},
		"a body over the limit, before signature": {path, "wrong", long, "too_large", 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if status, code, _ := b.post(t, c.path, c.sign, "", c.body); status != c.status || code != c.code {
				t.Errorf("got %d %s, want %d %s", status, code, c.status, c.code)
			}
			if n := b.bus.count(); n != 0 {
				t.Errorf("%d messages stored, want none", n)
			}
		})
	}
}

func TestAReplayedSignatureIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if status, _, _ := b.post(t, path, "right", "s1", "{}"); status != http.StatusAccepted {
		t.Fatalf("first: got %d, want 202", status)
	}
	if status, code, _ := b.post(t, path, "right", "s1", "{}"); status != http.StatusUnauthorized || code != "replayed" {
		t.Errorf("second: got %d %s, want 401 replayed", status, code)
	}
	if status, _, _ := b.post(t, path, "right", "s2", "{}"); status != http.StatusAccepted {
		t.Errorf("another signature: got %d, want 202", status)
	}
}

func TestWithTheBusDownTheSenderIsToldToComeBack(t *testing.T) { // N1
	t.Parallel()
	b := setup(t)
	b.bus.err = fault.New(fault.Transient, "bus_full", "stream is full")
	status, code, header := b.post(t, path, "right", "s1", "{}")
	if status != http.StatusServiceUnavailable || code != "unavailable" || header.Get("Retry-After") == "" {
		t.Fatalf("got %d %s Retry-After %q, want 503 with Retry-After", status, code, header.Get("Retry-After"))
	}
	b.bus.err = nil
	if status, _, _ := b.post(t, path, "right", "s1", "{}"); status != http.StatusAccepted {
		t.Errorf("the same delivery again: got %d, want 202: its signature was not used up", status)
	}
}

func TestWithRedisDownDeliveriesAreStillTaken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.replays.err = errors.New("connection refused")
	if status, _, _ := b.post(t, path, "right", "s1", "{}"); status != http.StatusAccepted {
		t.Errorf("got %d, want 202", status)
	}
}
