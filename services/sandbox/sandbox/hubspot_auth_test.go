package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

var form = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}

// consent walks through the page as a person who allows or denies.
func (b *testBundle) consent(base, decision string, query url.Values) url.Values {
	b.t.Helper()
	at := base + "/oauth/authorize?" + query.Encode()
	b.do("GET", at, nil, nil).want(200).contains(`value="allow"`)
	r := b.do("POST", at, form, "decision="+decision).want(302)
	back, err := url.Parse(r.head.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return back.Query()
}

func hubQuery(scope string) url.Values {
	return url.Values{"client_id": {sandbox.HubSpotClientID}, "redirect_uri": {"http://localhost:1/back"}, "scope": {scope}, "state": {"s1"}}
}

func hubToken(more url.Values) string {
	v := url.Values{"client_id": {sandbox.HubSpotClientID}, "client_secret": {sandbox.HubSpotClientSecret}}
	for k := range more {
		v.Set(k, more.Get(k))
	}
	return v.Encode()
}

func TestHubSpotOAuthFromConsentToUninstall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	back := b.consent(b.hub, "allow", hubQuery("crm.objects.deals.read"))
	if back.Get("state") != "s1" || !strings.HasPrefix(back.Get("code"), "na1-") {
		t.Fatalf("came back with %v", back)
	}
	exchange := hubToken(url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {"http://localhost:1/back"}})
	tok := b.do("POST", b.hub+"/oauth/2026-03/token", form, exchange).want(200)
	tok.is("bearer", "token_type").is("1800", "expires_in").is("1234567", "hub_id").is(`["crm.objects.deals.read","oauth"]`, "scopes")
	b.do("POST", b.hub+"/oauth/2026-03/token", form, exchange).want(400).is("BAD_AUTH_CODE", "status").is("invalid_grant", "error")

	as := func(token string) map[string]string { return map[string]string{"Authorization": "Bearer " + token} }
	access, refresh := tok.str("access_token"), tok.str("refresh_token")
	b.do("GET", b.hub+deals, as(access), nil).want(200)
	b.do("POST", b.hub+deals, as(access), `{"properties":{}}`).want(403).is("MISSING_SCOPES", "category").is(`["crm.objects.deals.write"]`, "errors", 0, "context", "requiredGranularScopes")

	for _, field := range []string{"token", "access_token"} {
		b.do("POST", b.hub+"/oauth/2026-03/token/introspect", form, hubToken(url.Values{"token_type_hint": {"access_token"}, field: {access}})).want(200).
			is("true", "active").is("2468000", "app_id").is("access_token", "token_use")
	}
	if b.do("POST", b.hub+"/oauth/2026-03/token/introspect", form, hubToken(url.Values{"token_type_hint": {"refresh_token"}, "token": {refresh}})).want(200).at("expires_in") != nil {
		t.Error("a refresh token has expires_in")
	}
	b.do("GET", b.hub+"/oauth/v1/access-tokens/"+access, nil, nil).want(200).is("1234567", "hub_id")
	b.do("GET", b.hub+"/oauth/v1/refresh-tokens/"+refresh, nil, nil).want(200).is(sandbox.HubSpotClientID, "client_id")

	b.ctl(b.hub, "POST", "clock/advance", `{"by":"31m"}`)
	b.do("GET", b.hub+deals, as(access), nil).want(401).is("EXPIRED_AUTHENTICATION", "category").contains("The OAuth token used to make this call expired 60 second(s) ago.", `"expire time"`)
	renew := hubToken(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	again := b.do("POST", b.hub+"/oauth/v1/token", form, renew).want(200).is(refresh, "refresh_token")
	if again.at("hub_id") != nil {
		t.Error("the v1 form shows hub_id")
	}
	b.do("GET", b.hub+deals, as(again.str("access_token")), nil).want(200)

	b.do("POST", b.hub+"/oauth/2026-03/token/revoke", form, hubToken(url.Values{"token": {refresh}})).want(204)
	b.do("GET", b.hub+deals, as(again.str("access_token")), nil).want(200) // revoking leaves access tokens alone
	b.do("POST", b.hub+"/oauth/2026-03/token", form, renew).want(400).is("BAD_REFRESH_TOKEN", "status").is("refresh token is invalid, expired or revoked", "message")

	b.do("DELETE", b.hub+"/appinstalls/v3/external-install", as(again.str("access_token")), nil).want(204)
	b.do("GET", b.hub+deals, as(again.str("access_token")), nil).want(401)
}

func TestHubSpotOAuthRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if back := b.consent(b.hub, "deny", hubQuery("oauth")); back.Get("error") == "" || back.Get("state") != "s1" {
		t.Errorf("denied consent came back with %v", back)
	}
	q := hubQuery("tickets")
	b.do("GET", b.hub+"/oauth/authorize?"+q.Encode(), nil, nil).want(400)
	q = hubQuery("oauth")
	q.Set("redirect_uri", "http://example.com/")
	b.do("GET", b.hub+"/oauth/authorize?"+q.Encode(), nil, nil).want(400)
	b.do("POST", b.hub+"/oauth/v3/token", form, "client_id=x&client_secret=y&grant_type=refresh_token").want(400).is("BAD_CLIENT_ID", "status")
	b.do("POST", b.hub+"/oauth/v3/token", form, "client_id="+sandbox.HubSpotClientID+"&client_secret=y&grant_type=refresh_token").want(400).is("BAD_CLIENT_SECRET", "status")
	r := b.do("GET", b.hub+deals, nil, nil).want(401).is("INVALID_AUTHENTICATION", "category").contains("Authentication credentials not found.")
	if r.head.Get("X-HubSpot-Correlation-Id") == "" {
		t.Error("no correlation id in the header")
	}
}

func TestAnotherAccountHasItsOwnRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deal(map[string]any{"dealname": "first account"})
	b.ctl(b.hub, "PUT", "settings", `{"add_account":7654321}`)
	at := b.hub + "/oauth/7654321/authorize?" + hubQuery("crm.objects.deals.read").Encode()
	back, err := url.Parse(b.do("POST", at, form, "decision=allow").want(302).head.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	tok := b.do("POST", b.hub+"/oauth/2026-03/token", form, hubToken(url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {"http://localhost:1/back"}})).want(200).is("7654321", "hub_id")
	r := b.do("GET", b.hub+deals, map[string]string{"Authorization": "Bearer " + tok.str("access_token")}, nil).want(200)
	if len(r.list("results")) != 0 {
		t.Error("one account sees the records of another")
	}
	b.ctl(b.hub, "POST", "records/deals?account=7654321", `{"fields":{"dealname":"second"}}`)
}

func TestHubSpotRateLimits(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.Throttle = true })
	b.ctl(b.hub, "PUT", "clock/stopped", `{"stopped":true}`)
	r := b.hs("GET", deals, nil).want(200)
	if h := r.head; h.Get("X-HubSpot-RateLimit-Max") != "110" || h.Get("X-HubSpot-RateLimit-Remaining") != "109" || h.Get("X-HubSpot-RateLimit-Interval-Milliseconds") != "10000" || h.Get("X-HubSpot-RateLimit-Daily") != "" {
		t.Errorf("headers of an OAuth app: %v", h)
	}
	private := map[string]string{"Authorization": "Bearer " + sandbox.HubSpotPrivateToken}
	if h := b.do("GET", b.hub+deals, private, nil).want(200).head; h.Get("X-HubSpot-RateLimit-Max") != "190" || h.Get("X-HubSpot-RateLimit-Daily-Remaining") != "624999" {
		t.Errorf("headers of a private app: %v", h)
	}
	b.ctl(b.hub, "PUT", "throttling", `{"burst":2,"search":1,"daily":1}`)
	b.hs("GET", deals, nil).want(200)
	b.hs("GET", deals, nil).want(200)
	b.hs("GET", deals, nil).want(429).is("You have reached your ten_secondly_rolling limit.", "message").is("TEN_SECONDLY_ROLLING", "policyName").is("RATE_LIMIT", "errorType")
	s := b.hs("POST", deals+"/search", `{}`).want(200)
	if s.head.Get("X-HubSpot-RateLimit-Max") != "" {
		t.Error("a search shows rate headers")
	}
	b.hs("POST", deals+"/search", `{}`).want(429).is("You have reached your secondly limit.", "message").is("SECONDLY", "policyName")
	b.do("GET", b.hub+deals, private, nil).want(200)
	b.do("GET", b.hub+deals, private, nil).want(429).is("You have reached your daily limit.", "message").is("DAILY", "policyName").contains(`"requestId"`)
	b.ctl(b.hub, "POST", "clock/advance", `{"by":"10s"}`)
	b.hs("GET", deals, nil).want(200)
	b.ctl(b.hub, "PUT", "throttling", `{"on":false}`)
	for range 5 {
		b.hs("GET", deals, nil).want(200)
	}
}

func TestFaultsCanBeSwitchedOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		fault  string
		status int
		text   string
	}{
		{`{"mode":"status","status":423,"path":"/crm","count":1}`, 423, "locked"},
		{`{"mode":"status","status":429,"path":"/crm","count":1}`, 429, "TEN_SECONDLY_ROLLING"},
		{`{"mode":"status","status":477,"retry_after":60,"count":1}`, 477, "Migration"},
		{`{"mode":"status","status":502,"html":true,"count":1}`, 502, "<html>"},
	} {
		b.ctl(b.hub, "POST", "faults", c.fault)
		r := b.hs("GET", deals, nil).want(c.status).contains(c.text)
		if c.status == 477 && r.head.Get("Retry-After") != "60" {
			t.Error("477 without Retry-After")
		}
		b.hs("GET", deals, nil).want(200)
	}
	b.ctl(b.hub, "POST", "faults", `{"mode":"commit_timeout","method":"POST","count":1}`)
	b.unanswered("POST", b.hub+deals, bearer, `{"properties":{"dealname":"done"}}`)
	b.hs("GET", deals, nil).want(200).is("done", "results", 0, "properties", "dealname")
	b.ctl(b.hub, "POST", "faults", `{"mode":"drop","method":"PATCH"}`)
	b.unanswered("PATCH", b.hub+deals+"/1", bearer, `{}`)
	b.ctl(b.hub, "DELETE", "faults", nil)
	b.ctl(b.hub, "PUT", "down", `{"down":true}`)
	b.unanswered("GET", b.hub+deals, bearer, nil)
	b.pd("GET", "/api/v2/deals", nil).want(200)
	b.ctl(b.hub, "PUT", "down", `{"down":false}`)
	b.hs("GET", deals, nil).want(200)
	b.do("POST", b.hub+"/_sandbox/faults", nil, `{"mode":"magic"}`).want(400)
}

func TestResetBringsEverythingBackToTheStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		b.deal(map[string]any{"dealname": "A"})
	}
	b.pd("POST", "/api/v2/deals", `{"title":"A"}`).want(200)
	b.ctl(b.hub, "POST", "reset", nil)
	b.ctl(b.pipe, "POST", "reset", nil)
	if n := len(b.hs("GET", deals, nil).list("results")) + len(b.pd("GET", "/api/v2/deals", nil).list("data")); n != 0 {
		t.Errorf("%d records are left", n)
	}
	b.pd("POST", "/api/v2/deals", `{"title":"A"}`).want(200).is("1", "data", "id")
}

func TestStatsCountCallsByRoute(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.deal(map[string]any{"dealname": "A"})
	for range 3 {
		b.hs("GET", deals+"/"+id, nil).want(http.StatusOK)
	}
	r := b.ctl(b.hub, "GET", "stats", nil).is("4", "requests").is("1", "writes")
	if !strings.Contains(r.raw, fmt.Sprintf(`{"route":"GET /crm/objects/{v}/{type}/{id}","status":200,"count":%d}`, 3)) {
		t.Errorf("stats: %s", r.raw)
	}
}
