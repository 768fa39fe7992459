// Package fault gives errors a kind, so that one place can decide what becomes
// of the work that failed. It never retries, logs or formats for people.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what an error means for the work that met it.
type Kind uint8

const (
	// None is the kind of a nil error.
	None Kind = iota
	// Bug is an error nobody classified; the work is parked for people to see.
	Bug
	// Transient may pass by itself: a network error, a 5xx, a full bus.
	Transient
	// RateLimited must wait as long as RetryAfter says.
	RateLimited
	// Rejected is the app refusing this record's data; only an edit helps.
	Rejected
	// Auth is the app refusing our credentials; only reconnecting helps.
	Auth
	// NotFound is a thing that is not there.
	NotFound
	// Conflict is a lost compare-and-swap or a create of what exists.
	Conflict
	// Invalid is input that can never be handled: malformed or unknown.
	Invalid
)

var names = [...]string{"none", "bug", "transient", "rate_limited", "rejected", "auth", "not_found", "conflict", "invalid"}

// String is the stable name used in metrics, journals and parked messages.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Error is an error with a kind and a stable code.
type Error struct {
	Kind Kind
	// Code is stable and meets users, e.g. "stage_not_mapped".
	Code string
	// After is how long to wait before another try; zero when unknown.
	After time.Duration
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind with a stable code.
func New(k Kind, code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Err: fmt.Errorf(format, args...)}
}

// Wrap gives err a kind and code; a nil err stays nil.
func Wrap(k Kind, code string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: k, Code: code, Err: err}
}

// KindOf is the kind of the outermost classified error in err's chain:
// None for nil and Bug when nobody classified it.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Bug
}

// CodeOf is the stable code of err, or the kind's name when it has none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != "" {
		return e.Code
	}
	return KindOf(err).String()
}

// RetryAfter is how long err asks to wait; zero when it does not say.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return KindOf(err) == k }
