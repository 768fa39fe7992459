package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// N1: a 2xx to a webhook means that it is stored: a kill right after loses nothing.
func TestN1_AcceptedWebhooksSurviveAKill(t *testing.T) {
	t.Parallel()
	in := alone(t, startAllInOne)
	x := newTenant(t, in, nil, nil)
	var hubspot, app []int64
	for range 10 {
		hubspot = append(hubspot, x.hubspot.create(fields{"dealname": "Before", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}))
	}
	for _, id := range hubspot {
		app = append(app, x.counterpart(id))
	}
	x.settled()
	x.pipedrive.put("/down", map[string]any{"down": true})
	delivered := x.hubspot.stats().Delivered
	for _, id := range hubspot {
		x.hubspot.edit(id, fields{"dealname": "Accepted"})
	}
	x.eventually("all webhooks are accepted", func() error {
		if s := x.hubspot.stats(); s.Pending > 0 || s.Delivered == delivered {
			return errorf("%d on their way", s.Pending)
		}
		return nil
	})
	if err := in.procs[0].restart(); err != nil {
		t.Fatal(err)
	}
	in.awaitReady(t)
	x.pipedrive.put("/down", map[string]any{"down": false})
	for _, id := range app {
		x.holds(x.pipedrive, id, fields{"title": "Accepted"})
	}
}

// N1: what cannot be stored is not accepted.
func TestN1_WithoutTheBusWebhooksAreAnswered503(t *testing.T) {
	t.Parallel()
	in := alone(t, startSeparate)
	x := newTenant(t, in, nil, nil)
	hubspot := x.hubspot.create(fields{"dealname": "Before", "dealstage": "qualifiedtobuy", "pipeline": "default"})
	app := x.counterpart(hubspot)
	x.becomes(hubspot, "in_sync")
	url := x.webhook()
	bus := in.of("nats-server")[0]
	bus.kill()
	d := delivery{url: url, body: propertyChange(hubspot, "dealname", "x", time.Now()), at: time.Now(), secret: sandbox.HubSpotClientSecret}
	status, header, body := d.send(t)
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("without the bus: %d, Retry-After %q, %s", status, header.Get("Retry-After"), body)
	}
	failed := x.hubspot.stats().Failed
	x.hubspot.edit(hubspot, fields{"dealname": "Made while the bus was down"})
	x.eventually("HubSpot's delivery is refused", func() error {
		if x.hubspot.stats().Failed == failed {
			return errorf("no delivery has failed yet")
		}
		return nil
	})
	if err := bus.start(); err != nil {
		t.Fatal(err)
	}
	x.holds(x.pipedrive, app, fields{"title": "Made while the bus was down"})
}

// N2: one source record makes one counterpart, also when the app creates and
// does not say so, and when every webhook comes twice.
func TestN2_OneCounterpartWhateverHappens(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		const n = 15
		x := newTenant(t, in, nil, nil)
		for _, c := range []*crm{x.hubspot, x.pipedrive} {
			c.put("/delivery", map[string]any{"duplicate_rate": 1.0, "shuffle": true, "jitter_ms": 100})
		}
		x.hubspot.fault(map[string]any{"method": "POST", "path": "/crm/", "mode": "commit_timeout", "hold_ms": 50, "rate": 0.5, "count": 8})
		x.pipedrive.fault(map[string]any{"method": "POST", "path": "/api/v2/deals", "mode": "commit_timeout", "hold_ms": 50, "rate": 0.5, "count": 8})
		x.hubspot.bulk(n, fields{"dealname": "H{{n}}", "amount": "{{n}}", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		x.pipedrive.bulk(n, fields{"title": "A{{n}}", "value": "{{n}}", "stage_id": 2})
		x.eventually("every deal has its counterpart", func() error { return x.paired(2 * n) })
		x.settled()
		x.converged()
		if h, a := len(x.hubspot.dump()), len(x.pipedrive.dump()); h != 2*n || a != 2*n {
			t.Errorf("%d deals in HubSpot and %d in the app; want %d", h, a, 2*n)
		}
		names := map[string]int{}
		for _, r := range x.pipedrive.dump() {
			names[string(r.Fields["title"])]++
		}
		for name, count := range names {
			if count != 1 && !strings.HasPrefix(name, "Sentinel") {
				t.Errorf("%d deals are called %s", count, name)
			}
		}
	})
}
