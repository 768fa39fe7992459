package connectortest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Exchange is one call that a driver is expected to make and its answer.
type Exchange struct {
	Method string `json:"method"`
	// Path is with its query, whose order does not matter.
	Path string `json:"path"`
	// Request is the expected JSON body; absent: not compared.
	Request json.RawMessage `json:"request,omitempty"`
	// Header are the expected headers.
	Header map[string]string `json:"header,omitempty"`

	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers,omitempty"`
	Response json.RawMessage   `json:"response,omitempty"`
	// Text is an answer that is not JSON.
	Text string `json:"text,omitempty"`
	// Hang drops the connection instead of answering.
	Hang bool `json:"hang,omitempty"`
}

// Replay serves the exchanges of testdata/<name>/calls.json, in that order, and
// fails the test when the calls differ or some are not made.
func Replay(t *testing.T, name string) *httptest.Server {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name, "calls.json"))
	if err != nil {
		t.Fatalf("read the exchanges: %v", err)
	}
	var exchanges []Exchange
	if err := json.Unmarshal(data, &exchanges); err != nil {
		t.Fatalf("decode the exchanges of %s: %v", name, err)
	}
	return Serve(t, exchanges...)
}

// Serve is Replay for exchanges given in code.
func Serve(t *testing.T, exchanges ...Exchange) *httptest.Server {
	t.Helper()
	r := &replay{t: t, left: exchanges}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		server.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, e := range r.left {
			t.Errorf("call not made: %s %s", e.Method, e.Path)
		}
	})
	return server
}

type replay struct {
	t    *testing.T
	mu   sync.Mutex
	left []Exchange
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Errorf("read request: %v", err)
	}
	if len(r.left) == 0 {
		r.t.Errorf("call too many: %s %s %s", req.Method, req.URL, body)
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	e := r.left[0]
	r.left = r.left[1:]
	r.compare(&e, req, body)
	if e.Hang {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	for name, v := range e.Headers {
		w.Header().Set(name, v)
	}
	w.WriteHeader(e.Status)
	answer := []byte(e.Response)
	if e.Text != "" {
		answer = []byte(e.Text)
	}
	if _, err := w.Write(answer); err != nil {
		r.t.Errorf("answer: %v", err)
	}
}

func (r *replay) compare(e *Exchange, req *http.Request, body []byte) {
	want, err := url.Parse(e.Path)
	if err != nil {
		r.t.Errorf("exchange %s: %v", e.Path, err)
		return
	}
	if req.Method != e.Method || req.URL.Path != want.Path || !reflect.DeepEqual(req.URL.Query(), want.Query()) {
		r.t.Errorf("call %s %s, want %s %s", req.Method, req.URL, e.Method, e.Path)
	}
	for name, v := range e.Header {
		if got := req.Header.Get(name); got != v {
			r.t.Errorf("%s %s: header %s is %q, want %q", e.Method, e.Path, name, got, v)
		}
	}
	if e.Request == nil {
		return
	}
	var got, expected any
	if err := json.Unmarshal(body, &got); err != nil {
		r.t.Errorf("%s %s: body %q: %v", e.Method, e.Path, body, err)
		return
	}
	if err := json.Unmarshal(e.Request, &expected); err != nil {
		r.t.Errorf("%s %s: expected body: %v", e.Method, e.Path, err)
		return
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		r.t.Errorf("%s %s: body differs (-want +got):\n%s", e.Method, e.Path, diff)
	}
}

// Golden compares v, as JSON, with testdata/<path>; with UPDATE_GOLDEN set it
// writes the file instead.
func Golden(t *testing.T, path string, v any) {
	t.Helper()
	path = filepath.Join("testdata", path)
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	got = append(got, '\n')
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatalf("renew %s: %v", path, err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}
