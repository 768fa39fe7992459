package hubspot

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestErrorsHaveTheKindThatDecidesWhatBecomesOfTheWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  int
		body    string
		headers map[string]string
		kind    fault.Kind
		code    string
		after   time.Duration
	}{
		{"a wrong token", 401, `{"status":"error","message":"no","category":"INVALID_AUTHENTICATION"}`, nil, fault.Auth, "invalid_authentication", 0},
		{"a missing scope", 403, `{"status":"error","message":"no","category":"MISSING_SCOPES"}`, nil, fault.Auth, "missing_scopes", 0},
		{"a missing record", 404, `{"status":"error","message":"resource not found"}`, nil, fault.NotFound, "not_found", 0},
		{"a conflict", 409, `{"status":"error","message":"exists","category":"CONFLICT"}`, nil, fault.Conflict, "conflict", 0},
		{"an e-mail address that is taken", 409, `{"status":"error","message":"Contact already exists. Existing ID: 1000001","category":"CONFLICT"}`, nil, fault.Rejected, "unique_value_taken", 0},
		{"a unique value that is taken", 400, `{"status":"error","message":"Cannot set X on 1. 700000000007 already has that value.","category":"VALIDATION_ERROR"}`, nil, fault.Rejected, "unique_value_taken", 0},
		{"a locked record", 423, `{"status":"error","message":"locked"}`, nil, fault.Transient, "record_locked", 2 * time.Second},
		{"the burst limit", 429, `{"status":"error","message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}`, nil, fault.RateLimited, "rate_limit", 10 * time.Second},
		{"the search limit", 429, `{"status":"error","message":"You have reached your secondly limit.","errorType":"RATE_LIMIT","policyName":"SECONDLY"}`, nil, fault.RateLimited, connector.CodeSearchLimit, time.Second},
		{"the daily limit", 429, `{"status":"error","message":"You have reached your daily limit.","policyName":"DAILY"}`, nil, fault.RateLimited, "daily_limit", time.Hour},
		{"a limit that says how long", 429, `{}`, map[string]string{"Retry-After": "3"}, fault.RateLimited, "rate_limit", 3 * time.Second},
		{"a moving account", 477, ``, map[string]string{"Retry-After": "3600"}, fault.RateLimited, "account_migrating", time.Hour},
		{"a gateway's page", 502, `<html><body>Bad gateway</body></html>`, nil, fault.Transient, "app_unavailable", 0},
		{"a gateway that waited too long", 524, `error code: 524`, nil, fault.Transient, "app_unavailable", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := connectortest.Exchange{Method: "GET", Path: "/crm/objects/2026-09/deals/1?properties=" + propModified, Status: c.status, Text: c.body, Headers: c.headers}
			calls := []connectortest.Exchange{e}
			if c.status == 401 {
				calls = append(calls, e) // once more, with a fresh token
			}
			d := open(t, connectortest.Serve(t, calls...).URL)
			var out object
			err := d.call(context.Background(), "deals.get", "GET", d.paths.objects+"deals/1", map[string][]string{"properties": {propModified}}, nil, &out)
			if d.Kind(err) != c.kind || fault.CodeOf(err) != c.code || fault.RetryAfter(err) != c.after {
				t.Errorf("kind %s, code %q, after %s: %v", d.Kind(err), fault.CodeOf(err), fault.RetryAfter(err), err)
			}
		})
	}
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	server := connectortest.Serve(t,
		connectortest.Exchange{Method: "GET", Path: "/crm/properties/2026-09/deals/dealsync_pair_id", Header: map[string]string{"Authorization": "Bearer token"}, Status: 401, Text: `{}`},
		connectortest.Exchange{Method: "GET", Path: "/crm/properties/2026-09/deals/dealsync_pair_id", Header: map[string]string{"Authorization": "Bearer second"}, Status: 200, Response: json.RawMessage(`{"hasUniqueValue":true}`)},
	)
	if err := open(t, server.URL).Provision(context.Background(), deal.Deals); err != nil {
		t.Error(err)
	}
}

func TestAPairKeyThatIsNotUniqueIsRefused(t *testing.T) {
	t.Parallel()
	server := connectortest.Serve(t, connectortest.Exchange{
		Method: "GET", Path: "/crm/properties/2026-09/deals/dealsync_pair_id", Status: 200, Response: json.RawMessage(`{"hasUniqueValue":false}`),
	})
	err := open(t, server.URL).Provision(context.Background(), deal.Deals)
	if fault.CodeOf(err) != "key_not_unique" {
		t.Error(err)
	}
}
