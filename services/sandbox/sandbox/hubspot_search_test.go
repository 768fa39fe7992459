package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

func TestSearchOperators(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start := time.Now().Add(-time.Minute).UnixMilli()
	b.deal(map[string]any{"dealname": "Acme Rollout", "amount": "100", "hs_priority": "low", "closedate": "2026-01-10"})
	b.deal(map[string]any{"dealname": "Beta", "amount": "200.50", "hs_priority": "high", "pipeline": "90000001"})
	b.deal(map[string]any{"dealname": "Gamma acme"})
	for _, c := range []struct{ name, filter, want string }{
		{"EQ minds no case in text", `{"propertyName":"dealname","operator":"EQ","value":"BETA"}`, "Beta"},
		{"EQ of an enumeration minds the case", `{"propertyName":"hs_priority","operator":"EQ","value":"LOW"}`, ""},
		{"NEQ holds for the empty", `{"propertyName":"hs_priority","operator":"NEQ","value":"low"}`, "Beta|Gamma acme"},
		{"GT compares numbers", `{"propertyName":"amount","operator":"GT","value":"99"}`, "Acme Rollout|Beta"},
		{"BETWEEN has both ends", `{"propertyName":"amount","operator":"BETWEEN","value":"100","highValue":"200"}`, "Acme Rollout"},
		{"LTE of a date in milliseconds", `{"propertyName":"closedate","operator":"LTE","value":"1768003200000"}`, "Acme Rollout"},
		{"IN of text needs lower case", `{"propertyName":"dealname","operator":"IN","values":["beta","Gamma acme"]}`, "Beta"},
		{"NOT_IN", `{"propertyName":"pipeline","operator":"NOT_IN","values":["default"]}`, "Beta"},
		{"HAS_PROPERTY", `{"propertyName":"amount","operator":"HAS_PROPERTY"}`, "Acme Rollout|Beta"},
		{"NOT_HAS_PROPERTY", `{"propertyName":"amount","operator":"NOT_HAS_PROPERTY"}`, "Gamma acme"},
		{"CONTAINS_TOKEN finds words", `{"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"acme"}`, "Acme Rollout|Gamma acme"},
		{"CONTAINS_TOKEN with a star", `{"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"roll*"}`, "Acme Rollout"},
		{"NOT_CONTAINS_TOKEN", `{"propertyName":"dealname","operator":"NOT_CONTAINS_TOKEN","value":"acme"}`, "Beta"},
		{"changed since", fmt.Sprintf(`{"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"%d"}`, start), "Acme Rollout|Beta|Gamma acme"},
		{"changed after now", fmt.Sprintf(`{"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"%d"}`, start+3600000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := b.hs("POST", deals+"/search", `{"filterGroups":[{"filters":[`+c.filter+`]}],"properties":["dealname"]}`).want(200)
			var names []string
			for _, it := range r.list("results") {
				names = append(names, show(walk(t, it, "properties", "dealname")))
			}
			if got := strings.Join(names, "|"); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
	b.hs("POST", deals+"/search", `{"query":"acme"}`).want(200).is("2", "total")
	b.hs("POST", deals+"/search", `{"filters":[{"propertyName":"dealname","operator":"EQ","value":"Beta"}]}`).want(200).is("1", "total")
	b.hs("POST", deals+"/search", `{"filterGroups":[{"filters":[{"propertyName":"dealname","operator":"GT","value":"B"}]}]}`).want(400).is("There was a problem with the request.", "message")
	b.hs("POST", deals+"/search", `{"sorts":[{"propertyName":"amount","direction":"DESCENDING"}],"limit":1}`).want(200).is("Beta", "results", 0, "properties", "dealname")
}

func TestSearchHasItsCaps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := `{"propertyName":"dealname","operator":"HAS_PROPERTY"}`
	group := func(n int) string { return `{"filters":[` + strings.TrimSuffix(strings.Repeat(f+",", n), ",") + `]}` }
	groups := func(list ...string) string { return `{"filterGroups":[` + strings.Join(list, ",") + `]}` }
	b.hs("POST", deals+"/search", groups(group(6), group(6), group(6))).want(200)
	b.hs("POST", deals+"/search", groups(group(7))).want(400)
	b.hs("POST", deals+"/search", groups(group(6), group(6), group(6), group(1))).want(400)
	b.hs("POST", deals+"/search", groups(group(1), group(1), group(1), group(1), group(1), group(1))).want(400)
	b.hs("POST", deals+"/search", `{"limit":201}`).want(400)
	b.hs("POST", deals+"/search", `{"limit":200,"after":"9801"}`).want(400)
	b.hs("POST", deals+"/search", `{"limit":200,"after":9800}`).want(200)
	b.hs("POST", deals+"/search", `{"query":"`+strings.Repeat("x", 3000)+`"}`).want(400)
	b.hs("POST", deals+"/search", `{"sorts":["amount","dealname"]}`).want(400)
	b.ctl(b.hub, "POST", "records/deals/bulk", `{"count":5,"fields":{"dealname":"D {{n}}"},"silent":true}`)
	r := b.hs("POST", deals+"/search", `{"limit":2,"after":"2"}`).want(200).is("5", "total").is("4", "paging", "next", "after")
	if len(r.list("results")) != 2 {
		t.Error("the page does not have 2 results")
	}
	if b.hs("POST", deals+"/search", `{"limit":2,"after":"4"}`).want(200).at("paging") != nil {
		t.Error("the last page points on")
	}
}

func TestSearchLagsBehindListAndGet(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.SearchLagMin, c.SearchLagMax = time.Hour, time.Hour })
	id := b.deal(map[string]any{"dealname": "A"})
	b.hs("GET", deals+"/"+id, nil).want(200)
	if len(b.hs("GET", deals, nil).list("results")) != 1 {
		t.Error("the list lags")
	}
	b.hs("POST", deals+"/search", `{}`).want(200).is("0", "total")
	b.ctl(b.hub, "POST", "clock/advance", `{"by":"61m"}`)
	b.hs("PATCH", deals+"/"+id, `{"properties":{"dealname":"B"}}`).want(200)
	b.hs("POST", deals+"/search", `{}`).want(200).is("1", "total").is("A", "results", 0, "properties", "dealname")
	b.ctl(b.hub, "POST", "clock/advance", `{"by":"61m"}`)
	b.hs("POST", deals+"/search", `{}`).want(200).is("B", "results", 0, "properties", "dealname")
	b.hs("DELETE", deals+"/"+id, nil).want(204)
	b.ctl(b.hub, "POST", "clock/advance", `{"by":"61m"}`)
	b.hs("POST", deals+"/search", `{}`).want(200).is("0", "total")
}
