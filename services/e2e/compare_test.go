package e2e

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"testing"
)

// errorf words why a condition does not hold yet.
func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// as is the same tenant in a subtest, with counters of its own.
func (x *tenant) as(t testing.TB) *tenant {
	y := *x
	y.t, y.sentinels = t, 0
	y.cli = &cli{t, x.cli.server, x.cli.workspace, x.cli.sync}
	y.hubspot, y.pipedrive = &crm{t, x.hubspot.url, x.hubspot.object}, &crm{t, x.pipedrive.url, x.pipedrive.object}
	return &y
}

// sentinel makes one more deal in HubSpot and waits until it is in the app:
// what was made before it has had its turn.
func (x *tenant) sentinel() {
	x.t.Helper()
	x.sentinelIn("qualifiedtobuy")
}

// sentinelIn does so in another stage.
func (x *tenant) sentinelIn(stage string) {
	x.t.Helper()
	x.sentinels++
	id := x.hubspot.create(fields{"dealname": "Sentinel", "amount": "1000", "dealstage": stage, "pipeline": "default"})
	x.counterpart(id)
}

// quiet is how many checks in a row must show the same before all is at rest.
const quiet = 20

// settled waits until nothing moves any more: no webhook is on its way, no
// pair waits for an answer, and the doubles' counters stand still.
func (x *tenant) settled() {
	x.t.Helper()
	var last string
	same := 0
	x.eventually("everything is at rest", func() error {
		h, a := x.hubspot.stats(), x.pipedrive.stats()
		now := fmt.Sprintf("webhooks on their way %d and %d, writes %d and %d, delivered %d and %d",
			h.Pending, a.Pending, h.Writes, a.Writes, h.Delivered, a.Delivered)
		if now != last || h.Pending+a.Pending > 0 {
			last, same = now, 0
			return errorf("%s", now)
		}
		if same++; same < quiet {
			return errorf("at rest %d times of %d", same, quiet)
		}
		if _, totals := x.cli.of("").pairs("--status", "pending"); totals["pending"] != "" && totals["pending"] != "0" {
			same = 0
			return errorf("pairs: %v", totals)
		}
		return nil
	})
}

// paired waits for n pairs with a record on both sides; more are an error.
func (x *tenant) paired(n int) error {
	list, totals := x.cli.pairs()
	whole := 0
	for _, p := range list {
		if p.Pair.HubSpot.Record != "" && p.Pair.App.Record != "" {
			whole++
		}
	}
	if whole > n {
		x.t.Fatalf("%d pairs, want %d", whole, n)
	}
	if whole < n {
		return errorf("%d pairs of %d: %v", whole, n, totals)
	}
	return nil
}

// converged waits until both sides hold the same mapped values in every pair
// that is not excluded (N3), and no deal is in two pairs (N2).
func (x *tenant) converged() {
	x.t.Helper()
	x.eventually("both sides are equal", func() error {
		hubspot, app := x.hubspot.dump(), x.pipedrive.dump()
		list, _ := x.cli.pairs()
		seen := map[string]bool{}
		for _, p := range list {
			if p.Pair.Status == "excluded" {
				continue
			}
			h, a := p.Pair.HubSpot.Record, p.Pair.App.Record
			if h == "" || a == "" {
				return errorf("pair %s is %s with only one record: %q, %q %s", p.ID, p.state(), h, a, p.Pair.Message)
			}
			if seen["h"+h] || seen["a"+a] {
				x.t.Fatalf("a record is in two pairs: %+v", p)
			}
			seen["h"+h], seen["a"+a] = true, true
			if err := x.differ(hubspot[recordID(h)], app[recordID(a)]); err != nil {
				return errorf("pair %s (%s, HubSpot %s, app %s): %w", p.ID, p.state(), h, a, err)
			}
		}
		return nil
	})
}

// same waits until two deals hold the same mapped values.
func (x *tenant) same(hubspot, app int64) {
	x.t.Helper()
	x.eventually("the two deals are equal", func() error { return x.differ(x.hubspot.show(hubspot), x.pipedrive.show(app)) })
}

func recordID(id string) int64 {
	n, _ := json.Number(id).Int64() // an id that is no number is in no dump
	return n
}

// differ says where two paired deals hold different values, by the tenant's
// standard mappings.
func (x *tenant) differ(h, a record) error {
	if h.Fields["dealname"] != a.Fields["title"] {
		return errorf("name %q, %q", h.Fields["dealname"], a.Fields["title"])
	}
	if !sameNumber(h.Fields["amount"], a.Fields["value"]) {
		return errorf("amount %q, %q", h.Fields["amount"], a.Fields["value"])
	}
	if c := h.Fields["deal_currency_code"]; c != "" && c != a.Fields["currency"] {
		return errorf("currency %q, %q", c, a.Fields["currency"])
	}
	stage := string(a.Fields["stage_id"])
	if status := a.Fields["status"]; status != "open" {
		stage = string(status)
	}
	if !slices.Contains(x.spec.Stages, [2]string{string(h.Fields["dealstage"]), stage}) {
		return errorf("stage %q, %q", h.Fields["dealstage"], stage)
	}
	return nil
}

func sameNumber(a, b value) bool {
	if a == b {
		return true
	}
	p, okP := new(big.Rat).SetString(string(a))
	q, okQ := new(big.Rat).SetString(string(b))
	return okP && okQ && p.Cmp(q) == 0
}
