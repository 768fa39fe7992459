package pipedrive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/fault"
)

// apiError is Pipedrive's error body; the webhook calls have one of their own
// (errors, message).
type apiError struct {
	Text    string              `json:"error"`
	Info    string              `json:"error_info"`
	Code    string              `json:"code"`
	Message string              `json:"message"`
	Fields  map[string][]string `json:"errors"`
	status  int
}

// Error is the app's own words.
func (e *apiError) Error() string {
	switch {
	case e.Text != "":
		return e.Text
	case len(e.Fields) > 0:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
			parts = append(parts, name+": "+strings.Join(e.Fields[name], ", "))
		}
		return strings.Join(parts, "; ")
	case e.Message != "":
		return e.Message
	default:
		return fmt.Sprintf("Pipedrive answered %d %s", e.status, http.StatusText(e.status))
	}
}

// AppMessage implements connector.AppMessager.
func (e *apiError) AppMessage() string { return e.Error() }

// blocked is how long to stay away once Cloudflare has blocked us for going on
// after 429s; its length is not documented.
const blocked = 10 * time.Minute

// refusal classifies an answer that is not 2xx. A gateway answers in HTML.
func refusal(op string, res *rest.Response) error {
	body := &apiError{}
	if json.Unmarshal(res.Body, body) != nil {
		*body = apiError{}
	}
	body.status = res.Status
	html := bytes.HasPrefix(bytes.TrimSpace(res.Body), []byte("<")) || strings.Contains(res.Header.Get("Content-Type"), "html")
	f := &fault.Error{
		Kind: fault.Rejected, Code: strings.ToLower(body.Code), After: res.RetryAfter(),
		Err: fmt.Errorf("pipedrive %s: %w", op, body),
	}
	if f.Code == "" {
		f.Code = "refused"
	}
	switch s := res.Status; {
	case s == http.StatusUnauthorized:
		f.Kind, f.Code = fault.Auth, "unauthorized"
	case s == http.StatusPaymentRequired:
		f.Kind, f.Code = fault.Auth, "account_not_open"
	case s == http.StatusForbidden && html:
		f.Kind, f.Code, f.After = fault.RateLimited, "blocked", max(f.After, blocked)
	case s == http.StatusForbidden && strings.HasPrefix(f.Code, "feature_capping"):
		// The plan's limit of records: this create fails, everything else works.
	case s == http.StatusForbidden:
		f.Kind, f.Code = fault.Auth, codeForbidden
	case s == http.StatusNotFound || s == http.StatusGone:
		f.Kind, f.Code = fault.NotFound, "not_found"
	case s == http.StatusTooManyRequests:
		f.Kind = fault.RateLimited
		f.Code, f.After = limit(body, res, f.After)
	case s == http.StatusRequestTimeout || s >= 500 && s != http.StatusNotImplemented:
		f.Kind, f.Code = fault.Transient, "app_unavailable"
	case s == http.StatusMethodNotAllowed || s == http.StatusNotImplemented || s < http.StatusBadRequest:
		f.Kind, f.Code = fault.Invalid, "not_supported"
	}
	return f
}

// limit says how long a 429 lasts: as long as the header of the burst window
// says, or, when the day's tokens are spent, until a midnight in a time zone
// that is not told; asking once an hour finds it.
func limit(e *apiError, res *rest.Response, after time.Duration) (code string, wait time.Duration) {
	left := res.Header.Get("X-Daily-Ratelimit-Token-Remaining")
	if left == "" {
		left = res.Header.Get("X-Daily-Requests-Left")
	}
	if n, err := strconv.Atoi(left); err == nil && n <= 0 || strings.Contains(strings.ToLower(e.Text), "daily") {
		return "daily_limit", max(after, time.Hour)
	}
	if after > 0 {
		return "rate_limit", after
	}
	if s, err := strconv.ParseFloat(res.Header.Get("X-Ratelimit-Reset"), 64); err == nil && s > 0 && s <= 60 {
		return "rate_limit", time.Duration(s * float64(time.Second))
	}
	return "rate_limit", 2 * time.Second
}

// uncertain marks a failed create that may have been done all the same: no
// answer came after it was sent, or a gateway gave up waiting for one.
func uncertain(err error) error {
	if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) == rest.CodeUnsent {
		return err
	}
	return &fault.Error{
		Kind: fault.Transient, Code: CodeUncertain, After: fault.RetryAfter(err),
		Err: fmt.Errorf("the record may or may not have been created: %w", err),
	}
}

// CodeUncertain is the code of a create that must be looked for
// (Driver.FindCreated) before it is repeated.
const CodeUncertain = "uncertain_create"

func schemaViolation(err error) bool {
	e, ok := errors.AsType[*apiError](err)
	return ok && e.Code == "ERR_SCHEMA_VALIDATION_FAILED"
}

// forbidden says that the account may not do what was asked, and nothing worse.
func forbidden(err error) bool {
	return fault.Is(err, fault.Auth) && fault.CodeOf(err) == codeForbidden
}

const codeForbidden = "forbidden"
