package connector

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// script is a limiter that answers with the given waits, then grants.
type script struct {
	waits    []time.Duration
	accounts []string
	costs    []int
}

func (s *script) Take(_ context.Context, account, _ string, cost int) (time.Duration, error) {
	s.accounts, s.costs = append(s.accounts, account), append(s.costs, cost)
	if len(s.waits) == 0 {
		return 0, nil
	}
	wait := s.waits[0]
	s.waits = s.waits[1:]
	return wait, nil
}

func (s *script) Pause(context.Context, string, time.Duration) error { return nil }

// opened is the HTTP client that Open gives to a driver.
func opened(t *testing.T, limits func(Budget) Limiter, next http.RoundTripper) *http.Client {
	t.Helper()
	var client *http.Client
	_, err := Open(func(a Account) (Driver, error) { client = a.Client; return &fake{}, nil },
		Manifest{App: "fake", Budget: Budget{Calls: 1, Per: time.Second}, SearchBudget: Budget{Calls: 5, Per: time.Second}},
		Account{Client: &http.Client{Transport: next}}, Options{Name: "acme/fake", Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func answer(status int) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}
}

func send(client *http.Client, call Call) error {
	req, err := http.NewRequestWithContext(WithCall(context.Background(), call), http.MethodGet, "http://app.test/x", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func TestCallsWaitForTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all, search := &script{waits: []time.Duration{time.Second, 500 * time.Millisecond}}, &script{}
		client := opened(t, func(b Budget) Limiter {
			if b.Calls == 5 {
				return search
			}
			return all
		}, answer(200))
		start := time.Now()
		if err := send(client, Call{Op: "deals.search", Cost: 7, Search: true}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 1500*time.Millisecond {
			t.Errorf("waited %s", took)
		}
		if len(search.accounts) != 1 || search.accounts[0] != "acme/fake/search" || all.costs[0] != 7 {
			t.Errorf("took %v from the search budget and costs %v from the whole", search.accounts, all.costs)
		}
	})
}

func TestASpentBudgetGivesTheWorkBackToItsLane(t *testing.T) {
	t.Parallel()
	limiter := &script{waits: []time.Duration{time.Hour}}
	client := opened(t, func(Budget) Limiter { return limiter }, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("the call was made")
	}))
	err := send(client, Call{Op: "deals.get"})
	if !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != time.Hour || fault.CodeOf(err) != "budget_spent" {
		t.Errorf("kind %s after %s: %v", fault.KindOf(err), fault.RetryAfter(err), err)
	}
}

func TestEachCallHasAClientSpan(t *testing.T) { // sets the global tracer, so not parallel
	recorder := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(recorder)))
	defer otel.SetTracerProvider(before)
	if err := send(opened(t, nil, answer(503)), Call{Op: "deals.get"}); err != nil {
		t.Fatal(err)
	}
	spans := recorder.Ended()
	if len(spans) != 1 || spans[0].Name() != "fake deals.get" {
		t.Fatalf("spans %v", spans)
	}
	found := map[string]string{}
	for _, a := range spans[0].Attributes() {
		found[string(a.Key)] = a.Value.String()
	}
	if found[names.App] != "fake" || found[names.Workspace] != "acme" || found[names.Connection] != "fake" || found[names.HTTPStatus] != "503" {
		t.Errorf("attributes %v", found)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	calls := 0
	client := opened(t, nil, roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://elsewhere.test/"}}, Body: io.NopCloser(strings.NewReader(""))}, nil
	}))
	if err := send(client, Call{}); err != nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}
