package sandbox_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

const pdDeals = "/api/v2/deals"

func (b *testBundle) pdDeal(fields map[string]any) string {
	b.t.Helper()
	return b.pd("POST", pdDeals, fields).want(200).str("data", "id")
}

func TestPipedriveRefusesUnknownTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, head := range []map[string]string{nil, {"x-api-token": "wrong"}, {"Authorization": "Bearer wrong"}} {
		r := b.do("GET", b.pipe+pdDeals, head, nil).want(401)
		if r.raw != `{"success":false,"error":"unauthorized access","errorCode":401,"error_info":"Please check developers.pipedrive.com"}` || r.head.Get("x-401-by-gw") != "true" || r.head.Get("x-correlation-id") == "" {
			t.Errorf("refusal: %s %v", r.raw, r.head)
		}
	}
}

func TestPipedriveOAuth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	q := url.Values{"client_id": {sandbox.PipedriveClientID}, "redirect_uri": {"http://localhost:1/back"}, "state": {"s"}}
	if back := b.consent(b.pipe, "deny", q); back.Get("error") != "user_denied" {
		t.Errorf("denied consent came back with %v", back)
	}
	code := b.consent(b.pipe, "allow", q).Get("code")
	basic := map[string]string{
		"Content-Type":  "application/x-www-form-urlencoded",
		"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(sandbox.PipedriveClientID+":"+sandbox.PipedriveClientSecret)),
	}
	exchange := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://localhost:1/back"}}.Encode()
	b.do("POST", b.pipe+"/oauth/token", form, exchange).want(400).is("Invalid client: client is invalid", "message")
	tok := b.do("POST", b.pipe+"/oauth/token", basic, exchange).want(200).is("Bearer", "token_type").is("3599", "expires_in").is(b.pipe, "api_domain").contains("deals:full")
	b.do("POST", b.pipe+"/oauth/token", basic, exchange).want(400).is("Invalid grant: authorization_code is invalid", "message")
	as := map[string]string{"Authorization": "Bearer " + tok.str("access_token")}
	b.do("GET", b.pipe+pdDeals, as, nil).want(200)
	b.do("GET", b.pipe+"/api/v1/users/me", as, nil).want(200).is("7700001", "data", "company_id").is("599", "data", "id").is("sandbox", "data", "company_domain")
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"1h"}`)
	b.do("GET", b.pipe+pdDeals, as, nil).want(401)
	renew := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok.str("refresh_token")}}.Encode()
	again := b.do("POST", b.pipe+"/oauth/token/", basic, renew).want(200)
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"1400h"}`) // 58 days: the use above counts
	b.do("POST", b.pipe+"/oauth/token", basic, renew).want(200)
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"1441h"}`)
	b.do("POST", b.pipe+"/oauth/token", basic, renew).want(400).is("Invalid grant: refresh_token is invalid", "message")
	b.do("POST", b.pipe+"/oauth/revoke", basic, "token="+again.str("refresh_token")).want(200)
	b.do("POST", b.pipe+"/oauth/token", basic, "x=1").want(400).is("Missing parameter: grant_type", "message")
	b.ctl(b.pipe, "PUT", "settings", `{"app_scopes":["base","deals:read"]}`)
	few := b.do("POST", b.pipe+"/oauth/token", basic, url.Values{"grant_type": {"authorization_code"}, "code": {b.consent(b.pipe, "allow", q).Get("code")}, "redirect_uri": {"http://localhost:1/back"}}.Encode()).want(200).is("base,deals:read", "scope")
	as = map[string]string{"Authorization": "Bearer " + few.str("access_token")}
	b.do("GET", b.pipe+pdDeals, as, nil).want(200)
	b.do("POST", b.pipe+pdDeals, as, `{"title":"A"}`).want(403).is("false", "success")
	late := b.consent(b.pipe, "allow", q).Get("code")
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"6m"}`)
	b.do("POST", b.pipe+"/oauth/token", basic, url.Values{"grant_type": {"authorization_code"}, "code": {late}, "redirect_uri": {"http://localhost:1/back"}}.Encode()).want(400).is("Invalid grant: authorization_code has expired", "message")
}

func TestPipedriveTypesAreStrict(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.pdDeal(map[string]any{"title": "A", "value": 12000, "currency": "EUR"})
	for name, body := range map[string]string{
		"a number as text":              `{"value":"12"}`,
		"a boolean as number":           `{"is_archived":1}`,
		"an id as text":                 `{"stage_id":"2"}`,
		"a title as number":             `{"title":5}`,
		"an unknown custom field":       `{"custom_fields":{"0123456789012345678901234567890123456789":"x"}}`,
		"an unknown status":             `{"status":"closed"}`,
		"a wrong date":                  `{"expected_close_date":"31.01.2026"}`,
		"an unknown visibility":         `{"visible_to":2}`,
		"deleting by edit":              `{"is_deleted":true}`,
		"an origin":                     `{"origin":"x"}`,
		"an unknown currency":           `{"currency":"XXX"}`,
		"no value where one is needed":  `{"title":null}`,
		"labels that are no list":       `{"label_ids":"1"}`,
		"custom fields that are a list": `{"custom_fields":[]}`,
	} {
		r := b.pd("PATCH", pdDeals+"/"+id, body)
		if r.status != 400 || r.str("code") != "ERR_SCHEMA_VALIDATION_FAILED" || !strings.HasPrefix(r.str("error"), "Validation failed: ") || r.str("success") != "false" {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	b.pd("POST", pdDeals, `{"value":1}`).want(400).is("Validation failed: title: Required", "error").is("null", "data").is("null", "additional_data")
	b.pd("POST", pdDeals, `{"title":"B","origin":"x","add_time":"2020-01-01T00:00:00Z"}`).want(200).is("API", "data", "origin")
	b.pd("PATCH", pdDeals+"/"+id, `{"channel_id":"dealsync"}`).want(200).is("dealsync", "data", "channel_id")
	b.pd("GET", pdDeals+"/999", nil).want(404).is("false", "success")
}

func TestDealDefaultsAndStatusRules(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.pd("POST", pdDeals, `{"title":"A"}`).want(200)
	for field, want := range map[string]string{
		"status": "open", "stage_id": "1", "pipeline_id": "1", "owner_id": "599", "value": "0", "currency": "EUR", "visible_to": "3",
		"is_deleted": "false", "is_archived": "false", "label_ids": "[]", "custom_fields": "{}", "person_id": "null",
	} {
		r.is(want, "data", field)
	}
	id := r.str("data", "id")
	patch := func(body string) *reply { return b.pd("PATCH", pdDeals+"/"+id, body) }
	patch(`{"lost_reason":"x"}`).want(400)
	patch(`{"won_time":"2026-01-01T00:00:00Z"}`).want(400)
	patch(`{"close_time":"2026-01-01T00:00:00Z"}`).want(400)
	patch(`{"status":"lost","lost_reason":"Budget"}`).want(200).is("Budget", "data", "lost_reason").is("1", "data", "stage_id")
	won := patch(`{"status":"won","won_time":"2026-01-02T03:04:05Z"}`).want(200).is("null", "data", "lost_reason").is("null", "data", "lost_time")
	won.is("2026-01-02T03:04:05Z", "data", "close_time").is("2026-01-02", "data", "local_won_date")
	patch(`{"status":"open"}`).want(200).is("null", "data", "won_time").is("null", "data", "close_time")
	patch(`{"stage_id":7}`).want(200).is("2", "data", "pipeline_id")
	patch(`{"pipeline_id":1}`).want(200).is("1", "data", "stage_id")
	patch(`{"stage_id":7,"pipeline_id":1}`).want(400)
	patch(`{"stage_id":99}`).want(400)
	patch(`{"is_archived":true}`).want(200).is("true", "data", "is_archived")
	patch(`{"title":"B"}`).want(400)
	if n := len(b.pd("GET", pdDeals, nil).want(200).list("data")); n != 0 {
		t.Errorf("the plain list shows %d archived deals", n)
	}
	b.pd("GET", pdDeals+"/archived", nil).want(200).is(id, "data", 0, "id")
	patch(`{"is_archived":false}`).want(200)
	patch(`{"title":"B"}`).want(200).is("B", "data", "title")
}

func TestDeletedDealsStayFor30Days(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.pdDeal(map[string]any{"title": "A"})
	r := b.pd("DELETE", pdDeals+"/"+id, nil).want(200)
	if r.raw != `{"data":{"id":1},"success":true}` {
		t.Errorf("answer: %s", r.raw)
	}
	b.pd("GET", pdDeals+"/"+id, nil).want(200).is("true", "data", "is_deleted")
	b.pd("PATCH", pdDeals+"/"+id, `{"title":"B"}`).want(404)
	if n := len(b.pd("GET", pdDeals, nil).list("data")); n != 0 {
		t.Error("the plain list shows a deleted deal")
	}
	b.pd("GET", pdDeals+"?status=deleted", nil).want(200).is(id, "data", 0, "id")
	b.ctl(b.pipe, "POST", "records/deals/"+id+"/restore", nil)
	b.pd("GET", pdDeals+"?status=open,won,lost,deleted", nil).want(200).is("false", "data", 0, "is_deleted")
	b.pd("DELETE", pdDeals+"/"+id, nil).want(200)
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"721h"}`)
	b.pd("GET", pdDeals+"/"+id, nil).want(404)
	if n := len(b.pd("GET", pdDeals+"?status=deleted", nil).list("data")); n != 0 {
		t.Error("a purged deal is listed")
	}
}

func TestPipedriveListPagesFiltersAndSorts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	base := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(sec int) int64 { return base.Add(time.Duration(sec) * time.Second).UnixMilli() }
	for i := range 7 {
		b.ctl(b.pipe, "POST", "records/deals", map[string]any{"fields": map[string]any{"title": fmt.Sprint(i), "stage_id": i%2 + 1}, "at": at(i) + 700})
	}
	b.ctl(b.pipe, "PATCH", "records/deals/2", map[string]any{"fields": map[string]any{"title": "late"}, "at": at(20)})
	walkAll := func(query string) string {
		var ids []string
		cursor := ""
		for {
			r := b.pd("GET", pdDeals+"?limit=2&"+query+"&cursor="+cursor, nil).want(200)
			for _, it := range r.list("data") {
				ids = append(ids, show(walk(t, it, "id")))
			}
			if r.at("additional_data", "next_cursor") == nil {
				return strings.Join(ids, " ")
			}
			cursor = r.str("additional_data", "next_cursor")
		}
	}
	since := url.QueryEscape(base.Add(3 * time.Second).Format(time.RFC3339))
	for query, want := range map[string]string{
		"":                    "1 2 3 4 5 6 7",
		"sort_direction=desc": "7 6 5 4 3 2 1",
		"sort_by=update_time": "1 3 4 5 6 7 2",
		"sort_by=update_time&sort_direction=desc":    "2 7 6 5 4 3 1",
		"sort_by=add_time&sort_direction=desc":       "7 6 5 4 3 2 1",
		"sort_by=update_time&updated_since=" + since: "4 5 6 7 2", // inclusive, to the second
		"updated_until=" + since:                     "1 3",
		"stage_id=2":                                 "2 4 6",
		"ids=5,1,99":                                 "1 5",
		"status=won":                                 "",
		"owner_id=501&pipeline_id=1":                 "1 2 3 4 5 6 7",
	} {
		if got := walkAll(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	b.pd("GET", pdDeals+"?updated_since=2026-11-01T12:00:00.123Z", nil).want(400).is("ERR_SCHEMA_VALIDATION_FAILED", "code")
	b.pd("GET", pdDeals+"?cursor=nonsense", nil).want(400)
	b.pd("GET", pdDeals+"?sort_by=title", nil).want(400)
	b.ctl(b.pipe, "POST", "records/deals/bulk", `{"count":600,"fields":{"title":"{{n}} x","value":"{{n}}"},"silent":true}`)
	if n := len(b.pd("GET", pdDeals+"?limit=1000", nil).want(200).list("data")); n != 500 {
		t.Errorf("a page has %d rows, the cap is 500", n)
	}
}

func TestCustomFields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	code := map[string]string{}
	opts := map[string][]string{}
	for _, typ := range []string{"varchar", "text", "double", "monetary", "date", "daterange", "time", "timerange", "enum", "set", "user", "org", "people", "phone", "address"} {
		body := map[string]any{"field_name": typ, "field_type": typ}
		if typ == "enum" || typ == "set" {
			body["options"] = []map[string]string{{"label": "One"}, {"label": "Two"}}
		}
		r := b.pd("POST", "/api/v2/dealFields", body).want(200).is("true", "data", "is_custom_field")
		if code[typ] = r.str("data", "field_code"); len(code[typ]) != 40 {
			t.Fatalf("code %s", code[typ])
		}
		for _, o := range r.list("data", "options") {
			opts[typ] = append(opts[typ], show(walk(t, o, "id")))
		}
	}
	org := b.pd("POST", "/api/v2/organizations", `{"name":"Acme"}`).want(200).str("data", "id")
	person := b.pd("POST", "/api/v2/persons", `{"name":"Ada Example"}`).want(200).str("data", "id")
	values := map[string]string{
		"varchar": `"x"`, "text": `"long"`, "double": `5.5`, "monetary": `{"value":5,"currency":"EUR"}`, "date": `"2026-01-31"`,
		"daterange": `{"value":"2026-01-01","until":"2026-01-31"}`, "time": `{"value":"09:00:00","timezone_name":"UTC"}`,
		"timerange": `{"value":"09:00:00","until":"10:00:00","timezone_name":"UTC"}`, "enum": opts["enum"][0], "set": `[` + opts["set"][0] + `,` + opts["set"][1] + `]`,
		"user": `501`, "org": org, "people": person, "phone": `"+1"`,
	}
	var members []string
	for typ, v := range values {
		members = append(members, `"`+code[typ]+`":`+v)
	}
	hookURL, got := receiver(t, nil)
	b.pd("POST", "/api/v1/webhooks", `{"subscription_url":"`+hookURL+`","event_action":"*","event_object":"deal","name":"h"}`).want(201)
	r := b.pd("POST", pdDeals, `{"title":"A","custom_fields":{`+strings.Join(members, ",")+`}}`).want(200)
	for typ, v := range values {
		r.contains(`"` + code[typ] + `":` + v)
	}
	r.contains(`"` + code["address"] + `":null`)
	hooked := decode(t, next(t, got).body)
	for typ, want := range map[string]string{
		"varchar": `{"type":"varchar","value":"x"}`, "monetary": `{"currency":"EUR","type":"monetary","value":5}`,
		"enum": `{"id":` + opts["enum"][0] + `,"type":"enum"}`, "set": `{"type":"set","values":[{"id":` + opts["set"][0] + `},{"id":` + opts["set"][1] + `}]}`,
		"user": `{"id":501,"type":"user"}`, "daterange": `{"from":"2026-01-01","type":"daterange","until":"2026-01-31"}`,
		"time": `{"timezone_id":"UTC","type":"time","value":"09:00:00"}`,
	} {
		if s := show(walk(t, hooked, "data", "custom_fields", code[typ])); s != want {
			t.Errorf("webhook shows %s as %s, want %s", typ, s, want)
		}
	}
	patch := func(typ, v string) *reply {
		return b.pd("PATCH", pdDeals+"/1", `{"custom_fields":{"`+code[typ]+`":`+v+`}}`)
	}
	patch("set", `[]`).want(400)
	patch("set", `null`).want(200)
	patch("enum", `999`).want(400)
	patch("double", `"5"`).want(400)
	patch("varchar", `"`+strings.Repeat("x", 256)+`"`).want(400)
	patch("address", `{"value":"Main St 1","locality":"Tallinn"}`).want(200).contains(`"locality":"Tallinn"`, `"country":null`)
	b.pd("GET", pdDeals+"?custom_fields="+code["varchar"], nil).want(200).is(`{"`+code["varchar"]+`":"x"}`, "data", 0, "custom_fields")
	b.pd("POST", "/api/v2/dealFields/"+code["enum"]+"/options", `[{"label":"Three"}]`).want(200).is("Three", "data", 0, "label")
	b.pd("PATCH", "/api/v2/dealFields/"+code["enum"]+"/options", `[{"id":`+opts["enum"][0]+`,"label":"Uno"}]`).want(200)
	b.pd("DELETE", "/api/v2/dealFields/"+code["enum"]+"/options", `[{"id":999}]`).want(400)
	b.pd("GET", "/api/v2/dealFields/"+code["enum"], nil).want(200).is("Uno", "data", "options", 0, "label")
	b.pd("GET", "/api/v2/dealFields", nil).want(200).contains(`"field_code":"title"`, code["varchar"])
	b.pd("DELETE", "/api/v2/dealFields/"+code["varchar"], nil).want(200)
	patch("varchar", `"y"`).want(400)
	b.pd("GET", pdDeals+"/search?term=long&fields=custom_fields&exact_match=true", nil).want(200).is("1", "data", "items", 0, "item", "id")
}

func TestPersonsOrganizationsAndSearch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	org := b.pd("POST", "/api/v2/organizations", `{"name":"Acme","address":{"value":"Main St"}}`).want(200).is("Main St", "data", "address", "value").str("data", "id")
	b.pd("POST", "/api/v2/persons", `{"name":"Ada Example","org_id":`+org+`,"emails":[{"value":"Ada@Example.com","primary":true,"label":"work"}]}`).want(200).is("Ada", "data", "first_name").is("Example", "data", "last_name")
	b.pd("POST", "/api/v2/persons", `{"name":"B","job_title":"x"}`).want(403)
	b.pd("POST", "/api/v2/persons", `{"emails":[]}`).want(400)
	b.pd("POST", "/api/v2/persons", `{"name":"B","org_id":99}`).want(400)
	b.pd("GET", "/api/v2/persons/search?term=ada@example.com&fields=email&exact_match=true", nil).want(200).is(`["Ada@Example.com"]`, "data", "items", 0, "item", "emails").is("Acme", "data", "items", 0, "item", "organization", "name")
	b.pd("GET", "/api/v2/persons/search?term=a", nil).want(400)
	b.pd("GET", "/api/v2/persons?org_id="+org, nil).want(200).is("1", "data", 0, "id")
	b.pd("POST", pdDeals, `{"title":"A","person_id":1,"org_id":`+org+`}`).want(200)
	b.pd("GET", "/api/v2/persons?deal_id=1", nil).want(200).is("1", "data", 0, "id")
	b.pd("GET", "/api/v2/deals?person_id=1", nil).want(200).is("A", "data", 0, "title")
	b.pd("PATCH", "/api/v2/persons/1", `{"name":"Eve Example"}`).want(200).is("Eve", "data", "first_name")
	b.pd("DELETE", "/api/v2/persons/1", nil).want(200)
	b.pd("POST", pdDeals, `{"title":"B","person_id":1}`).want(400)
}

func TestPipelinesStagesUsersAndCurrencies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.pd("GET", "/api/v2/stages?pipeline_id=1", nil).want(200)
	for i, name := range []string{"Qualified", "Contact Made", "Demo Scheduled", "Proposal Made", "Negotiations Started"} {
		r.is(name, "data", i, "name").is(fmt.Sprint(i+1), "data", i, "id")
	}
	b.pd("GET", "/api/v2/stages?pipeline_id=2", nil).is("6", "data", 0, "id").is("8", "data", 2, "id")
	pid := b.pd("POST", "/api/v2/pipelines", `{"name":"Third"}`).want(200).str("data", "id")
	sid := b.pd("POST", "/api/v2/stages", `{"name":"S","pipeline_id":`+pid+`}`).want(200).str("data", "id")
	b.pd("PATCH", "/api/v2/stages/"+sid, `{"name":"T"}`).want(200).is("T", "data", "name")
	b.pd("DELETE", "/api/v2/stages/"+sid, nil).want(200)
	b.pd("GET", "/api/v2/stages/"+sid, nil).want(404)
	b.pd("DELETE", "/api/v2/pipelines/"+pid, nil).want(200)
	b.pd("GET", "/api/v2/pipelines", nil).want(200).is("1", "data", 0, "id")
	b.pd("GET", "/v1/users", nil).want(200).contains("ada.miller@example.com")
	b.pd("GET", "/api/v1/users/find?term=BEN.schmidt&search_by_email=1", nil).want(200).is("502", "data", 0, "id")
	b.pd("GET", "/api/v1/users/502", nil).want(200)
	b.pd("GET", "/api/v1/users/9", nil).want(404).is("User not found or not accessible.", "error")
	b.pd("GET", "/v1/currencies", nil).want(200).contains(`"code":"EUR"`, `"code":"USD"`, `"code":"GBP"`)
}

func TestPipedriveLimits(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.Throttle = true })
	b.ctl(b.pipe, "PUT", "clock/stopped", `{"stopped":true}`)
	h := b.pd("GET", pdDeals, nil).want(200).head
	if h.Get("x-ratelimit-limit") != "20" || h.Get("x-ratelimit-remaining") != "19" || h.Get("x-ratelimit-reset") == "" || h.Get("x-daily-requests-left") != "" {
		t.Errorf("headers: %v", h)
	}
	h = b.pd("POST", pdDeals, `{"title":"A"}`).want(200).head
	if h.Get("x-daily-requests-left") != "29985" { // 30,000 less 10 for the list and 5 for the create
		t.Errorf("left of the day: %s", h.Get("x-daily-requests-left"))
	}
	b.ctl(b.pipe, "PUT", "throttling", `{"burst":1,"daily":100}`)
	b.pd("GET", pdDeals+"/1", nil).want(200)
	b.pd("GET", pdDeals+"/1", nil).want(429).is("false", "success")
	b.ctl(b.pipe, "PUT", "settings", `{"html_block":true}`)
	if r := b.pd("GET", pdDeals+"/1", nil).want(403); !strings.HasPrefix(r.raw, "<!DOCTYPE html>") {
		t.Errorf("blocked with %s", r.raw)
	}
	b.ctl(b.pipe, "PUT", "throttling", `{"burst":100,"daily":25}`)
	b.pd("GET", pdDeals, nil).want(200)
	b.pd("GET", pdDeals, nil).want(200)
	b.pd("GET", pdDeals, nil).want(429) // ten tokens each
	b.pd("GET", pdDeals+"/1", nil).want(200)
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"24h"}`)
	b.pd("GET", pdDeals, nil).want(200)
}
