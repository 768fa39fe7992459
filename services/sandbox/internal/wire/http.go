package wire

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// MaxBody is the largest request body that the doubles read, in bytes.
const MaxBody = 10 << 20

// ErrTooLarge says that a body was longer than MaxBody.
var ErrTooLarge = errors.New("request body too large")

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// Buffer hands out an empty, reusable byte slice; give it back with Recycle.
func Buffer() *[]byte { return buffers.Get().(*[]byte) }

// Recycle takes a buffer back. Very large ones are left to the collector.
func Recycle(b *[]byte) {
	if cap(*b) <= 1<<20 {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}

// Body reads the whole request body, at most MaxBody bytes.
func Body(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	if len(b) > MaxBody {
		return nil, ErrTooLarge
	}
	return b, nil
}

// Reply writes body, already JSON, with the status.
func Reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; there is nobody to tell
}

// ReplyValue encodes v and writes it with the status.
func ReplyValue(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	Reply(w, status, body)
}

// ReplyHTML writes a page, as a gateway does.
func ReplyHTML(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page) // the client may be gone
}

// UUID makes a random version 4 UUID.
func UUID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails, by its contract
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// List reads a query parameter that may be repeated, comma separated, or both.
func List(r *http.Request, name string) []string {
	var out []string
	for _, v := range r.URL.Query()[name] {
		for _, part := range strings.Split(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}
