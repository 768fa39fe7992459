package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
)

type tokens []string

func (t *tokens) Token(_ context.Context, stale string) (connector.Token, error) {
	if stale != "" && len(*t) > 1 {
		*t = (*t)[1:]
	}
	return connector.Token{Value: (*t)[0], Scheme: "bearer"}, nil
}

func client(t *testing.T, base string, source connector.TokenSource) *Client {
	t.Helper()
	c, err := New(connector.Account{BaseURL: base, Tokens: source}, "https://api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestARefusedTokenIsRenewedOnceAndNeverInALoop(t *testing.T) {
	t.Parallel()
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	for _, c := range []struct {
		name   string
		tokens tokens
		want   string
	}{
		{"another token is tried once", tokens{"a", "b", "c"}, "Bearer a,Bearer b"},
		{"the same token is not tried again", tokens{"a"}, "Bearer a"},
	} {
		seen = nil
		res, err := client(t, server.URL, &c.tokens).Do(context.Background(), Request{Method: "GET", Path: "/x"})
		if err != nil || res.Status != http.StatusUnauthorized || strings.Join(seen, ",") != c.want {
			t.Errorf("%s: sent %v, %v", c.name, seen, err)
		}
	}
}

func TestErrorsNeverShowTheAddressWithItsKey(t *testing.T) {
	t.Parallel()
	_, err := client(t, "http://127.0.0.1:1", &tokens{"secret-token"}).Do(context.Background(), Request{
		Method: "GET", Path: "/x", Query: url.Values{"hapikey": {"secret-key"}},
	})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	if fault.CodeOf(err) != CodeUnsent || !fault.Is(err, fault.Transient) {
		t.Errorf("kind %s, code %s", fault.KindOf(err), fault.CodeOf(err))
	}
}

func TestABaseAddressMustBeOne(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"api.example.com", "ftp://x", "http://", "::"} {
		if _, err := New(connector.Account{BaseURL: base}, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]time.Duration{"": 0, "2": 2 * time.Second, "0.5": 500 * time.Millisecond, "-1": 0, "soon": 0} {
		r := Response{Header: http.Header{"Retry-After": {v}}}
		if got := r.RetryAfter(); got != want {
			t.Errorf("%q: %s, want %s", v, got, want)
		}
	}
	r := Response{Header: http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}}
	if got := r.RetryAfter(); got < 50*time.Second || got > time.Minute {
		t.Errorf("a date in a minute: %s", got)
	}
}
