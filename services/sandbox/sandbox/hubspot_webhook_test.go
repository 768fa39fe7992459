package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

const hookAdmin = "/webhooks/v3/2468000/"

// subscribe sets the target and makes active subscriptions.
func (b *testBundle) subscribe(url string, subs ...string) {
	b.t.Helper()
	key := "?hapikey=" + sandbox.HubSpotDeveloperKey
	b.do("PUT", b.hub+hookAdmin+"settings"+key, nil, `{"targetUrl":"`+url+`","throttling":{"maxConcurrentRequests":10,"period":"SECONDLY"}}`).want(200)
	for _, s := range subs {
		b.do("POST", b.hub+hookAdmin+"subscriptions"+key, nil, s).want(201)
	}
}

func sub(typ string) string { return `{"eventType":"` + typ + `","active":true}` }
func subProp(p string) string {
	return `{"eventType":"deal.propertyChange","propertyName":"` + p + `","active":true}`
}

// events gathers n events from the webhook requests that come.
func events(t *testing.T, got <-chan hook, n int) []map[string]any {
	t.Helper()
	var out []map[string]any
	for len(out) < n {
		list, ok := decode(t, next(t, got).body).([]any)
		if !ok {
			t.Fatal("a webhook body is no list")
		}
		for _, e := range list {
			out = append(out, e.(map[string]any))
		}
	}
	return out
}

func TestHubSpotWebhooksAreSignedInBothWays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, nil)
	b.subscribe(url, subProp("amount"), sub("deal.creation"))
	id := b.deal(map[string]any{"dealname": "Größe", "amount": "5"})
	h := next(t, got)
	ts := h.head.Get("X-HubSpot-Request-Timestamp")
	m := hmac.New(sha256.New, []byte(sandbox.HubSpotClientSecret))
	fmt.Fprintf(m, "POST%s%s%s", url, h.body, ts)
	if want := base64.StdEncoding.EncodeToString(m.Sum(nil)); h.head.Get("X-HubSpot-Signature-v3") != want {
		t.Errorf("v3 signature is %s, want %s", h.head.Get("X-HubSpot-Signature-v3"), want)
	}
	sum := sha256.Sum256(append([]byte(sandbox.HubSpotClientSecret), h.body...))
	if h.head.Get("X-HubSpot-Signature") != hex.EncodeToString(sum[:]) || h.head.Get("X-HubSpot-Signature-Version") != "v1" {
		t.Error("v1 signature is wrong")
	}
	list := decode(t, h.body).([]any)
	if len(list) != 2 {
		t.Fatalf("%d events: %s", len(list), h.body)
	}
	for _, e := range list {
		ev := e.(map[string]any)
		want := map[string]string{
			"portalId": "1234567", "appId": "2468000", "objectId": id, "attemptNumber": "0", "changeSource": "INTEGRATION", "sourceId": "2468000",
		}
		if ev["subscriptionType"] == "deal.creation" {
			want["changeFlag"] = "CREATED"
		} else {
			want["propertyName"], want["propertyValue"] = "amount", "5"
		}
		for k, v := range want {
			if show(ev[k]) != v {
				t.Errorf("%s is %s, want %s in %v", k, show(ev[k]), v, ev)
			}
		}
	}
}

func TestHubSpotSubscriptions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key := "?hapikey=" + sandbox.HubSpotDeveloperKey
	for _, base := range []string{"/webhooks/v3/", "/webhooks/2026-03/", "/app-webhooks/2026-09/"} {
		b.do("GET", b.hub+base+"2468000/subscriptions"+key, nil, nil).want(200)
	}
	b.do("GET", b.hub+hookAdmin+"subscriptions?hapikey=wrong", nil, nil).want(401)
	post := func(body string) *reply { return b.do("POST", b.hub+hookAdmin+"subscriptions"+key, nil, body) }
	r := post(`{"eventType":"deal.propertyChange","propertyName":"amount"}`).want(201).is("false", "active") // paused at first
	id := r.str("id")
	b.do("PATCH", b.hub+hookAdmin+"subscriptions/"+id+key, nil, `{"active":true}`).want(200).is("true", "active")
	post(`{"eventType":"deal.propertyChange","propertyName":"hs_lastmodifieddate"}`).want(400)
	post(`{"eventType":"deal.propertyChange"}`).want(400)
	post(`{"eventType":"deal.nonsense"}`).want(400)
	b.do("POST", b.hub+hookAdmin+"subscriptions/batch/update"+key, nil, `{"inputs":[{"id":`+id+`,"active":false}]}`).want(200).is("false", "results", 0, "active")
	b.do("PUT", b.hub+hookAdmin+"settings"+key, nil, `{"targetUrl":"https://x.example/","throttling":{"maxConcurrentRequests":5}}`).want(400)
	for i := 1; i < 1000; i++ {
		post(fmt.Sprintf(`{"eventType":"deal.propertyChange","propertyName":"p%d"}`, i)).want(201)
	}
	post(`{"eventType":"deal.creation"}`).want(400).is("Couldn't create another subscription. You've reached the maximum number allowed per application (1000).", "message")
	b.do("DELETE", b.hub+hookAdmin+"subscriptions/"+id+key, nil, nil).want(204)
	b.do("GET", b.hub+hookAdmin+"subscriptions/"+id+key, nil, nil).want(404)
}

func TestAPersonsEditAndWhatFollowsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, nil)
	id := b.deal(map[string]any{"dealname": "A", "amount": "5"})
	b.subscribe(url, subProp("dealstage"), subProp("hs_is_closed_won"), subProp("closedate"), sub("deal.deletion"), sub("deal.restore"), `{"eventType":"object.propertyChange","objectTypeId":"0-3","propertyName":"dealstage","active":true}`)
	b.ctl(b.hub, "POST", "records/deals/"+id+"/do/won", `{"user":9586503,"at":1790000000123}`)
	seen := map[string]string{}
	for _, e := range events(t, got, 4) {
		seen[show(e["subscriptionType"])+" "+show(e["propertyName"])] = show(e["changeSource"]) + " " + show(e["sourceId"]) + " " + show(e["propertyValue"]) + " " + show(e["occurredAt"]) + " " + show(e["objectTypeId"])
	}
	for what, want := range map[string]string{
		"deal.propertyChange dealstage":        "CRM_UI userId:9586503 closedwon 1790000000123 null",
		"object.propertyChange dealstage":      "CRM_UI userId:9586503 closedwon 1790000000123 0-3",
		"deal.propertyChange hs_is_closed_won": "CALCULATED null true 1790000000123 null",
		"deal.propertyChange closedate":        "CALCULATED null 2026-09-21T14:13:20.123Z 1790000000123 null",
	} {
		if seen[what] != want {
			t.Errorf("%s is %q, want %q", what, seen[what], want)
		}
	}
	b.ctl(b.hub, "PATCH", "records/deals/"+id, `{"fields":{"dealstage":"closedwon"}}`) // no change, no event
	b.ctl(b.hub, "PATCH", "records/deals/"+id, `{"fields":{"dealstage":"contractsent"},"silent":true}`)
	b.ctl(b.hub, "DELETE", "records/deals/"+id, `{"bulk":true}`)
	if e := events(t, got, 1)[0]; e["subscriptionType"] != "deal.deletion" || e["changeFlag"] != "DELETED" || e["changeSource"] != "CRM_UI_BULK_ACTION" {
		t.Errorf("deletion came as %v", e)
	}
	b.ctl(b.hub, "POST", "records/deals/"+id+"/restore", nil)
	if e := events(t, got, 1)[0]; e["subscriptionType"] != "deal.restore" {
		t.Errorf("restore came as %v", e)
	}
}

func TestMergeAndAssociationEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, nil)
	one, two := b.deal(map[string]any{"dealname": "A"}), b.deal(map[string]any{"dealname": "B", "amount": "1"})
	contact := b.hs("POST", "/crm/v3/objects/contacts", `{"properties":{}}`).want(201).str("id")
	b.subscribe(url, sub("deal.merge"), sub("deal.associationChange"), sub("contact.associationChange"))
	b.hs("PUT", "/crm/v4/objects/deals/"+one+"/associations/default/contacts/"+contact, nil).want(200)
	kinds := map[string]bool{}
	for _, e := range events(t, got, 2) {
		kinds[show(e["associationType"])] = true
	}
	if !kinds["DEAL_TO_CONTACT"] || !kinds["CONTACT_TO_DEAL"] {
		t.Errorf("association events: %v", kinds)
	}
	made := show(b.ctl(b.hub, "POST", "records/deals/merge", `{"primary":`+one+`,"other":`+two+`}`).at("id"))
	e := events(t, got, 1)[0]
	if show(e["primaryObjectId"]) != one || show(e["newObjectId"]) != made || show(e["mergedObjectIds"]) != "["+two+"]" || show(e["numberOfPropertiesMoved"]) != "1" {
		t.Errorf("merge came as %v", e)
	}
}

func TestBatchesRetriesAndDuplicates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n <= 2 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	b.subscribe(url, sub("deal.creation"))
	b.deal(map[string]any{"dealname": "A"})
	var tries []string
	for range 3 {
		tries = append(tries, show(events(t, got, 1)[0]["attemptNumber"]))
	}
	if fmt.Sprint(tries) != "[0 1 2]" {
		t.Errorf("attempts are numbered %v", tries)
	}
	b.ctl(b.hub, "PUT", "delivery", `{"duplicate_rate":1,"same_event_id":true}`)
	b.deal(map[string]any{"dealname": "B"})
	two := events(t, got, 2)
	if len(two) != 2 || show(two[0]["eventId"]) != show(two[1]["eventId"]) {
		t.Errorf("duplicates: %v", two)
	}
	b.ctl(b.hub, "PUT", "delivery", `{"duplicate_rate":0}`)
	b.ctl(b.hub, "POST", "records/deals/bulk", `{"count":250,"fields":{"dealname":"{{n}}"}}`)
	total := 0
	for total < 250 {
		n := len(decode(t, next(t, got).body).([]any))
		if n > 100 {
			t.Errorf("a request carries %d events", n)
		}
		total += n
	}
}

func TestAtMostTenRequestsAreInFlight(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.WebhookGather = 0 })
	release, entered := make(chan struct{}), make(chan struct{}, 100)
	url, _ := receiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	b.subscribe(url, sub("deal.creation"))
	for range 30 {
		b.deal(map[string]any{"dealname": "A"})
	}
	for range 10 {
		<-entered
	}
	select {
	case <-entered:
		t.Error("an eleventh request went out")
	default:
	}
	close(release)
}
