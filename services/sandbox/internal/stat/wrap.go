package stat

import (
	"io"
	"net/http"
)

// Wrap notes every call by its route, with the bytes that went in and out.
func Wrap(s *Counters, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		in := &counted{ReadCloser: r.Body}
		r.Body = in
		defer func() {
			s.BytesIn.Add(in.n)
			s.BytesOut.Add(rec.n)
			pattern := r.Pattern
			if pattern == "" {
				pattern = r.Method + " (not routed)"
			}
			s.Call(pattern, rec.status)
		}()
		next.ServeHTTP(rec, r)
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	n      int64
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.n += int64(n)
	return n, err
}

type counted struct {
	io.ReadCloser
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.n += int64(n)
	return n, err
}
