package pipedrive

import (
	"context"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestErrorsHaveTheKindThatDecidesWhatBecomesOfTheWork(t *testing.T) {
	t.Parallel()
	header := func(name, v string) map[string]string { return map[string]string{name: v} }
	for _, c := range []struct {
		name    string
		status  int
		body    string
		headers map[string]string
		kind    fault.Kind
		code    string
		after   time.Duration
		text    string
	}{
		{"a wrong token", 401, `{"success":false,"error":"unauthorized access","errorCode":401}`, nil, fault.Auth, "unauthorized", 0, "unauthorized access"},
		{"a closed account", 402, `{"success":false,"error":"closed"}`, nil, fault.Auth, "account_not_open", 0, "closed"},
		{"a missing scope", 403, `{"success":false,"error":"Scope and URL mismatch"}`, nil, fault.Auth, "forbidden", 0, "Scope and URL mismatch"},
		{"the plan's limit of deals", 403, `{"success":false,"error":"Open deals limit reached.","code":"feature_capping_deals_limit"}`, nil, fault.Rejected, "feature_capping_deals_limit", 0, "Open deals limit reached."},
		{"a block by Cloudflare", 403, `<!DOCTYPE html><html>Access denied</html>`, header("Content-Type", "text/html"), fault.RateLimited, "blocked", blocked, "Pipedrive answered 403 Forbidden"},
		{"a deal that is gone", 404, `{"success":false,"error":"Deal not found"}`, nil, fault.NotFound, "not_found", 0, "Deal not found"},
		{"a refused value", 400, `{"success":false,"error":"Validation failed","code":"ERR_SCHEMA_VALIDATION_FAILED"}`, nil, fault.Rejected, "err_schema_validation_failed", 0, "Validation failed"},
		{"a refused webhook", 400, `{"status":"error","success":false,"errors":{"subscription_url":["invalid or non-reachable URL"]}}`, nil, fault.Rejected, "refused", 0, "subscription_url: invalid or non-reachable URL"},
		{"the burst limit", 429, `{"success":false,"error":"rate limit exceeded"}`, header("X-Ratelimit-Reset", "1"), fault.RateLimited, "rate_limit", time.Second, "rate limit exceeded"},
		{"the daily limit", 429, `{}`, header("X-Daily-Ratelimit-Token-Remaining", "0"), fault.RateLimited, "daily_limit", time.Hour, "Pipedrive answered 429 Too Many Requests"},
		{"a limit that says how long", 429, `{}`, header("Retry-After", "7"), fault.RateLimited, "rate_limit", 7 * time.Second, "Pipedrive answered 429 Too Many Requests"},
		{"a limit that says nothing", 429, ``, nil, fault.RateLimited, "rate_limit", 2 * time.Second, "Pipedrive answered 429 Too Many Requests"},
		{"maintenance", 503, `<html>`, nil, fault.Transient, "app_unavailable", 0, "Pipedrive answered 503 Service Unavailable"},
		{"a feature that is off", 415, `{"success":false,"error":"off"}`, nil, fault.Rejected, "refused", 0, "off"},
		{"a call that does not exist", 405, `{"success":false,"error":"no"}`, nil, fault.Invalid, "not_supported", 0, "no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := connectortest.Serve(t, connectortest.Exchange{Method: "GET", Path: pathDeals, Status: c.status, Text: c.body, Headers: c.headers})
			d := open(t, server.URL)
			_, err := call[any](context.Background(), d, get("deals.list", costList, pathDeals, nil), nil)
			if d.Kind(err) != c.kind || fault.CodeOf(err) != c.code || fault.RetryAfter(err) != c.after {
				t.Errorf("kind %s, code %q, after %s: %v", d.Kind(err), fault.CodeOf(err), fault.RetryAfter(err), err)
			}
			if want := "pipedrive deals.list: " + c.text; err.Error() != want {
				t.Errorf("says %q, want %q", err, want)
			}
		})
	}
}
