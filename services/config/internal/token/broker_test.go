package token

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/seal"
)

// testBundle is a broker at a time that the test sets, and its app.
type testBundle struct {
	broker *Broker
	kv     jetstream.KeyValue
	clock  atomic.Int64 // nanoseconds after start
	calls  atomic.Int32
	answer func(w http.ResponseWriter, call int32)
	grant  Grant
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{answer: func(w http.ResponseWriter, call int32) {
		fmt.Fprintf(w, `{"access_token":"access-%d","expires_in":1800}`, call)
	}}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { b.answer(w, b.calls.Add(1)) }))
	t.Cleanup(app.Close)
	js, err := jetstream.New(bustest.New(t).Conn())
	if err != nil {
		t.Fatal(err)
	}
	if b.kv, err = js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "tokens", History: 5}); err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(seal.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	b.broker = New(b.kv, sealer, app.Client())
	start := time.Now()
	b.broker.now = func() time.Time { return start.Add(time.Duration(b.clock.Load())) }
	b.grant = Grant{App: "hubspot", BaseURL: app.URL + "/", ClientID: "c", ClientSecret: "s", RefreshToken: "r"}
	return b
}

func (b *testBundle) token(t *testing.T, stale string) (Token, error) {
	t.Helper()
	return b.broker.Token(t.Context(), "acme", "main", b.grant, stale)
}

func TestATokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "access-1"}, {27 * time.Minute, "access-1"}, {28*time.Minute + time.Second, "access-2"}, {40 * time.Minute, "access-2"},
	} {
		b.clock.Store(int64(c.after))
		if got, err := b.token(t, ""); err != nil || got.Value != c.want {
			t.Errorf("after %s: %v %v", c.after, got.Value, err)
		}
	}
	if got, err := b.token(t, "access-2"); err != nil || got.Value != "access-3" {
		t.Errorf("refused by the app: %v %v", got.Value, err)
	}
	b.grant.RefreshToken = "another"
	if got, err := b.token(t, ""); err != nil || got.Value != "access-4" {
		t.Errorf("another grant: %v %v", got.Value, err)
	}
}

func TestAClaimOfADeadReplicaRunsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.token(t, ""); err != nil {
		t.Fatal(err)
	}
	keys, err := b.kv.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys: %v %v", keys, err)
	}
	entry, err := b.kv.Get(t.Context(), keys[0])
	if err != nil {
		t.Fatal(err)
	}
	var k kept
	if err := json.Unmarshal(entry.Value(), &k); err != nil {
		t.Fatal(err)
	}
	// It died in the middle of a refresh, 30 ms before its claim ends.
	k.ClaimedMs = b.broker.now().Add(30 * time.Millisecond).UnixMilli()
	if _, err := b.broker.write(t.Context(), keys[0], k, entry.Revision()); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	b.broker.now = time.Now
	if got, err := b.token(t, "access-1"); err != nil || got.Value != "access-2" {
		t.Errorf("%v %v after %s", got.Value, err, time.Since(started))
	}
}

func TestARefusalHasAKindAndFreesTheClaim(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.answer
	for _, c := range []struct {
		status int
		body   string
		want   fault.Kind
	}{
		{400, `{"error":"invalid_grant","error_description":"revoked"}`, fault.Auth},
		{401, `not JSON`, fault.Auth},
		{429, ``, fault.RateLimited},
		{503, `<html>`, fault.Transient},
		{200, `{"access_token":""}`, fault.Transient},
		{200, `<html>secret</html>`, fault.Transient},
	} {
		b.answer = func(w http.ResponseWriter, _ int32) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}
		_, err := b.token(t, "")
		if !fault.Is(err, c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d %s: %s, %v", c.status, c.body, fault.KindOf(err), err)
		}
		if c.want == fault.RateLimited && fault.RetryAfter(err) != 7*time.Second {
			t.Errorf("retry after %s", fault.RetryAfter(err))
		}
	}
	b.answer = good
	if got, err := b.token(t, ""); err != nil || got.Value != "access-7" {
		t.Errorf("afterwards: %v %v", got.Value, err)
	}
}

func TestEachAppHasItsEndpoint(t *testing.T) {
	t.Parallel()
	for want, g := range map[string]Grant{
		"https://api.hubapi.com/oauth/2026-03/token": {App: "hubspot"},
		"http://127.0.0.1:9101/oauth/2026-03/token":  {App: "hubspot", BaseURL: "http://127.0.0.1:9101/"},
		"https://oauth.pipedrive.com/oauth/token":    {App: "pipedrive", BaseURL: "https://acme.pipedrive.com"},
		"http://127.0.0.1:9102/oauth/token":          {App: "pipedrive", TokenURL: "http://127.0.0.1:9102/oauth/token"},
	} {
		if got := g.endpoint(); got != want {
			t.Errorf("%+v: %s", g, got)
		}
	}
}
