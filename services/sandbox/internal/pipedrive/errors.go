package pipedrive

import (
	"fmt"
	"net/http"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// apiError is a refusal in one of the envelopes that the API uses.
type apiError struct {
	status int
	text   string
	code   string // v2 validation failures and plan limits have one
	raw    string // a body that fits no envelope
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.status, e.text) }

const seeDocs = "Please check developers.pipedrive.com"

func (e *apiError) body() []byte {
	if e.raw != "" {
		return []byte(e.raw)
	}
	b := append(make([]byte, 0, 256), '{')
	b = wire.AppendBool(b, "success", false)
	b = wire.AppendStr(b, "error", e.text)
	if e.status == http.StatusUnauthorized {
		b = wire.AppendInt(b, "errorCode", http.StatusUnauthorized)
		return append(wire.AppendStr(b, "error_info", seeDocs), '}')
	}
	b = wire.AppendStr(b, "error_info", seeDocs)
	if e.code != "" {
		b = wire.AppendStr(b, "code", e.code)
	}
	b = wire.AppendRaw(b, "data", "null")
	return append(wire.AppendRaw(b, "additional_data", "null"), '}')
}

func fail(status int, format string, args ...any) *apiError {
	return &apiError{status: status, text: fmt.Sprintf(format, args...)}
}

// invalid is a v2 validation failure.
func invalid(format string, args ...any) *apiError {
	return &apiError{status: 400, code: "ERR_SCHEMA_VALIDATION_FAILED", text: "Validation failed: " + fmt.Sprintf(format, args...)}
}

func unauthorized() *apiError { return fail(401, "unauthorized access") }

func faultBody(status int) string {
	if status == http.StatusTooManyRequests {
		return string(fail(status, "Too many requests").body())
	}
	return string(fail(status, "%s", http.StatusText(status)).body())
}

// blocked is the page that callers see who go on after 429s.
const blocked = `<!DOCTYPE html>
<html><head><title>Access denied | pipedrive.com used Cloudflare to restrict access</title></head>
<body><h1>Error 1015</h1><p>You are being rate limited</p></body></html>
`
