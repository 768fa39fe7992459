package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// testBundle is a running sandbox of its own.
type testBundle struct {
	t         *testing.T
	hub, pipe string
	own       string // the sandbox's own apps
	client    *http.Client
}

func setup(t *testing.T, change ...func(*sandbox.Config)) *testBundle {
	t.Helper()
	cfg := sandbox.Defaults()
	cfg.HubSpotAddr, cfg.PipedriveAddr, cfg.SimpleAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.SearchLagMin, cfg.SearchLagMax = 0, 0
	cfg.RetryScale = 0.001
	for _, f := range change {
		f(&cfg)
	}
	s := sandbox.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	tr := &http.Transport{}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("sandbox ended with %v", err)
		}
	})
	select {
	case <-s.Ready():
	case err := <-done:
		t.Fatalf("sandbox did not start: %v", err)
	}
	return &testBundle{t: t, hub: s.HubSpotURL(), pipe: s.PipedriveURL(), own: s.SimpleURL(), client: &http.Client{
		Transport:     tr,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// reply is an answer, decoded when it is JSON.
type reply struct {
	t      *testing.T
	status int
	head   http.Header
	raw    string
	v      any
}

func (b *testBundle) do(method, url string, head map[string]string, body any) *reply {
	b.t.Helper()
	res, err := b.send(method, url, head, body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, url, err)
	}
	r := &reply{t: b.t, status: res.StatusCode, head: res.Header, raw: string(raw)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if err := dec.Decode(&r.v); err != nil {
			b.t.Fatalf("%s %s: answer is not JSON: %v\n%s", method, url, err, raw)
		}
	}
	return r
}

func (b *testBundle) send(method, url string, head map[string]string, body any) (*http.Response, error) {
	b.t.Helper()
	var rd io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		rd = strings.NewReader(v)
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			b.t.Fatal(err)
		}
		rd = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, url, rd)
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range head {
		req.Header.Set(k, v)
	}
	return b.client.Do(req)
}

// unanswered makes a call that must get no answer.
func (b *testBundle) unanswered(method, url string, head map[string]string, body any) {
	b.t.Helper()
	res, err := b.send(method, url, head, body)
	if err != nil {
		return
	}
	defer res.Body.Close()
	b.t.Errorf("%s %s was answered with %d", method, url, res.StatusCode)
}

var (
	bearer = map[string]string{"Authorization": "Bearer " + sandbox.HubSpotToken, "Content-Type": "application/json"}
	apiKey = map[string]string{"x-api-token": sandbox.PipedriveToken, "Content-Type": "application/json"}
)

func (b *testBundle) hs(method, path string, body any) *reply {
	b.t.Helper()
	return b.do(method, b.hub+path, bearer, body)
}

func (b *testBundle) pd(method, path string, body any) *reply {
	b.t.Helper()
	return b.do(method, b.pipe+path, apiKey, body)
}

// ctl calls a control API and demands success.
func (b *testBundle) ctl(base, method, path string, body any) *reply {
	b.t.Helper()
	return b.do(method, base+"/_sandbox/"+path, nil, body).want(200)
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.raw)
	}
	return r
}

// at walks into the answer: names for objects, numbers for lists.
func (r *reply) at(path ...any) any { r.t.Helper(); return walk(r.t, r.v, path...) }

func walk(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("no object at %q in %v", key, v)
			}
			v = m[key]
		case int:
			l, ok := v.([]any)
			if !ok || key >= len(l) {
				t.Fatalf("no element %d in %v", key, v)
			}
			v = l[key]
		}
	}
	return v
}

// is compares one place of the answer with its text form.
func (r *reply) is(want string, path ...any) *reply {
	r.t.Helper()
	if got := show(r.at(path...)); got != want {
		r.t.Errorf("%v is %s, want %s", path, got, want)
	}
	return r
}

func (r *reply) str(path ...any) string { r.t.Helper(); return show(r.at(path...)) }

func (r *reply) list(path ...any) []any {
	r.t.Helper()
	l, _ := r.at(path...).([]any)
	return l
}

func (r *reply) contains(parts ...string) *reply {
	r.t.Helper()
	for _, p := range parts {
		if !strings.Contains(r.raw, p) {
			r.t.Errorf("answer lacks %s:\n%s", p, r.raw)
		}
	}
	return r
}

// show is the text of a plain value, or the JSON of any other.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return string(raw)
	}
}

// hook is a webhook request as it arrived.
type hook struct {
	head http.Header
	body []byte
}

// receiver takes webhooks; answer says what to do with the n-th, from 1.
func receiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) (url string, got <-chan hook) {
	t.Helper()
	ch := make(chan hook, 10000)
	n := make(chan int, 1)
	n <- 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		count := <-n + 1
		n <- count
		ch <- hook{r.Header, body}
		if answer != nil {
			answer(count, w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/hooks", ch
}

func next(t *testing.T, ch <-chan hook) hook {
	t.Helper()
	select {
	case h := <-ch:
		return h
	case <-time.After(10 * time.Second):
		t.Fatal("no webhook came")
		return hook{}
	}
}

// decode reads JSON with numbers as they stand.
func decode(t *testing.T, raw []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}
