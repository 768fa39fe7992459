package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// foreseen is a plan, as the command line prints it.
type foreseen struct {
	ID    string     `json:"id"`
	Syncs []syncPlan `json:"syncs"`
}

type syncPlan struct {
	Sync         string   `json:"sync"`
	HubSpot      sidePlan `json:"hubspot"`
	App          sidePlan `json:"app"`
	Matched      int      `json:"matched,string"`
	Conflicts    int      `json:"conflicts,string"`
	Associations int      `json:"associations,string"`
}

// of is the plan of one sync.
func (p *foreseen) of(t *testing.T, sync string) *syncPlan {
	t.Helper()
	for i := range p.Syncs {
		if p.Syncs[i].Sync == sync {
			return &p.Syncs[i]
		}
	}
	t.Fatalf("sync %s is not planned: %+v", sync, p)
	return nil
}

type sidePlan struct {
	Records  int              `json:"records,string"`
	Creates  int              `json:"creates,string"`
	Updates  int              `json:"updates,string"`
	Excluded map[string]value `json:"excluded"`
	Reads    int              `json:"read_calls,string"`
	Writes   int              `json:"write_calls,string"`
}

// plan plans the tenant's documents as they now are.
func (x *tenant) plan() (p foreseen) {
	x.t.Helper()
	a := x.cli.run(x.documents(), "plan", "-f", "-", "-o", "json")
	if a.code != 0 {
		x.t.Fatalf("plan: exit code %d: %s", a.code, a.err)
	}
	if err := json.Unmarshal([]byte(a.out), &p); err != nil {
		x.t.Fatalf("plan: %v in %s", err, a.out)
	}
	return p
}

// untouched sees that nothing was written to an account: no record, no field, no
// webhook.
func (c *crm) untouched() {
	c.t.Helper()
	s := c.stats()
	if s.Writes != 0 {
		c.t.Errorf("%d writes", s.Writes)
	}
	for _, call := range s.Calls {
		method, path, _ := strings.Cut(call.Route, " ")
		if method != "GET" && !strings.HasSuffix(path, "/search") && !strings.HasSuffix(path, "/batch/read") {
			c.t.Errorf("%d calls of %s", call.Count, call.Route)
		}
	}
}

// did counts what our calls did to an account's records of an object.
func (c *crm) did(what string) int {
	c.t.Helper()
	return c.stats().Objects[c.object][what]
}

// B2: a plan reads live data, writes nothing, and says what applying the
// documents then does; it can be required that it still holds.
func TestB2_APlanSaysWhatApplyThenDoes(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := prepare(t, in, nil)
		x.spec.Parents = parents
		contacts, companies := x.of("contact"), x.of("company")
		ann := contacts.hubspot.create(fields{"email": "ann@acme.example", "firstname": "Ann", "lastname": "Hub"}, ago(time.Hour))
		contacts.hubspot.create(fields{"email": "bob@acme.example", "lastname": "Bob"}, ago(time.Hour))
		contacts.pipedrive.create(fields{"name": "Ann App", "emails": mail("ANN@acme.example")}, ago(time.Hour))
		cara := contacts.pipedrive.create(fields{"name": "Cara", "emails": mail("cara@acme.example")}, ago(time.Hour))
		companies.hubspot.create(fields{"name": "Acme", "domain": "acme.example"}, ago(time.Hour))
		for i, stage := range []string{"qualifiedtobuy", "qualifiedtobuy", "presentationscheduled", "contractsent", "contractsent"} {
			id := x.hubspot.create(fields{"dealname": "H", "amount": "5", "dealstage": stage, "pipeline": "default"}, ago(time.Hour))
			if i == 0 {
				x.hubspot.associate(id, "contacts", ann)
			}
		}
		x.pipedrive.create(fields{"title": "A", "value": 7, "stage_id": 2, "person_id": cara}, ago(time.Hour))
		x.pipedrive.create(fields{"title": "A", "value": 7, "stage_id": 5}, ago(time.Hour))
		for _, c := range []*crm{x.hubspot, x.pipedrive} {
			c.call("DELETE", "/stats", nil, nil)
		}

		first := x.plan()
		if again := x.plan(); again.ID != first.ID {
			t.Errorf("planned twice, and two plans: %s and %s", first.ID, again.ID)
		}
		x.hubspot.untouched()
		x.pipedrive.untouched()
		x.pipedrive.create(fields{"title": "Came meanwhile", "value": 7, "stage_id": 3}, ago(time.Hour))
		a := x.cli.run(x.documents(), "apply", "-f", "-", "--plan", first.ID)
		if a.code == 0 || !strings.Contains(a.err, "plan_changed") {
			t.Fatalf("the plan does not hold any more, and is applied: exit code %d: %s", a.code, a.err)
		}
		if a := x.cli.run("", "get", "syncs"); !strings.Contains(a.err, "there is no workspace") {
			t.Errorf("stored by a plan: exit code %d: %s%s", a.code, a.out, a.err)
		}
		x.hubspot.untouched()
		x.pipedrive.untouched()

		p := x.plan()
		if a := x.cli.run(x.documents(), "apply", "-f", "-", "--plan", p.ID); a.code != 0 {
			t.Fatalf("the plan holds, and is refused: exit code %d: %s", a.code, a.err)
		}
		x.connected()
		x.settled()
		if len(p.Syncs) != 3 {
			t.Fatalf("%d syncs planned: %+v", len(p.Syncs), p)
		}
		associations := 0
		for _, s := range p.Syncs {
			of := map[string]*tenant{"deals": x, "contacts": contacts, "companies": companies}[s.Sync]
			for side, c := range map[string]struct {
				crm  *crm
				plan sidePlan
			}{"HubSpot": {of.hubspot, s.HubSpot}, "the app": {of.pipedrive, s.App}} {
				if got := c.crm.did("created"); got != c.plan.Creates {
					t.Errorf("%s in %s: %d created, %d planned", s.Sync, side, got, c.plan.Creates)
				}
				// An association that had to wait for its contact is one more update
				// where it is a field of the deal.
				if got := c.crm.did("updated"); got != c.plan.Updates && (side == "HubSpot" || got > c.plan.Updates+s.Associations) {
					t.Errorf("%s in %s: %d updated, %d planned", s.Sync, side, got, c.plan.Updates)
				}
				if c.plan.Reads == 0 || c.plan.Creates > 0 && c.plan.Writes == 0 {
					t.Errorf("%s in %s: %d calls to read, %d to write", s.Sync, side, c.plan.Reads, c.plan.Writes)
				}
			}
			conflicts := 0
			list, _ := of.cli.pairs()
			for _, p := range list {
				var out struct {
					Entries []entry `json:"entries"`
				}
				of.cli.do(&out, "journal", p.ID)
				for _, e := range out.Entries {
					if e.Event == "conflict" {
						conflicts++
					}
				}
			}
			if conflicts != s.Conflicts {
				t.Errorf("%s: %d conflicts, %d planned", s.Sync, conflicts, s.Conflicts)
			}
			associations += s.Associations
		}
		deals, people := p.of(t, "deals"), p.of(t, "contacts")
		if h, a := deals.HubSpot.Excluded["stage_not_mapped"], deals.App.Excluded["stage_not_mapped"]; h != "2" || a != "1" {
			t.Errorf("excluded by stage: %s and %s, want 2 and 1", h, a)
		}
		if people.Matched != 1 || people.Conflicts != 1 {
			t.Errorf("Ann matches, and her last name differs: %d matched, %d conflicts", people.Matched, people.Conflicts)
		}
		made := 0
		for _, c := range []*crm{x.hubspot, x.pipedrive} {
			for object, did := range c.stats().Objects {
				if strings.Contains(object, "/") {
					made += did["associated"]
				}
			}
		}
		if made != associations || made != 2 {
			t.Errorf("%d associations made, %d planned, want 2", made, associations)
		}
	})
}
