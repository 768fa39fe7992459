package resolve_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/resolve"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func hubspotApp() *connector.Manifest {
	return &connector.Manifest{
		App: "hubspot", Title: "HubSpot", Stages: true,
		Shared: []connector.SharedObject{
			{Object: deal.Deals},
			{Object: deal.Contacts, Match: []connector.MatchField{{Rule: "email", Field: "email"}}},
			{Object: deal.Companies, Match: []connector.MatchField{{Rule: "domain", Field: "domain"}, {Rule: "name", Field: "name"}}},
		},
		Associations: []connector.Association{
			{From: deal.Deals, To: deal.Contacts, Field: "associations.contact", Title: "contact", Many: true},
			{From: deal.Deals, To: deal.Companies, Field: "associations.company", Title: "company", Many: true},
			{From: deal.Contacts, To: deal.Companies, Field: "associations.company", Title: "company", Many: true},
		},
	}
}

func otherApp() *connector.Manifest {
	return &connector.Manifest{
		App: "pipedrive", Title: "Pipedrive", Stages: true,
		Shared: []connector.SharedObject{
			{Object: deal.Deals, Fields: []connector.DefaultField{
				{HubSpot: "dealname", App: "title"}, {HubSpot: "amount", App: "value", Ways: deal.ToHubSpot}, {HubSpot: "closedate", App: "expected_close_date"},
			}},
			{Object: deal.Contacts, Match: []connector.MatchField{{Rule: "name", Field: "name"}, {Rule: "email", Field: "mail"}}},
			{Object: deal.Companies, Match: []connector.MatchField{{Rule: "name", Field: "name"}, {Rule: "domain", Field: "site"}}},
		},
		Associations: []connector.Association{
			{From: deal.Deals, To: deal.Contacts, Field: "person_id", Title: "person"},
			{From: deal.Deals, To: deal.Companies, Field: "org_id", Title: "organization"},
		},
	}
}

// input is a sync of two accounts with one pipeline each.
func input(t *testing.T, spec string) resolve.Input {
	t.Helper()
	docs, problems := document.Parse([]document.File{{Name: "a.yaml", Content: []byte(
		"apiVersion: dealsync/v1\nkind: Sync\nmetadata: {workspace: acme, name: deals}\nspec:\n  connection: main\n  object: deal\n" + spec)}},
		document.Catalogue{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return resolve.Input{
		Doc: docs[0], HubSpotConnection: "hubspot", HubSpotManifest: hubspotApp(), AppManifest: otherApp(),
		HubSpot: &connector.Schema{
			Fields: []connector.Field{
				{Name: "dealname", Type: deal.Text}, {Name: "amount", Type: deal.Number}, {Name: "closedate", Type: deal.Datetime}, {Name: "dealstage", Type: deal.Stage},
			},
			Pipelines: []connector.Pipeline{{ID: "default", Stages: []connector.Stage{{ID: "new"}, {ID: "won"}}}},
		},
		App: &connector.Schema{
			Fields: []connector.Field{
				{Name: "title", Type: deal.Text}, {Name: "value", Type: deal.Number}, {Name: "expected_close_date", Type: deal.Date}, {Name: "stage", Type: deal.Stage},
			},
			Pipelines: []connector.Pipeline{{ID: "1", Stages: []connector.Stage{{ID: "1/1"}, {ID: "1/won"}}}},
		},
	}
}

const stages = "  pipelines: [{hubspot: default, app: \"1\", stages: [{hubspot: new, app: \"1\"}, {hubspot: won, app: 1/won}]}]\n"

func TestR10TheCauseOfMissingStagesIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*resolve.Input)
		want   string
	}{
		"an app without stages": {func(in *resolve.Input) { in.AppManifest.Stages = false }, "app_without_stages"},
		"no stage field":        {func(in *resolve.Input) { in.App.Fields = in.App.Fields[:3] }, "app_without_stages"},
		"nothing visible":       {func(in *resolve.Input) { in.App.Pipelines = nil }, "no_stages_visible"},
		"nor in HubSpot":        {func(in *resolve.Input) { in.HubSpot.Pipelines = nil }, "no_stages_visible"},
		"no pipeline named":     {func(in *resolve.Input) { in.Doc.Sync.Pipelines = nil }, "missing_required"},
	} {
		in := input(t, stages)
		c.change(&in)
		sync, problems := resolve.Sync(in)
		if sync != nil || len(problems) != 1 || problems[0].Code != c.want {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestR7ADirectionPresetsTheWinner(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]configv1.Winner{
		"":                                configv1.Winner_WINNER_HUBSPOT,
		"  conflict: {winner: app}\n":     configv1.Winner_WINNER_APP,
		"  conflict: {winner: hubspot}\n": configv1.Winner_WINNER_HUBSPOT,
		"  direction: to_hubspot\n":       configv1.Winner_WINNER_APP,
		"  direction: to_app\n":           configv1.Winner_WINNER_HUBSPOT,
	} {
		sync, problems := resolve.Sync(input(t, stages+spec))
		if problems != nil || sync.GetWinner() != want || sync.GetWindowMs() != 300_000 {
			t.Errorf("%q: %v %v", spec, sync, problems)
		}
	}
}

func TestR2ASyncGoesTheWaysThatTheAppShares(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"": "DIRECTION_TO_HUBSPOT", "  direction: to_hubspot\n": "DIRECTION_TO_HUBSPOT",
		"  direction: both\n": "spec.direction: Pipedrive shares deal to_hubspot only, not both; allowed: to_hubspot, or leave it out",
	} {
		in := input(t, stages+"  fields: [{hubspot: dealname, app: title}]\n"+written)
		in.AppManifest.Shared[0].Ways = deal.ToHubSpot
		sync, problems := resolve.Sync(in)
		got := sync.GetDirection().String()
		if len(problems) > 0 {
			got = problems[0].Message
		}
		if got != want || (sync != nil && sync.GetWinner() != configv1.Winner_WINNER_APP) {
			t.Errorf("%q: %s %v", written, got, problems)
		}
	}
}

func TestR11AFilterIsTypedAndKeepsItsGroups(t *testing.T) {
	t.Parallel()
	sync, problems := resolve.Sync(input(t, stages+"  onExit: continue\n  filter:\n    app: {any: [{field: value, op: gte, value: 01000.50}, {all: [{field: title, op: contains, value: a}, {field: expected_close_date, op: not_blank}]}]}\n    hubspot: {field: closedate, op: lt, value: 2026-12-01}\n"))
	if problems != nil {
		t.Fatal(problems)
	}
	want := &configv1.Filter{OnExit: "continue", Group: &configv1.Group{
		Any: true, Conditions: []*configv1.Condition{{Field: "value", Op: "gte", Values: []string{"1000.5"}, Type: "number"}},
		Groups: []*configv1.Group{{Conditions: []*configv1.Condition{{Field: "title", Op: "contains", Values: []string{"a"}, Type: "text"}, {Field: "expected_close_date", Op: "not_blank", Type: "date"}}}},
	}}
	if diff := cmp.Diff(want, sync.GetFilterApp(), protocmp.Transform()); diff != "" {
		t.Errorf("app: %s", diff)
	}
	want = &configv1.Filter{OnExit: "continue", Group: &configv1.Group{Conditions: []*configv1.Condition{{Field: "closedate", Op: "lt", Values: []string{"2026-12-01"}, Type: "datetime"}}}}
	if diff := cmp.Diff(want, sync.GetFilterHubspot(), protocmp.Transform()); diff != "" {
		t.Errorf("hubspot: %s", diff)
	}
}

func TestAnOperatorMustFitTheType(t *testing.T) {
	t.Parallel()
	_, problems := resolve.Sync(input(t, stages+"  filter: {app: {all: [{field: title, op: gt, value: a}, {field: value, op: contains, value: 1}]}}\n"))
	if len(problems) != 2 || !strings.Contains(problems[0].Message, `condition "title gt a": operator "gt" on a text: want one of contains, not_contains, eq, neq, in`) {
		t.Errorf("%v", problems)
	}
}
