package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

func TestASlowReceiverIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	slow := func(n int, _ http.ResponseWriter, r *http.Request) {
		if n == 1 {
			<-r.Context().Done() // until the sender hangs up
		}
	}
	for _, c := range []struct {
		name, base string
		prepare    func(url string)
		write      func()
		attempt    func(v any) string
	}{
		{"HubSpot", b.hub, func(url string) { b.subscribe(url, sub("deal.creation")) }, func() { b.deal(map[string]any{"dealname": "A"}) }, func(v any) string { return show(walk(t, v, 0, "attemptNumber")) }},
		{"Pipedrive", b.pipe, func(url string) { b.pdHook(url, "") }, func() { b.pdDeal(map[string]any{"title": "A"}) }, func(v any) string { return show(walk(t, v, "meta", "attempt")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, got := receiver(t, slow)
			c.prepare(url)
			b.ctl(c.base, "PUT", "settings", `{"answer_within_ms":50,"retry_scale":0.001}`)
			c.write()
			first, second := c.attempt(decode(t, next(t, got).body)), c.attempt(decode(t, next(t, got).body))
			if first == second {
				t.Errorf("both tries are number %s", first)
			}
		})
	}
}

func TestARedirectIsAFailedDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url, got := receiver(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
	})
	b.pdHook(url, "")
	b.pdDeal(map[string]any{"title": "A"})
	next(t, got)
	if v := decode(t, next(t, got).body); show(walk(t, v, "meta", "attempt")) != "2" {
		t.Errorf("after a redirect came %v", v)
	}
}

func TestEventsOfOneRequestAreMixedOnDemand(t *testing.T) {
	t.Parallel()
	order := func(shuffle bool) []string {
		b := setup(t, func(c *sandbox.Config) { c.WebhookShuffle = shuffle })
		url, got := receiver(t, nil)
		b.subscribe(url, sub("deal.creation"))
		b.ctl(b.hub, "POST", "records/deals/bulk", `{"count":100,"fields":{"dealname":"{{n}}"}}`)
		var ids []string
		for _, e := range events(t, got, 100) {
			ids = append(ids, show(e["objectId"]))
		}
		return ids
	}
	mixed := order(true)
	if slices.IsSorted(mixed) {
		t.Error("100 events came in the order of their making")
	}
	slices.Sort(mixed)
	if len(slices.Compact(mixed)) != 100 {
		t.Error("events were lost or doubled")
	}
}

func TestConcurrentUpsertsMakeOneRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hs("POST", "/crm/v3/properties/deals", `{"groupName":"dealinformation","name":"ext","label":"Ext","type":"string","fieldType":"text","hasUniqueValue":true}`).want(201)
	const callers = 8
	done := make(chan string, callers)
	for i := range callers {
		go func() {
			res, err := b.send("POST", b.hub+deals+"/batch/upsert", bearer, fmt.Sprintf(`{"inputs":[{"id":"E","idProperty":"ext","properties":{"amount":"%d"}}]}`, i))
			if err != nil {
				done <- err.Error()
				return
			}
			defer res.Body.Close()
			done <- res.Status
		}()
	}
	for range callers {
		if s := <-done; s != "200 OK" {
			t.Errorf("an upsert ended with %s", s)
		}
	}
	if n := len(b.hs("GET", deals, nil).list("results")); n != 1 {
		t.Errorf("%d deals have one unique value", n)
	}
}
