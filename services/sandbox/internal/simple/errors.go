package simple

import (
	"fmt"
	"net/http"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// apiError is a refusal: a code for programs, a message for people, and the
// field that it is about, if it is about one.
type apiError struct {
	status  int
	code    string
	message string
	field   string
}

func (e *apiError) Error() string { return e.message }

func (e *apiError) body() []byte {
	b := wire.AppendStr([]byte(`{"error":{`), "code", e.code)
	b = wire.AppendStr(b, "message", e.message)
	if e.field != "" {
		b = wire.AppendStr(b, "field", e.field)
	}
	return append(b, "}}"...)
}

func fail(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func badField(name, format string, args ...any) *apiError {
	e := fail(http.StatusBadRequest, "invalid_value", format, args...)
	e.field = name
	return e
}

func notFound(what string) *apiError { return fail(404, "not_found", "there is no %s", what) }

// faultBody words an injected status.
func faultBody(status int) string {
	code := "unavailable"
	if status == http.StatusTooManyRequests {
		code = "rate_limited"
	}
	return string(fail(status, code, "%s", http.StatusText(status)).body())
}
