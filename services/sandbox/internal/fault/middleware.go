package fault

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Body words the JSON body of an injected status, as its API would.
type Body func(status int) string

// Wrap puts the faults in front of an API.
func (s *Set) Wrap(next http.Handler, body Body) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Down() {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		rule, hit := s.Match(r.Method, r.URL.Path)
		if !hit {
			next.ServeHTTP(w, r)
			return
		}
		switch rule.Mode {
		case ModeStatus:
			refuse(w, rule, body)
		case ModeLatency:
			pause(r, rule.LatencyMS)
			next.ServeHTTP(w, r)
		case ModeDrop:
			panic(http.ErrAbortHandler)
		case ModeCommitTimeout:
			next.ServeHTTP(&discard{h: http.Header{}}, r)
			pause(r, rule.HoldMS)
			panic(http.ErrAbortHandler)
		}
	})
}

func pause(r *http.Request, ms int) {
	t := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

func refuse(w http.ResponseWriter, rule Rule, body Body) {
	if rule.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(rule.RetryAfter))
	}
	if rule.HTML {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.Header().Set("Server", "cloudflare")
		w.WriteHeader(rule.Status)
		text := http.StatusText(rule.Status)
		fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%d %s</title></head><body><center><h1>%d %s</h1></center><hr><center>cloudflare</center></body></html>\n",
			rule.Status, text, rule.Status, text)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(rule.Status)
	_, _ = w.Write([]byte(body(rule.Status)))
}

// discard swallows an answer that the client is never to see.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
