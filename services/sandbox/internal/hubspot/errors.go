package hubspot

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// Categories of errors, as HubSpot names them.
const (
	catValidation = "VALIDATION_ERROR"
	catNotFound   = "OBJECT_NOT_FOUND"
	catConflict   = "CONFLICT"
)

// apiError is the error envelope; every member but status is optional on the wire.
type apiError struct {
	status int

	Status        string              `json:"status,omitempty"`
	Message       string              `json:"message"`
	ErrorType     string              `json:"errorType,omitempty"`
	CorrelationID string              `json:"correlationId,omitempty"`
	PolicyName    string              `json:"policyName,omitempty"`
	RequestID     string              `json:"requestId,omitempty"`
	Errors        []errorDetail       `json:"errors,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Links         map[string]string   `json:"links,omitempty"`
	Category      string              `json:"category,omitempty"`
	SubCategory   string              `json:"subCategory,omitempty"`
}

type errorDetail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.status, e.Message) }

func (e *apiError) body() []byte {
	full := *e
	full.Status, full.CorrelationID = "error", wire.UUID()
	b, err := json.Marshal(full)
	if err != nil { // strings and maps of strings cannot fail
		panic(fmt.Sprintf("marshal error body: %v", err))
	}
	return b
}

// entry is the error as it stands inside a 207 answer.
func (e *apiError) entry() []byte {
	full := *e
	full.Status = "error"
	if full.Category == "" {
		full.Category = catValidation
	}
	b, err := json.Marshal(full)
	if err != nil {
		panic(fmt.Sprintf("marshal error entry: %v", err))
	}
	return b
}

func fail(status int, category, format string, args ...any) *apiError {
	return &apiError{status: status, Category: category, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apiError {
	return fail(400, catValidation, format, args...)
}

func notFound() *apiError { return fail(404, "", "resource not found") }

func notNumeric(id string) *apiError {
	e := fail(404, catNotFound, "Object not found.  objectId are usually numeric.")
	e.Context = map[string][]string{"id": {id}}
	return e
}

// missing words the entry of a batch for ids that do not exist.
func missing(k *kind, ids, traces []string) *apiError {
	e := fail(404, catNotFound, "Could not get some %s objects, they may be deleted or not exist. Check that ids are valid.", k.legacy)
	e.Context = map[string][]string{"ids": ids}
	if len(traces) > 0 {
		e.Context["objectWriteTraceId"] = traces
	}
	return e
}

// badValue is what is wrong with the value of one property.
type badValue struct{ name, code, message string }

// badValues words all bad properties of one input in one answer.
func badValues(portal int64, bad []badValue) *apiError {
	type item struct {
		IsValid   bool   `json:"isValid"`
		Message   string `json:"message"`
		Error     string `json:"error"`
		Name      string `json:"name"`
		Localized string `json:"localizedErrorMessage"`
		PortalID  int64  `json:"portalId"`
	}
	e := fail(400, catValidation, "")
	items := make([]item, len(bad))
	for i, b := range bad {
		items[i] = item{false, b.message, b.code, b.name, b.message, portal}
		e.Errors = append(e.Errors, errorDetail{Message: b.message, Code: b.code, Context: map[string][]string{"propertyName": {b.name}}})
	}
	list, err := json.Marshal(items)
	if err != nil {
		panic(fmt.Sprintf("marshal bad values: %v", err))
	}
	e.Message = "Property values were not valid: " + string(list)
	return e
}

func missingScopes(scopes []string) *apiError {
	e := fail(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.")
	e.Errors = []errorDetail{{Message: "One or more of the following scopes are required.", Context: map[string][]string{"requiredGranularScopes": scopes}}}
	e.Links = map[string]string{"scopes": "https://developers.hubspot.com/scopes"}
	return e
}

func badJSON(err error) *apiError {
	return invalid("Invalid input JSON on line 1, column 1: %s", strings.TrimPrefix(err.Error(), "json: "))
}

func rateLimited(policy, text string) *apiError {
	return &apiError{status: 429, Message: "You have reached your " + text + " limit.", ErrorType: "RATE_LIMIT", PolicyName: policy, RequestID: wire.UUID()}
}

// faultBody words an injected status.
func faultBody(status int) string {
	switch status {
	case 423:
		return string(fail(423, "", "This record is currently locked by another process. Retry the request after 2 seconds.").body())
	case 429:
		return string(rateLimited("TEN_SECONDLY_ROLLING", "ten_secondly_rolling").body())
	case 477:
		return string(fail(477, "", "Migration in progress. This account is being moved to another data center.").body())
	default:
		return string(fail(status, "", "internal error").body())
	}
}
