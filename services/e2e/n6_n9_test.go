package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// N6: a record whose value the other side refuses fails by itself, with the
// app's own message, and recovers with its next edit.
func TestN6_OneBadRecordHoldsNothingUp(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		bad := x.hubspot.create(fields{"dealname": "Bad", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		good := x.hubspot.create(fields{"dealname": "Good", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		badApp, goodApp := x.counterpart(bad), x.counterpart(good)
		x.hubspot.edit(bad, fields{"dealname": ""}) // the app wants a title
		x.eventually("the bad record fails with the app's message", func() error {
			p, _ := x.cli.pairOf(bad)
			if p.Pair.Status != "failing" || !strings.Contains(p.Pair.Message, "title") {
				return errorf("%s %q", p.state(), p.Pair.Message)
			}
			return nil
		})
		x.hubspot.edit(good, fields{"dealname": "Still good"})
		x.holds(x.pipedrive, goodApp, fields{"title": "Still good"})
		x.hubspot.edit(bad, fields{"dealname": "Repaired"})
		x.holds(x.pipedrive, badApp, fields{"title": "Repaired"})
		x.becomes(bad, "in_sync")
	})
}

// N6: a connection that is dead holds no other connection up, and loses nothing.
func TestN6_OneDeadConnectionHoldsNothingUp(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		dead, alive := newTenant(t, in, nil, nil), newTenant(t, in, nil, nil)
		dead.pipedrive.put("/down", map[string]any{"down": true})
		stuck := dead.hubspot.bulk(40, fields{"dealname": "Stuck {{n}}", "amount": "{{n}}", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		dead.eventually("their webhooks are taken", func() error {
			if n := dead.hubspot.stats().Pending; n > 0 {
				return errorf("%d on their way", n)
			}
			return nil
		})
		start := time.Now()
		id := alive.hubspot.create(fields{"dealname": "Flows", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		alive.counterpart(id)
		t.Logf("past a dead connection in %s", time.Since(start))
		if list, _ := dead.cli.pairs(); len(list) > 0 && list[0].Pair.App.Record != "" {
			t.Error("the dead connection is not dead")
		}
		dead.pipedrive.put("/down", map[string]any{"down": false})
		dead.eventually("all arrives", func() error { return dead.paired(len(stuck)) })
		dead.converged()
	})
}

// N7: a 429 is obeyed, and live edits go before a backfill.
func TestN7_RateLimitsAreObeyedLiveBeforeBulk(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		t.Run("429 with Retry-After", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, nil, nil)
			id := x.hubspot.create(fields{"dealname": "Before", "dealstage": "qualifiedtobuy", "pipeline": "default"})
			app := x.counterpart(id)
			x.becomes(id, "in_sync")
			x.pipedrive.fault(map[string]any{"method": "PATCH", "path": "/api/v2/deals", "mode": "status", "status": 429, "retry_after": 2, "count": 1})
			start := time.Now()
			x.hubspot.edit(id, fields{"dealname": "After"})
			x.holds(x.pipedrive, app, fields{"title": "After"})
			if took := time.Since(start); took < 2*time.Second {
				t.Errorf("it was written %s after a 429 that asked for 2s", took)
			}
			if n := x.pipedrive.stats().answered(429); n != 1 {
				t.Errorf("%d answers 429; one pause was asked for", n)
			}
		})
		t.Run("live before bulk", func(t *testing.T) {
			t.Parallel()
			const n = 100
			x := prepare(t, in, nil)
			x.spec.Calls = 15
			x.hubspot.bulk(n, fields{"dealname": "Bulk {{n}}", "amount": "{{n}}", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
			x.apply()
			x.eventually("the backfill is on its way", func() error {
				if len(x.pipedrive.dump()) < 3 {
					return errorf("%d deals", len(x.pipedrive.dump()))
				}
				return nil
			})
			live := x.pipedrive.create(fields{"title": "Live", "value": 1, "stage_id": 1})
			x.counterpart(live)
			x.eventually("it is in the way of nobody", func() error { return x.paired(n + 1) })
			born := x.hubspot.show(x.counterpart(live)).Created
			later := 0
			for _, r := range x.pipedrive.dump() {
				if r.Created > born {
					later++
				}
			}
			if later < n/4 {
				t.Errorf("only %d of %d deals of the backfill came after the live one", later, n)
			}
		})
	})
}

// N8: secrets are sealed at rest, and never logged, exported or on the bus.
func TestN8_SecretsAreNowhereInClear(t *testing.T) {
	t.Parallel()
	for _, top := range topologies {
		t.Run(top.name, func(t *testing.T) {
			t.Parallel()
			in := alone(t, top.start)
			x := newTenant(t, in, nil, nil)
			id := x.hubspot.create(fields{"dealname": "Traffic", "dealstage": "qualifiedtobuy", "pipeline": "default"})
			x.counterpart(id)
			x.pipedrive.fault(map[string]any{"mode": "status", "status": 401, "count": 2}) // errors like to tell too much
			x.hubspot.edit(id, fields{"dealname": "More traffic"})
			x.settled()
			secrets := []string{
				sandbox.HubSpotToken, sandbox.HubSpotClientSecret, sandbox.HubSpotDeveloperKey, sandbox.PipedriveToken, "sandbox-webhook-password",
			}
			leak := func(where, content string) {
				for _, s := range secrets {
					if i := strings.Index(content, s); i >= 0 {
						t.Errorf("%s holds a secret: ...%q...", where, content[max(0, i-80):min(len(content), i+len(s)+40)])
					}
				}
			}
			for _, args := range [][]string{
				{"export"}, {"get", "connections", "-o", "json"}, {"get", "syncs", "-o", "json"}, {"doctor"}, {"describe", "pair", text(id), "-o", "json"},
			} {
				a := x.cli.run("", args...)
				leak("dealsync "+args[0], a.out+a.err)
			}
			files := 0
			err := filepath.WalkDir(in.dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				content, err := os.ReadFile(path)
				if os.IsNotExist(err) {
					return nil // a store may tidy up while we look
				}
				files++
				leak(path, string(content))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if files < 3 {
				t.Errorf("looked at %d files only", files)
			}
		})
	}
}

// N9: two workspaces whose accounts and records have the same ids do not touch
// each other.
func TestN9_WorkspacesDoNotTouchEachOther(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		one, two := newTenant(t, in, nil, nil), newTenant(t, in, nil, nil)
		deal := fields{"dealname": "One's", "dealstage": "qualifiedtobuy", "pipeline": "default"}
		id := one.hubspot.create(deal, ago(time.Hour))
		app := one.counterpart(id)
		two.settled()
		if list, _ := two.cli.pairs(); len(list) != 0 || two.pipedrive.stats().Writes+two.hubspot.stats().Writes != 0 {
			t.Errorf("the other workspace was touched: %+v", list)
		}
		deal["dealname"] = "Two's"
		if same := two.hubspot.create(deal, ago(time.Hour)); same != id {
			t.Fatalf("the ids differ: %d and %d", same, id)
		}
		if same := two.counterpart(id); same != app {
			t.Fatalf("the ids differ: %d and %d", same, app)
		}
		two.pipedrive.edit(app, fields{"title": "Two's edit"})
		two.holds(two.hubspot, id, fields{"dealname": "Two's edit"})
		one.holds(one.hubspot, id, fields{"dealname": "One's"})
		one.holds(one.pipedrive, app, fields{"title": "One's"})
		for _, e := range one.cli.journal(id) {
			if strings.Contains(e.Value, "Two's") {
				t.Errorf("one workspace's journal tells of the other: %+v", e)
			}
		}
	})
}
