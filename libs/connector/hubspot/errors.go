package hubspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/fault"
)

// apiError is HubSpot's error body; every part is optional (error-handling).
type apiError struct {
	Message     string              `json:"message"`
	Category    string              `json:"category"`
	SubCategory string              `json:"subCategory"`
	Policy      string              `json:"policyName"`
	ErrorType   string              `json:"errorType"`
	Context     map[string][]string `json:"context"`
	Errors      []apiDetail         `json:"errors"`
	HTTPStatus  int                 `json:"-"`
}

type apiDetail struct {
	Message string              `json:"message"`
	Code    string              `json:"code"`
	Context map[string][]string `json:"context"`
}

// Error is the app's own words, with the property where it names one.
func (e *apiError) Error() string {
	var parts []string
	for _, d := range e.Errors {
		text := d.Message
		if names := d.Context["propertyName"]; len(names) > 0 {
			text = strings.Join(names, ", ") + ": " + text
		}
		if text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		parts = e.embedded()
	}
	if len(parts) > 0 {
		return strings.Join(parts, "; ")
	}
	if e.Message != "" {
		return e.Message
	}
	return fmt.Sprintf("HubSpot answered %d %s", e.HTTPStatus, http.StatusText(e.HTTPStatus))
}

// AppMessage implements connector.AppMessager.
func (e *apiError) AppMessage() string { return e.Error() }

// embedded reads the problems that HubSpot writes as JSON into the message:
// "Property values were not valid: [{...}]".
func (e *apiError) embedded() []string {
	problems := e.problems()
	parts := make([]string, 0, len(problems))
	for _, p := range problems {
		parts = append(parts, p.Name+": "+p.Message)
	}
	return parts
}

type problem struct {
	Message string `json:"message"`
	Error   string `json:"error"`
	Name    string `json:"name"`
}

func (e *apiError) problems() []problem {
	at := strings.Index(e.Message, "[{")
	if at < 0 {
		return nil
	}
	var found []problem
	if json.Unmarshal([]byte(e.Message[at:]), &found) != nil {
		return nil
	}
	return found
}

// code is a stable name for what was refused.
func (e *apiError) code() string {
	for _, d := range e.Errors {
		if d.Code != "" {
			return strings.ToLower(d.Code)
		}
	}
	for _, p := range e.problems() {
		if p.Error != "" {
			return strings.ToLower(p.Error)
		}
	}
	if e.taken() != "" {
		return "unique_value_taken"
	}
	if e.Category != "" {
		return strings.ToLower(e.Category)
	}
	return "refused"
}

var takenBy = regexp.MustCompile(`Existing ID: (\d+)|(\d+) already has that value`)

// taken is the id of the record that has a unique value already: a contact with
// the e-mail address, or one with the value of a unique property. "" when the
// error is about something else.
func (e *apiError) taken() string {
	m := takenBy.FindStringSubmatch(e.Message)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// traces are the batch inputs that the error names, by objectWriteTraceId.
func (e *apiError) traces() []string {
	traces := e.Context["objectWriteTraceId"]
	for _, d := range e.Errors {
		traces = append(traces, d.Context["objectWriteTraceId"]...)
	}
	return traces
}

// properties are those that the error names.
func (e *apiError) properties() (names []string) {
	for _, d := range e.Errors {
		names = append(names, d.Context["propertyName"]...)
	}
	for _, p := range e.problems() {
		names = append(names, p.Name)
	}
	return names
}

// forbidden knows that the account, or its user, does not let us do this; signing
// in again alone would not help.
func forbidden(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.HTTPStatus == http.StatusForbidden
}

func asAPIError(err error) (*apiError, bool) { return errors.AsType[*apiError](err) }

// fault is what the error means for one record of a batch.
func (e *apiError) fault() *fault.Error {
	f := &fault.Error{Kind: fault.Rejected, Code: e.code(), Err: e}
	if e.taken() != "" {
		return f // a matter of this record's data, whatever the category
	}
	switch e.Category {
	case "OBJECT_NOT_FOUND":
		f.Kind, f.Code = fault.NotFound, "not_found"
	case "CONFLICT":
		f.Kind = fault.Conflict
	case "RATE_LIMITS":
		f.Kind, f.Code, f.After = fault.RateLimited, "rate_limit", time.Second
	case "MISSING_SCOPES":
		f.Kind = fault.Auth
	}
	return f
}

// refusal classifies an answer that is not 2xx. The body may be HTML when a
// gateway answered.
func refusal(op string, res *rest.Response) error {
	body := &apiError{HTTPStatus: res.Status}
	if json.Unmarshal(res.Body, body) != nil {
		*body = apiError{HTTPStatus: res.Status}
	}
	f := body.fault()
	f.After = res.RetryAfter()
	f.Err = fmt.Errorf("hubspot %s: %w", op, body)
	switch s := res.Status; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		f.Kind = fault.Auth
	case s == http.StatusNotFound:
		f.Kind, f.Code = fault.NotFound, "not_found"
	case s == http.StatusConflict && body.taken() == "":
		f.Kind = fault.Conflict
	case s == http.StatusLocked: // at least 2 s (error-handling)
		f.Kind, f.Code, f.After = fault.Transient, "record_locked", max(f.After, 2*time.Second)
	case s == http.StatusTooManyRequests:
		f.Kind = fault.RateLimited
		f.Code, f.After = limit(body, f.After)
	case s == 477: // the account is being moved to another data centre
		f.Kind, f.Code, f.After = fault.RateLimited, "account_migrating", max(f.After, time.Minute)
	case s == http.StatusRequestTimeout || s >= 500:
		f.Kind, f.Code = fault.Transient, "app_unavailable"
	case s >= 300 && s < 400:
		f.Kind, f.Code = fault.Invalid, "redirect"
	}
	return f
}

// limit says how long a 429 lasts. HubSpot documents no Retry-After: the
// window that was exceeded tells.
func limit(e *apiError, after time.Duration) (code string, wait time.Duration) {
	policy := strings.ToUpper(e.Policy)
	text := strings.ToLower(e.Message)
	switch {
	case policy == "DAILY" || strings.Contains(text, "daily"):
		// Until midnight of the account; asking once an hour finds it early
		// enough, and finds a raised limit too.
		return "daily_limit", max(after, time.Hour)
	case policy == "SECONDLY" || strings.Contains(text, " secondly"):
		return connector.CodeSearchLimit, max(after, time.Second)
	case after > 0:
		return "rate_limit", after
	default:
		return "rate_limit", 10 * time.Second
	}
}
