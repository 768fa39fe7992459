package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// patience bounds every wait. The machine may be busy; a wait ends as soon as
// what it waits for is there.
const patience = 30 * time.Second

// tenant is a workspace of its own with two accounts of its own.
type tenant struct {
	t                  testing.TB
	in                 *installation
	cli                *cli
	hubspot, pipedrive *crm
	spec               spec
	sentinels          int // deals that sentinel has made
}

// of is the same tenant, seen as its sync of another object: contact or company.
func (x *tenant) of(object string) *tenant {
	y := *x
	names := objects[object]
	y.cli = x.cli.of(names.hubspot)
	y.hubspot, y.pipedrive = x.hubspot.of(names.hubspot), x.pipedrive.of(names.pipedrive)
	return &y
}

// objects are the apps' words for what syncs. A sync is named like HubSpot's.
var objects = map[string]struct{ hubspot, pipedrive string }{
	"deal": {"deals", "deals"}, "contact": {"contacts", "persons"}, "company": {"companies", "organizations"},
}

// spec is what a tenant's documents say.
type spec struct {
	Workspace, HubSpot, Pipedrive string
	Direction, Winner, Window     string
	Filter, OnExit                string
	Stages                        [][2]string
	Fields                        [][]string // HubSpot, app, direction, more
	TimeZone                      string
	Pasted                        string    // the pipelines, as a command printed them
	Pipeline                      [2]string // HubSpot, app
	NoFields                      bool      // leave the mappings to the defaults
	Poll                          string
	Calls                         int // of both accounts, per second
	Parents                       []parent
	NoDeals                       bool // parents only
}

// parent is a sync of contacts or companies, which deals are associated with.
type parent struct {
	Object            string // contact or company
	Direction, Winner string // both ways when empty; the default winner
}

// parents are syncs of contacts and companies, both ways.
var parents = []parent{{Object: "contact"}, {Object: "company"}}

// Sync is the name of the parent's sync.
func (p parent) Sync() string { return objects[p.Object].hubspot }

var documents = template.Must(template.New("documents").Parse(`apiVersion: dealsync/v1
kind: Workspace
metadata: {name: {{.Workspace}}}
spec: {title: End-to-end test}
---
apiVersion: dealsync/v1
kind: Connection
metadata: {workspace: {{.Workspace}}, name: hubspot-main}
spec:
  app: hubspot
  baseURL: {{.HubSpot}}
  account: "1234567"
  appID: "2468000"
  auth: {token: {value: sandbox-hubspot-token}}
  webhook: {secret: {value: sandbox-hubspot-secret}, developerKey: {value: sandbox-hubspot-devkey}}
  poll: {{.Poll}}
  limit: {calls: {{.Calls}}}
---
apiVersion: dealsync/v1
kind: Connection
metadata: {workspace: {{.Workspace}}, name: pipedrive-main}
spec:
  app: pipedrive
  baseURL: {{.Pipedrive}}
  account: "7700001"
  userID: "599"
  auth: {token: {value: sandbox-pipedrive-token}}
  webhook: {user: hooks, password: {value: sandbox-webhook-password}}
  poll: {{.Poll}}
  limit: {calls: {{.Calls}}}
{{- range .Parents}}
---
apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: {{$.Workspace}}, name: {{.Sync}}}
spec:
  connection: pipedrive-main
  object: {{.Object}}
  direction: {{or .Direction "both"}}
  conflict: { {{- with .Winner}}winner: {{.}}, {{end}}window: {{$.Window -}} }
{{- end}}
{{- if not .NoDeals}}
---
apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: {{.Workspace}}, name: deals}
spec:
  connection: pipedrive-main
  object: deal
  direction: {{.Direction}}
  conflict: { {{- with .Winner}}winner: {{.}}, {{end}}window: {{.Window -}} }
{{- with .Pasted}}
{{.}}
{{- else}}
  pipelines:
    - hubspot: "{{index .Pipeline 0}}"
      app: "{{index .Pipeline 1}}"
      stages:
{{- range .Stages}}
        - {hubspot: "{{index . 0}}", app: "{{index . 1}}"}
{{- end}}
{{- end}}
{{- with .Filter}}
  filter: {{.}}
{{- end}}
{{- with .OnExit}}
  onExit: {{.}}
{{- end}}
{{- with .TimeZone}}
  timeZone: {{.}}
{{- end}}
{{- if not .NoFields}}
  fields:
{{- range .Fields}}
    - {hubspot: {{index . 0}}, app: "{{index . 1}}"{{if gt (len .) 2}}{{with index . 2}}, direction: {{.}}{{end}}{{end}}{{if gt (len .) 3}}, {{index . 3}}{{end}}}
{{- end}}
{{- end}}
{{- end}}
`))

// standardStages map the first four open stages, won and lost. HubSpot's
// contractsent and the app's fifth stage are left out.
var standardStages = [][2]string{
	{"appointmentscheduled", "1"},
	{"qualifiedtobuy", "2"},
	{"presentationscheduled", "3"},
	{"decisionmakerboughtin", "4"},
	{"closedwon", "won"},
	{"closedlost", "lost"},
}

var standardFields = [][]string{{"dealname", "title"}, {"amount", "value"}}

var (
	tenants   atomic.Int64
	notInName = regexp.MustCompile(`[^a-z0-9]+`)
)

// newTenant connects two fresh accounts in a workspace of its own and applies
// its documents. before, if given, fills the accounts first.
func newTenant(t testing.TB, in *installation, change func(s *spec), before func(hubspot, pipedrive *crm)) *tenant {
	t.Helper()
	return newTenantOn(t, in, nil, change, before)
}

// newTenantOn does the same with doubles that are set up otherwise.
func newTenantOn(t testing.TB, in *installation, doubles func(*sandbox.Config), change func(s *spec), before func(hubspot, pipedrive *crm)) *tenant {
	t.Helper()
	x := prepare(t, in, doubles)
	if change != nil {
		change(&x.spec)
	}
	if before != nil {
		before(x.hubspot, x.pipedrive)
	}
	x.apply()
	x.connected()
	return x
}

// prepare makes the accounts and documents, and applies nothing yet.
func prepare(t testing.TB, in *installation, doubles func(*sandbox.Config)) *tenant {
	t.Helper()
	hubspot, pipedrive := accounts(t, doubles)
	return prepareWith(t, in, hubspot, pipedrive)
}

// prepareWith does the same with accounts that are there.
func prepareWith(t testing.TB, in *installation, hubspot, pipedrive *crm) *tenant {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(t.Name(), "Test"))
	name = strings.Trim(notInName.ReplaceAllString(name, "-"), "-")
	name = fmt.Sprintf("%.50s-%d", name, tenants.Add(1))
	x := &tenant{t: t, in: in, cli: &cli{t, in.config, name, "deals"}, hubspot: hubspot, pipedrive: pipedrive}
	x.spec = spec{
		Workspace: name, HubSpot: x.hubspot.url, Pipedrive: x.pipedrive.url,
		Direction: "both", Window: "5m", Stages: standardStages, Fields: standardFields, Pipeline: [2]string{"default", "1"}, Poll: "1h", Calls: 1000,
	}
	t.Cleanup(x.explain)
	return x
}

// explain shows, after a failure, what the installation knows of the tenant.
func (x *tenant) explain() {
	if !x.t.Failed() {
		return
	}
	for _, args := range [][]string{{"get", "syncs"}, {"get", "parked"}, {"get", "pairs", "--limit", "20"}} {
		a := x.cli.run("", args...)
		x.t.Logf("dealsync %s\n%s%s", strings.Join(args, " "), a.out, a.err)
	}
	list, _ := x.cli.of("").pairs()
	for i, p := range list {
		if i < 5 || p.Pair.Status != "in_sync" && i < 50 {
			x.t.Logf("journal of %s\n%s", p.ID, x.cli.run("", "journal", p.ID, "--limit", "40").out)
		}
	}
	x.t.Logf("HubSpot: %+v\nPipedrive: %+v", x.hubspot.stats(), x.pipedrive.stats())
}

// apply applies the tenant's documents as they now are.
func (x *tenant) apply() {
	x.t.Helper()
	a := x.cli.run(x.documents(), "apply", "-f", "-")
	if a.code != 0 {
		x.t.Fatalf("apply: exit code %d: %s\n%s", a.code, a.err, x.documents())
	}
}

// documents are the tenant's documents as they now are.
func (x *tenant) documents() string {
	var b bytes.Buffer
	if err := documents.Execute(&b, x.spec); err != nil {
		x.t.Fatal(err)
	}
	return b.String()
}

// connected waits until both apps send webhooks here and what the accounts
// held at first has been read.
func (x *tenant) connected() {
	x.t.Helper()
	for _, p := range x.spec.Parents {
		x.filled(p.Sync(), "hubspot", "app") // existing records of both sides are matched, whatever the direction
	}
	if !x.spec.NoDeals {
		sides := map[string][]string{"to_hubspot": {"app"}, "to_app": {"hubspot"}}[x.spec.Direction]
		if sides == nil {
			sides = []string{"hubspot", "app"}
		}
		x.filled("deals", sides...)
	}
	x.eventually("both apps are asked for webhooks", func() error {
		for _, c := range []struct {
			crm   *crm
			route string
		}{{x.hubspot, "subscriptions"}, {x.pipedrive, "webhooks"}} {
			found := false
			for _, call := range c.crm.stats().Calls {
				found = found || strings.HasPrefix(call.Route, "POST") && strings.Contains(call.Route, c.route) && call.Status < 300
			}
			if !found {
				return fmt.Errorf("no webhook is set up: %v", c.crm.stats().Calls)
			}
		}
		return nil
	})
}

// filled waits until a sync's backfill of these sides is done.
func (x *tenant) filled(sync string, sides ...string) {
	x.t.Helper()
	x.eventually("the backfill of "+sync+" is done", func() error {
		fills := x.cli.of(sync).backfills()
		for _, side := range sides {
			if !fills[side].Done {
				return fmt.Errorf("backfill of %s: %+v", side, fills[side])
			}
		}
		return nil
	})
}

// eventually waits until check is content, and fails the test when it never is.
func (x *tenant) eventually(what string, check func() error) {
	x.t.Helper()
	eventually(x.t, what, check)
}

func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: still not after %s: %v", what, patience, err)
		}
	}
}

// counterpart waits until a record has its counterpart, and gives its id.
func (x *tenant) counterpart(id int64) (other int64) {
	x.t.Helper()
	x.eventually(fmt.Sprintf("record %d has a counterpart", id), func() error {
		p, ok := x.cli.pairOf(id)
		if !ok {
			return fmt.Errorf("it is in no pair")
		}
		for _, s := range []string{p.Pair.HubSpot.Record, p.Pair.App.Record} {
			if s != "" && s != text(id) {
				return json.Unmarshal([]byte(s), &other)
			}
		}
		return fmt.Errorf("its pair is %s %s", p.state(), p.Pair.Message)
	})
	return other
}

// holds waits until a record has these values.
func (x *tenant) holds(c *crm, id int64, want fields) {
	x.t.Helper()
	x.eventually(fmt.Sprintf("record %d holds %v", id, want), func() error { return has(c.show(id), want) })
}

func has(r record, want fields) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := r.Fields[name]; string(got) != fmt.Sprint(want[name]) {
			return fmt.Errorf("%s is %q", name, got)
		}
	}
	return nil
}

// becomes waits until a record's pair has a state, such as "excluded: filter".
func (x *tenant) becomes(id int64, state string) pair {
	x.t.Helper()
	var p pair
	x.eventually(fmt.Sprintf("the pair of %d becomes %q", id, state), func() error {
		var ok bool
		if p, ok = x.cli.pairOf(id); !ok {
			return fmt.Errorf("there is no pair")
		}
		if p.state() != state {
			return fmt.Errorf("it is %q (%s)", p.state(), p.Pair.Message)
		}
		return nil
	})
	return p
}
