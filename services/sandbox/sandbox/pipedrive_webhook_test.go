package sandbox_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

func (b *testBundle) pdHook(url, more string) string {
	b.t.Helper()
	body := `{"subscription_url":"` + url + `","event_action":"*","event_object":"deal","name":"test"` + more + `}`
	return b.pd("POST", "/api/v1/webhooks", body).want(201).is("ok", "status").is("general", "data", "type").str("data", "id")
}

func keys(v any) string {
	var out []string
	for k := range v.(map[string]any) {
		out = append(out, k)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestPipedriveWebhookEnvelope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, nil)
	wid := b.pdHook(url, `,"http_auth_user":"u","http_auth_password":"p"`)
	code := b.pd("POST", "/api/v2/dealFields", `{"field_name":"Ext","field_type":"varchar"}`).want(200).str("data", "field_code")
	b.ctl(b.pipe, "POST", "records/deals", `{"fields":{"title":"Acme","value":12000},"user":502,"at":1790000000120}`)
	h := next(t, got)
	if h.head.Get("Authorization") != "Basic dTpw" {
		t.Errorf("Authorization is %q", h.head.Get("Authorization"))
	}
	v := decode(t, h.body)
	for k, want := range map[string]string{
		"action": "create", "entity": "deal", "entity_id": "1", "company_id": "7700001", "user_id": "502", "webhook_id": wid, "webhook_owner_id": "599",
		"change_source": "app", "attempt": "1", "is_bulk_edit": "false", "type": "general", "version": "2.0", "host": "sandbox.pipedrive.com",
		"timestamp": "2026-09-21T14:13:20.120Z", "permitted_user_ids": `["501","502","503","599"]`,
	} {
		if s := show(walk(t, v, "meta", k)); s != want {
			t.Errorf("meta.%s is %s, want %s", k, s, want)
		}
	}
	for _, k := range []string{"entity_id", "company_id", "user_id", "webhook_id"} {
		if _, ok := walk(t, v, "meta", k).(string); !ok {
			t.Errorf("meta.%s is not a string", k)
		}
	}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, k := range []string{"id", "correlation_id"} {
		if !uuid.MatchString(show(walk(t, v, "meta", k))) {
			t.Errorf("meta.%s is no UUID", k)
		}
	}
	const dataKeys = "add_time channel channel_id close_time creator_user_id currency custom_fields expected_close_date first_won_time id label_ids lost_reason lost_time org_id origin origin_id owner_id person_id pipeline_id probability stage_change_time stage_id status title update_time value visible_to won_time"
	if k := keys(walk(t, v, "data")); k != dataKeys {
		t.Errorf("data has %s", k)
	}
	if walk(t, v, "previous") != nil || walk(t, v, "data", "update_time") != nil || walk(t, v, "data", "visible_to") != "3" || keys(walk(t, v, "data", "custom_fields")) != "" {
		t.Errorf("create came as %s", h.body)
	}

	b.pd("PATCH", pdDeals+"/1", `{"value":15000,"custom_fields":{"`+code+`":"hs-1"}}`).want(200)
	v = decode(t, next(t, got).body)
	if walk(t, v, "meta", "change_source") != "api" || walk(t, v, "meta", "user_id") != "599" || show(walk(t, v, "data", "value")) != "15000" {
		t.Errorf("change came as %v", v)
	}
	if p := walk(t, v, "previous"); keys(p) != "custom_fields update_time value" || show(walk(t, p, "custom_fields", code)) != "null" || show(walk(t, p, "value")) != "12000" {
		t.Errorf("previous is %v", p)
	}
	b.pd("PATCH", pdDeals+"/1", `{"value":15000}`).want(200) // no change, no event
	b.pd("DELETE", pdDeals+"/1", nil).want(200)
	v = decode(t, next(t, got).body)
	if walk(t, v, "meta", "action") != "delete" || walk(t, v, "data") != nil || show(walk(t, v, "previous", "title")) != "Acme" {
		t.Errorf("delete came as %v", v)
	}
}

func TestMergeSendsAPairAndChangelogTellsWho(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.pdDeal(map[string]any{"title": "A"}), b.pdDeal(map[string]any{"title": "B", "lost_reason": nil, "expected_close_date": "2026-05-05"})
	url, got := receiver(t, nil)
	b.pdHook(url, "")
	r := b.pd("PUT", "/api/v1/deals/"+two+"/merge", `{"merge_with_id":`+one+`}`).want(200).is(one, "data", "id").is("2026-05-05", "data", "expected_close_date")
	if r.at("data", "user_id") == nil {
		t.Error("the v1 form lacks user_id")
	}
	flow := map[string]bool{}
	for range 2 {
		v := decode(t, next(t, got).body)
		flow[show(walk(t, v, "meta", "correlation_id"))] = true
		switch show(walk(t, v, "meta", "action")) {
		case "delete":
			if show(walk(t, v, "meta", "entity_id")) != two || walk(t, v, "meta", "merged_to_id") != one {
				t.Errorf("first half: %v", v)
			}
		case "change":
			if show(walk(t, v, "meta", "entity_id")) != one || walk(t, v, "meta", "merged_from_id") != two {
				t.Errorf("second half: %v", v)
			}
		}
	}
	if len(flow) != 1 {
		t.Error("the two halves have different correlation ids")
	}
	b.ctl(b.pipe, "PATCH", "records/deals/"+one, `{"fields":{"title":"C"},"user":502,"at":1890000000000}`)
	c := b.pd("GET", "/v1/deals/"+one+"/changelog?limit=1", nil).want(200).is("title", "data", 0, "field_key").is("A", "data", 0, "old_value").is("C", "data", 0, "new_value")
	c.is("502", "data", 0, "actor_user_id").is("app", "data", 0, "change_source").is("2029-11-22 00:00:00", "data", 0, "time")
}

func TestPipedriveWebhookAdmin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := func(body string) *reply { return b.pd("POST", "/api/v1/webhooks", body) }
	bad := post(`{"subscription_url":"https://x.pipedrive.com/","event_action":"*","event_object":"deal","name":"n"}`).want(400)
	if bad.raw != `{"status":"error","success":false,"errors":{"subscription_url":["invalid or non-reachable URL"]}}` {
		t.Errorf("refusal: %s", bad.raw)
	}
	post(`{"subscription_url":"http://127.0.0.1:1/","event_action":"added","event_object":"deal","name":"n"}`).want(400)
	b.ctl(b.pipe, "PUT", "settings", `{"check_hook_url":true}`)
	post(`{"subscription_url":"http://127.0.0.1:1/","event_action":"*","event_object":"deal","name":"n"}`).want(400)
	b.ctl(b.pipe, "PUT", "settings", `{"check_hook_url":false}`)
	var last string
	for range 40 {
		last = b.pdHook("http://127.0.0.1:1/", "")
	}
	post(`{"subscription_url":"http://127.0.0.1:1/","event_action":"*","event_object":"deal","name":"n"}`).want(422)
	if n := len(b.pd("GET", "/v1/webhooks", nil).want(200).list("data")); n != 40 {
		t.Errorf("%d webhooks are listed", n)
	}
	if r := b.pd("DELETE", "/v1/webhooks/"+last, nil).want(200); r.raw != `{"status":"ok","success":true}` {
		t.Errorf("deletion: %s", r.raw)
	}
	if r := b.pd("DELETE", "/v1/webhooks/"+last, nil).want(404); r.raw != `{"status":"error","success":false,"errors":{"id":["not found"]}}` {
		t.Errorf("second deletion: %s", r.raw)
	}
}

func TestAFailedDeliveryIsTriedFourTimesWithOneId(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.RetryScale = 0.0001 })
	url, got := receiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	b.pdHook(url, "")
	b.pdDeal(map[string]any{"title": "A"})
	ids := map[string]bool{}
	var tries []string
	for range 4 {
		v := decode(t, next(t, got).body)
		ids[show(walk(t, v, "meta", "id"))] = true
		tries = append(tries, show(walk(t, v, "meta", "attempt")))
	}
	if fmt.Sprint(tries) != "[1 2 3 4]" || len(ids) != 1 {
		t.Errorf("attempts %v with %d ids", tries, len(ids))
	}
}

func TestTenFailedEventsBanAWebhookAndThreeDaysEndIt(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.RetryScale = 1 })
	var up atomic.Bool
	url, got := receiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	id := b.pdHook(url, "")
	for i := range 10 {
		b.pdDeal(map[string]any{"title": fmt.Sprint(i)})
		next(t, got)
	}
	b.settled(func(s *reply) bool { return s.str("webhooks_failed") == "10" })
	b.pdDeal(map[string]any{"title": "lost"})
	b.ctl(b.pipe, "GET", "stats", nil).is("1", "webhooks_lost")
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"31m"}`)
	up.Store(true)
	b.pdDeal(map[string]any{"title": "heard"})
	if v := decode(t, next(t, got).body); walk(t, v, "data", "title") != "heard" {
		t.Errorf("after the ban came %v", v)
	}
	up.Store(false)
	b.settled(func(s *reply) bool { return s.str("webhooks_delivered") == "1" })
	b.ctl(b.pipe, "POST", "clock/advance", `{"by":"73h"}`)
	b.pdDeal(map[string]any{"title": "last"})
	next(t, got)
	b.settled(func(*reply) bool {
		return !strings.Contains(b.pd("GET", "/v1/webhooks", nil).raw, `"id":`+id+`,`)
	})
}

// settled asks for the counters until they are as wanted.
func (b *testBundle) settled(done func(stats *reply) bool) {
	b.t.Helper()
	for range 2000 {
		if done(b.ctl(b.pipe, "GET", "stats", nil)) {
			return
		}
	}
	b.t.Fatalf("the double did not settle: %s", b.ctl(b.pipe, "GET", "stats", nil).raw)
}

func TestPipedriveDeliveryFaults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, nil)
	b.pdHook(url, "")
	b.ctl(b.pipe, "PUT", "delivery", `{"duplicate_rate":1,"shuffle":true,"delay_ms":1,"jitter_ms":3}`)
	b.pdDeal(map[string]any{"title": "A"})
	one, two := decode(t, next(t, got).body), decode(t, next(t, got).body)
	if show(walk(t, one, "meta", "id")) != show(walk(t, two, "meta", "id")) {
		t.Error("a duplicate has another id")
	}
	b.ctl(b.pipe, "PUT", "delivery", `{"duplicate_rate":0,"drop_rate":1}`)
	b.pdDeal(map[string]any{"title": "B"})
	b.ctl(b.pipe, "GET", "stats", nil).is("1", "webhooks_lost")
}

func TestControlActsAsAPersonInPipedrive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ctl(b.pipe, "POST", "records/deals/bulk", `{"count":5,"fields":{"title":"D {{n}}","value":"{{n}}"},"rotate":{"stage_id":[1,2]},"at":1790000000000,"at_step":1000,"silent":true}`).is("5", "count")
	b.ctl(b.pipe, "POST", "records/deals/2/do/stage", `{"stage":"7","pipeline":"2"}`)
	b.ctl(b.pipe, "POST", "records/deals/2/do/lost", `{"reason":"Price","at":1890000000000}`)
	r := b.pd("GET", pdDeals+"/2", nil).is("7", "data", "stage_id").is("lost", "data", "status").is("Price", "data", "lost_reason").is("2", "data", "value")
	r.is("2029-11-22T00:00:00Z", "data", "lost_time").is("2029-11-22T00:00:00Z", "data", "update_time").is("2026-09-21T14:13:21Z", "data", "add_time")
	b.ctl(b.pipe, "POST", "records/deals/2/do/reopen", nil)
	b.ctl(b.pipe, "POST", "records/deals/edits", `{"edits":[{"id":1,"fields":{"title":"X"}},{"id":99,"fields":{"title":"X"}}]}`).is("1", "done").is("99", "failed", 0, "id")
	page := b.ctl(b.pipe, "GET", "records/deals?limit=3", nil).is("3", "next").is("X", "records", 0, "fields", "title")
	if len(page.list("records")) != 3 {
		t.Error("the page does not have 3 records")
	}
	b.ctl(b.pipe, "GET", "records/deals?after=3", nil).is("0", "next").is("4", "records", 0, "id")
	b.ctl(b.pipe, "GET", "records/deals/2", nil).contains(`"history":[`, `"source":"app"`)
	b.do("PATCH", b.pipe+"/_sandbox/records/deals/77", nil, `{"fields":{}}`).want(404)
	b.do("POST", b.pipe+"/_sandbox/records/deals", nil, `{"fields":{}}`).want(400)
	b.do("POST", b.pipe+"/_sandbox/records/cars", nil, `{"fields":{}}`).want(404)
}
