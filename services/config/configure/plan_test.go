package configure_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

const contactSync = `apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: acme, name: contacts}
spec: {connection: pipedrive-main, object: contact}
`

func person(app, id, email, name string) connector.Record {
	fields := deal.Fields{"email": email, "firstname": name, "lastname": "", "phone": ""}
	if app == "pipedrive" {
		fields = deal.Fields{"email": email, "first_name": name, "last_name": "", "phone": ""}
	}
	return connector.Record{ID: id, Fields: fields, Modified: time.UnixMilli(1_790_000_000_000)}
}

// plan asks for a plan and answers it, with what was told of the reading.
func (r *replica) plan(t *testing.T, content string) (*configv1.PlanResponse, []string) {
	t.Helper()
	stream, err := r.admin.Plan(t.Context(), &configv1.PlanRequest{Documents: request(content).GetDocuments()})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	var last *configv1.PlanResponse
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return last, told
		}
		if err != nil {
			t.Fatal(err)
		}
		if last = resp; resp.GetReading() != "" {
			told = append(told, resp.GetReading())
		}
	}
}

func TestB2APlanReadsBothSidesAndWritesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	b.apps.set(func() {
		b.apps.records["hubspot/contact"] = []connector.Record{
			person("hubspot", "h1", "ada@x.test", "Ada"), person("hubspot", "h2", "bob@x.test", "Bob"), person("hubspot", "h3", "cyd@x.test", "Cyd"),
		}
		gone := person("pipedrive", "9", "gone@x.test", "Gone")
		gone.Deleted = true
		b.apps.records["pipedrive/contact"] = []connector.Record{person("pipedrive", "1", "ADA@x.test", "Adah"), person("pipedrive", "2", "bob@x.test", "Bob"), gone}
	})
	before := r.snapshot(t).GetRevision()
	got, told := r.plan(t, contactSync)
	if len(told) == 0 || told[0] != "contacts of hubspot" {
		t.Errorf("told of the reading: %q", told)
	}
	p := got.GetPlan().GetSyncs()[0]
	if p.GetHubspot().GetRecords() != 3 || p.GetApp().GetRecords() != 2 || p.GetMatched() != 2 || p.GetApp().GetCreates() != 1 || p.GetConflicts() == 0 {
		t.Errorf("the plan says %v", p)
	}
	if r.snapshot(t).GetRevision() != before {
		t.Error("planning has changed the configuration")
	}

	again, _ := r.plan(t, contactSync)
	if again.GetPlan().GetId() != got.GetPlan().GetId() {
		t.Error("the same plan has another id")
	}
	req := request(contactSync)
	req.Plan = got.GetPlan().GetId()
	b.apps.set(func() {
		b.apps.records["hubspot/contact"] = append(b.apps.records["hubspot/contact"], person("hubspot", "h4", "dan@x.test", "Dan"))
	})
	if _, err := r.admin.Apply(t.Context(), req); status.Code(err) != codes.FailedPrecondition || reason(err) != "plan_changed" {
		t.Errorf("applied a plan that does not hold: %v", err)
	}
	now, _ := r.plan(t, contactSync)
	req.Plan = now.GetPlan().GetId()
	if resp, err := r.admin.Apply(t.Context(), req); err != nil || len(resp.GetApplied()) != 1 {
		t.Errorf("a plan that holds was refused: %v %v", resp, err)
	}
}

func TestB2OnlyChangesOfItsOwnWorkspacesEndAPlan(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	title := 0
	change := func(workspace string) {
		var once sync.Once
		b.apps.set(func() {
			b.apps.scanning = func() {
				once.Do(func() {
					title++
					r.apply(t, fmt.Sprintf("apiVersion: dealsync/v1\nkind: Workspace\nmetadata: {name: %s}\nspec: {title: Title %d}\n", workspace, title))
				})
			}
		})
	}
	plan, _ := r.plan(t, contactSync)
	req := request(contactSync)
	req.Plan = plan.GetPlan().GetId()
	change("acme")
	if _, err := r.admin.Apply(t.Context(), req); reason(err) != "plan_changed" {
		t.Errorf("its workspace has changed while the plan was checked: %v", err)
	}
	change("another")
	if _, err := r.admin.Apply(t.Context(), req); err != nil {
		t.Errorf("another workspace has changed: %v", err)
	}
}

func TestB2APlanKnowsThePairsThatThereAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml")+"---\n"+contactSync)
	b.apps.set(func() {
		b.apps.records["hubspot/contact"] = []connector.Record{person("hubspot", "h1", "ada@x.test", "Ada"), person("hubspot", "h2", "bob@x.test", "Bob")}
		b.apps.records["pipedrive/contact"] = []connector.Record{person("pipedrive", "1", "other@x.test", "Ada")}
	})
	for id, pair := range map[string]*ledgerv1.Pair{
		"p1": {Sync: "contacts", Hubspot: &ledgerv1.PairSide{Record: "h1"}, App: &ledgerv1.PairSide{Record: "1"}},
		"p2": {Sync: "contacts", Hubspot: &ledgerv1.PairSide{Record: "h2"}, App: &ledgerv1.PairSide{Record: "2", Deleted: true}},
	} {
		if _, err := b.ledger.Pairs.Put(t.Context(), ledger.PairKey("acme", "contacts", id), pair, 0); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := r.plan(t, contactSync)
	p := got.GetPlan().GetSyncs()[0]
	if p.GetPaired() != 1 || p.GetMatched() != 0 || p.GetApp().GetCreates() != 0 || p.GetHubspot().GetExcluded()["deleted_in_app"] != 1 {
		t.Errorf("the plan says %v", p)
	}
	if p.GetHubspot().GetUpdates()+p.GetApp().GetUpdates() != 1 {
		t.Errorf("a pair that differs is brought in step once: %v", p)
	}
}

func TestB2ProblemsOfTheDocumentsComeInsteadOfAPlan(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	got, _ := r.plan(t, strings.ReplaceAll(contactSync, "pipedrive-main", "nobody"))
	if len(got.GetProblems()) == 0 || got.GetPlan() != nil {
		t.Errorf("%v, want the problems", got)
	}
}

func TestR8StagesAreSuggestedWithScoresAndLeftovers(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	got, err := r.admin.SuggestStages(t.Context(), &configv1.SuggestStagesRequest{Workspace: "acme", Connection: "pipedrive-main"})
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]string{}
	for _, s := range got.GetSuggestions() {
		pairs[s.GetHubspot()] = s.GetApp()
		if s.GetScore() <= 0 || s.GetReason() == "" {
			t.Errorf("%v: want a score and a reason", s)
		}
	}
	if got.GetHubspotPipeline() != "default" || got.GetAppPipeline() != "1" || pairs["closedwon"] != "1/won" || pairs["closedlost"] != "1/lost" {
		t.Errorf("%v", got)
	}
	left := map[eventv1.Side]string{}
	for _, l := range got.GetLeftovers() {
		left[l.GetSide()] += l.GetId() + " "
	}
	if left[eventv1.Side_SIDE_HUBSPOT] != "appointmentscheduled " || left[eventv1.Side_SIDE_APP] != "1/1 1/2 " {
		t.Errorf("left over: %v", left)
	}
	_, err = r.admin.SuggestStages(t.Context(), &configv1.SuggestStagesRequest{Workspace: "acme", Connection: "pipedrive-main", AppPipeline: "9"})
	if status.Code(err) != codes.NotFound || reason(err) != "unknown_pipeline" {
		t.Errorf("an unknown pipeline: %v", err)
	}
}

func TestR12FieldsAndOptionsAreSuggestedWithinTheirTypes(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	got, err := r.admin.SuggestFields(t.Context(), &configv1.SuggestFieldsRequest{Workspace: "acme", Connection: "pipedrive-main", Object: "deal"})
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]string{}
	for _, s := range got.GetSuggestions() {
		pairs[s.GetHubspot()] = s.GetApp()
		if s.GetDirection() == configv1.Direction_DIRECTION_UNSPECIFIED {
			t.Errorf("%v: want a direction", s)
		}
	}
	for h, a := range map[string]string{"dealname": "title", "amount": "value", "hubspot_owner_id": "owner_id"} {
		if pairs[h] != a {
			t.Errorf("%s goes with %q, want %q", h, pairs[h], a)
		}
	}
	if pairs["deal_currency_code"] != "" || pairs["dealstage"] != "" {
		t.Errorf("what travels by itself was suggested: %v", pairs)
	}
	options, err := r.admin.SuggestOptions(t.Context(), &configv1.SuggestOptionsRequest{
		Workspace: "acme", Connection: "pipedrive-main", Object: "deal", HubspotField: "priority", AppField: "heat",
	})
	if err != nil || len(options.GetSuggestions()) != 2 {
		t.Errorf("%v %v, want low with low and high with hot", options, err)
	}
	_, err = r.admin.SuggestOptions(t.Context(), &configv1.SuggestOptionsRequest{
		Workspace: "acme", Connection: "pipedrive-main", Object: "deal", HubspotField: "dealname", AppField: "heat",
	})
	if reason(err) != "not_a_picklist" {
		t.Errorf("options of a text: %v", err)
	}
}
