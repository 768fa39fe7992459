package configure_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/fault"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func TestAppliedDocumentsAreWhatServicesSee(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	resp := r.apply(t, read(t, "acme.yaml"))
	if resp.GetRevision() != 1 || len(resp.GetApplied()) != 4 {
		t.Fatalf("response: %v", resp)
	}
	for _, a := range resp.GetApplied() {
		if a.GetAction() != "created" {
			t.Errorf("%s %s: %s", a.GetKind(), a.GetName(), a.GetAction())
		}
	}
	var want configv1.Snapshot
	if err := protojson.Unmarshal([]byte(read(t, "acme.snapshot.json")), &want); err != nil {
		t.Fatal(err)
	}
	got := r.snapshot(t)
	if diff := cmp.Diff(&want, got, protocmp.Transform(), protocmp.IgnoreFields(&configv1.Connection{}, "activated_ms", "webhook_path", "webhook_url"), protocmp.IgnoreFields(&configv1.Sync{}, "activated_ms")); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s\n%s", diff, protojson.Format(got))
	}
	for _, c := range got.GetConnections() {
		if len(c.GetWebhookPath()) < 26 || c.GetWebhookUrl() != "http://127.0.0.1:8081/webhooks/acme/"+c.GetName()+"/"+c.GetWebhookPath() {
			t.Errorf("webhook of %s: %q %q", c.GetName(), c.GetWebhookPath(), c.GetWebhookUrl())
		}
	}
}

func TestApplyingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	before := r.snapshot(t)
	resp := r.apply(t, read(t, "acme.yaml"))
	for _, a := range resp.GetApplied() {
		if a.GetAction() != "unchanged" {
			t.Errorf("%s %s: %s", a.GetKind(), a.GetName(), a.GetAction())
		}
	}
	if diff := cmp.Diff(before, r.snapshot(t), protocmp.Transform()); diff != "" {
		t.Errorf("snapshot (-before +after):\n%s", diff)
	}
}

func TestAnExportAppliesUnchanged(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	out, err := r.admin.Export(t.Context(), &configv1.ExportRequest{Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(out.GetContent()); strings.Contains(text, "secret-") || !strings.Contains(text, "stored: true") {
		t.Errorf("export:\n%s", text)
	}
	for _, a := range r.apply(t, string(out.GetContent())).GetApplied() {
		if a.GetAction() != "unchanged" {
			t.Errorf("%s %s: %s", a.GetKind(), a.GetName(), a.GetAction())
		}
	}
	if _, err := r.admin.Export(t.Context(), &configv1.ExportRequest{Workspace: "other"}); err == nil {
		t.Error("exported a workspace that is not there")
	}
}

func TestAChangeRevisesOnlyWhatItTouches(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	resp := r.apply(t, strings.Replace(read(t, "acme.yaml"), "secret-pipedrive-token", "another-token", 1))
	var got []string
	for _, a := range resp.GetApplied() {
		got = append(got, a.GetName()+" "+a.GetAction())
	}
	if diff := cmp.Diff([]string{"acme unchanged", "hubspot unchanged", "pipedrive-main changed", "pipedrive-deals unchanged"}, got); diff != "" {
		t.Error(diff)
	}
	s := r.snapshot(t)
	if s.GetRevision() != 2 || s.GetConnections()[0].GetRevision() != 1 || s.GetConnections()[1].GetRevision() != 2 || s.GetSyncs()[0].GetRevision() != 1 {
		t.Errorf("revisions: %s", protojson.Format(s))
	}
	token, err := r.config.Token(t.Context(), &configv1.TokenRequest{Workspace: "acme", Connection: "pipedrive-main"})
	if err != nil || token.GetToken() != "another-token" || token.GetScheme() != "x-api-token" {
		t.Errorf("token: %v %v", token, err)
	}
}

func TestADryRunStoresNothing(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	req := request(read(t, "acme.yaml"))
	req.DryRun = true
	resp, err := r.admin.Apply(t.Context(), req)
	if err != nil || len(resp.GetApplied()) != 4 || len(resp.GetProblems()) != 0 {
		t.Fatalf("%v %v", resp, err)
	}
	if s := r.snapshot(t); s.GetRevision() != 0 || len(s.GetConnections()) != 0 {
		t.Errorf("stored: %v", s)
	}
}

func TestWhatTheAppsDoNotHaveIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	base := read(t, "acme.yaml")
	fields := func(lines string) string { return base + "  fields:\n" + lines }
	for _, c := range []struct{ name, content, want string }{
		{
			"a pipeline of HubSpot", strings.Replace(base, "hubspot: default", "hubspot: defolt", 1),
			`spec.pipelines[0].hubspot: HubSpot has no pipeline "defolt"; did you mean "default"? there are: default (Sales) [unknown_pipeline]`,
		},
		{
			"a stage of the app", strings.Replace(base, `app: "won"`, `app: "wonn"`, 1),
			`spec.pipelines[0].stages[1].app: pipeline 1 (Pipeline) of Pipedrive has no stage "wonn"; did you mean "won"? there are: 1 (Qualified), 2 (Contacted), won, lost [unknown_stage]`,
		},
		{
			"a field of the app", fields("    - {hubspot: dealname, app: titel}\n"),
			`spec.fields[0].app: Pipedrive has no deal field "titel"; did you mean "title"? there are: currency, expected_close_date, heat, owner_id, stage, title, value, vip, weighted_value [unknown_field]`,
		},
		{
			"types that don't fit (R12)", fields("    - {hubspot: amount, app: vip}\n"),
			`spec.fields[0]: values can't travel both: HubSpot's amount is number, Pipedrive's vip is boolean; allowed: none [types_incompatible]`,
		},
		{
			"a way that a read-only field can't take (R12)", fields("    - {hubspot: hs_projected_amount, app: value, direction: both}\n"),
			`spec.fields[0]: values can't travel both: HubSpot's hs_projected_amount is read-only number, Pipedrive's value is number; allowed: to_app [read_only]`,
		},
		{
			"an option without its like", fields("    - {hubspot: priority, app: heat, direction: to_app}\n"),
			`spec.fields[0]: option high of HubSpot has no like in Pipedrive; write options: [{hubspot: ..., app: ...}]; these propose them: dealsync suggest options pipedrive-main priority heat --object deal [option_not_mapped]`,
		},
		{
			"a currency beside its amount (R18)", fields("    - {hubspot: amount, app: value}\n    - {hubspot: deal_currency_code, app: title, direction: to_app}\n"),
			`spec.fields[1]: deal_currency_code travels with amount already; remove this line [currency_travels_with_amount]`,
		},
		{
			"a default owner who is not there (R18)", fields("    - {hubspot: hubspot_owner_id, app: owner_id, defaultOwner: {app: dan@acme.test}}\n"),
			`spec.fields[0].defaultOwner.app: Pipedrive has no active user with the id or e-mail address "dan@acme.test"; there are: 1 (Ann@acme.test), 599 (carl@acme.test) [unknown_owner]`,
		},
		{
			"stages as a field", fields("    - {hubspot: dealstage, app: title}\n"),
			`spec.fields[0].hubspot: dealstage says where a deal stands; pipelines and stages are mapped in spec.pipelines [stage_in_fields]`,
		},
		{
			"a filter's field (R11)", strings.Replace(base, "field: value", "field: valeu", 1),
			`spec.filter.app.all[0]: Pipedrive has no deal field "valeu"; did you mean "value"? there are: currency, expected_close_date, heat, owner_id, stage, title, value, vip, weighted_value [unknown_field]`,
		},
		{
			"a filter's value", strings.Replace(base, "value: 1000", "value: lots", 1),
			`spec.filter.app.all[0]: condition "value gte lots": value "lots" is no number: want digits, with a point before decimals [bad_filter]`,
		},
		{
			"secrets that nobody resolved", strings.Replace(base, "value: secret-hubspot-token", "env: TOKEN", 1),
			`spec.auth.token: env and file are read where the document is applied (dealsync apply); the service takes value or stored [secret_unresolved]`,
		},
		{
			"secrets that are not stored", strings.Replace(base, "value: secret-hubspot-token", "stored: true", 1),
			`spec.auth.token: no secret is stored that can be opened; allowed: value, env, file [secret_not_stored]`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := r.refuse(t, c.content); got != c.want+"\n" {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
	if s := r.snapshot(t); s.GetRevision() != 0 {
		t.Errorf("half applied: %v", s)
	}
}

func TestAnAppThatCannotBeAskedRefusesTheApply(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]string{fault.Transient: "[app_unreachable]", fault.Auth: "[app_refused]"} {
		b := setup(t)
		r := b.replica()
		b.apps.set(func() { b.apps.down["pipedrive"] = kind })
		if got := r.refuse(t, read(t, "acme.yaml")); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		if s := r.snapshot(t); s.GetRevision() != 0 {
			t.Errorf("half applied: %v", s)
		}
	}
}

func TestWhatPairsBelongToStays(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	base := read(t, "acme.yaml")
	r.apply(t, base)
	if got := r.refuse(t, strings.Replace(base, "app: hubspot", "app: pipedrive", 1)); !strings.Contains(got, "[immutable]") && !strings.Contains(got, "[unknown_connection]") {
		t.Errorf("another app: %s", got)
	}
	other := strings.Replace(base, "name: pipedrive-main", "name: pipedrive-two", 1)
	other = strings.Replace(other, "connection: pipedrive-main", "connection: pipedrive-two", 1)
	if got := r.refuse(t, other); !strings.Contains(got, "[immutable]") {
		t.Errorf("another connection: %s", got)
	}
}

func TestReadOnlyAndOneWayNarrowALine(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml")+"  fields:\n    - {hubspot: dealname, app: title}\n    - {hubspot: hs_projected_amount, app: value}\n    - {hubspot: amount, app: weighted_value}\n")
	var got []configv1.Direction
	for _, f := range r.snapshot(t).GetSyncs()[0].GetFields() {
		got = append(got, f.GetDirection())
	}
	want := []configv1.Direction{configv1.Direction_DIRECTION_BOTH, configv1.Direction_DIRECTION_TO_APP, configv1.Direction_DIRECTION_TO_HUBSPOT}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// another is the workspace with one more connection and a sync of deals with it.
func another(t *testing.T, app string) string {
	t.Helper()
	return read(t, "acme.yaml") + `
---
apiVersion: dealsync/v1
kind: Connection
metadata: {workspace: acme, name: another}
spec: {app: ` + app + `, auth: {token: {value: t}}}
---
apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: acme, name: another-deals}
spec: {connection: another, object: deal, pipelines: [{hubspot: default, app: "1", stages: [{hubspot: closedwon, app: won}]}]}
`
}

func TestDealsThatCannotSyncAreRefusedWithTheCause(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	for app, want := range map[string]string{
		"sandbox-directory": "spec.object: Sandbox Directory does not share deal; it shares: contact, company [object_not_shared]\n",                                                                                       // R2
		"sandbox-orders":    "spec.object: the sales process of Sandbox Orders is not built on stages, so its deals can't be synced; sync its other objects, or an app whose deals stand in stages [app_without_stages]\n", // R10
	} {
		if got := r.refuse(t, another(t, app)); got != want {
			t.Errorf("%s: %s", app, got)
		}
	}
}
