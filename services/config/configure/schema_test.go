package configure_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/fault"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// reason is the stable code that an error carries.
func reason(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func TestR2TheCatalogueSaysWhatAppsShare(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	var names []string
	req := &configv1.ListAppsRequest{PageSize: 1}
	for {
		resp, err := r.admin.ListApps(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range resp.GetApps() {
			names = append(names, a.GetName())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if len(names) < 2 || names[0] != "hubspot" || names[1] != "pipedrive" {
		t.Errorf("apps: %v", names)
	}
	found, err := r.admin.ListApps(t.Context(), &configv1.ListAppsRequest{Search: "PIPEdrive"})
	if err != nil || len(found.GetApps()) != 1 {
		t.Errorf("search: %v %v", found, err)
	}
	resp, err := r.admin.GetApp(t.Context(), &configv1.GetAppRequest{App: "pipedrive"})
	if err != nil {
		t.Fatal(err)
	}
	app := resp.GetApp()
	if app.GetTitle() != "Pipedrive" || !app.GetStages() || app.GetLimit() == "" || app.GetObjects()[0].GetObject() != "deal" || len(app.GetObjects()[0].GetFields()) == 0 {
		t.Errorf("app: %v", app)
	}
	if _, err := r.admin.GetApp(t.Context(), &configv1.GetAppRequest{App: "pipedrove"}); status.Code(err) != codes.NotFound || reason(err) != "unknown_app" {
		t.Errorf("no such app: %v", err)
	}
}

func TestASchemaIsRememberedUntilItIsRefreshed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	get := func(refresh bool) (*configv1.GetSchemaResponse, error) {
		return r.admin.GetSchema(t.Context(), &configv1.GetSchemaRequest{Workspace: "acme", Connection: "hubspot", Object: "deal", Refresh: refresh})
	}
	first, err := get(false)
	if err != nil || first.GetReadMs() == 0 || first.GetTimeZone() != "Europe/Berlin" || len(first.GetOwners()) != 2 {
		t.Fatalf("%v %v", first, err)
	}
	if diff := cmp.Diff([]string{"EUR"}, first.GetCurrencies()); diff != "" {
		t.Error(diff)
	}
	stages := first.GetPipelines()[0].GetStages()
	if s := stages[1]; s.GetOrder() != 1 || s.GetShort() != "closedwon" || s.GetProbability() != 1 || !s.GetWon() {
		t.Errorf("stage: %v", s)
	}
	b.apps.set(func() { b.apps.down["hubspot"] = fault.RateLimited })
	if again, err := get(false); err != nil || again.GetReadMs() != first.GetReadMs() {
		t.Errorf("remembered: %v %v", again, err)
	}
	if _, err := get(true); status.Code(err) != codes.ResourceExhausted || reason(err) != "down" {
		t.Errorf("a refresh asks the app: %v", err)
	}
	b.apps.set(func() { delete(b.apps.down, "hubspot") })
	if fresh, err := get(true); err != nil || fresh.GetReadMs() < first.GetReadMs() {
		t.Errorf("refreshed: %v %v", fresh, err)
	}
}

func TestR10ASchemaSaysWhyThereAreNoStages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	for _, c := range []struct {
		want   string
		change func()
	}{
		{"", func() {}},
		{"no_stages_visible", func() { b.apps.schemas["pipedrive"].Pipelines = nil }},
		{"app_without_stages", func() {
			s := b.apps.schemas["pipedrive"]
			s.Fields = s.Fields[:len(s.Fields)-1]
		}},
	} {
		b.apps.set(c.change)
		resp, err := r.admin.GetSchema(t.Context(), &configv1.GetSchemaRequest{Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Refresh: true})
		if err != nil || resp.GetStagesMissing().GetCode() != c.want || (c.want != "") != (resp.GetStagesMissing().GetMessage() != "") {
			t.Errorf("want %q: %v %v", c.want, resp.GetStagesMissing(), err)
		}
	}
	if _, err := r.admin.GetSchema(t.Context(), &configv1.GetSchemaRequest{Workspace: "acme", Connection: "pipedrive-main", Object: "invoice"}); reason(err) != "object_not_shared" {
		t.Errorf("an object that is not shared: %v", err)
	}
}

func TestR14APipelineIsMadeOnceAndMappedOneToOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	b.apps.set(func() {
		stages := b.apps.schemas["pipedrive"].Pipelines[0].Stages
		stages[1].Label, stages[2].Label, stages[3].Label = "Qualified", "Won", "Lost"
	})
	req := &configv1.CreatePipelineRequest{Workspace: "acme", Connection: "pipedrive-main", AppPipeline: "1", Title: "From Pipedrive"}
	want := &configv1.Pipeline{Hubspot: "p1", App: "1", Stages: []*configv1.Stage{
		{Hubspot: "p1-0", App: "1/1", HubspotLabel: "Qualified", AppLabel: "Qualified"},
		{Hubspot: "p1-1", App: "1/2", HubspotLabel: "Qualified (2)", AppLabel: "Qualified"},
		{Hubspot: "p1-2", App: "1/won", HubspotLabel: "Won", AppLabel: "Won"},
		{Hubspot: "p1-3", App: "1/lost", HubspotLabel: "Lost", AppLabel: "Lost"},
	}}
	for _, existed := range []bool{false, true} {
		resp, err := r.admin.CreatePipeline(t.Context(), req)
		if err != nil || resp.GetExisted() != existed || resp.GetPipeline().GetLabel() != "From Pipedrive" || !resp.GetPipeline().GetStages()[2].GetWon() {
			t.Fatalf("existed %v: %v %v", existed, resp, err)
		}
		if diff := cmp.Diff(want, resp.GetMapping(), protocmp.Transform()); diff != "" {
			t.Errorf("mapping: %s", diff)
		}
	}
	seen, err := r.admin.GetSchema(t.Context(), &configv1.GetSchemaRequest{Workspace: "acme", Connection: "hubspot", Object: "deal"})
	if err != nil || len(seen.GetPipelines()) != 2 {
		t.Errorf("HubSpot shows %v %v", seen.GetPipelines(), err)
	}
	for want, bad := range map[string]*configv1.CreatePipelineRequest{
		"unknown_pipeline":   {Workspace: "acme", Connection: "pipedrive-main", AppPipeline: "9"},
		"wrong_app":          {Workspace: "acme", Connection: "hubspot", AppPipeline: "default"},
		"unknown_connection": {Workspace: "acme", Connection: "nobody", AppPipeline: "1"},
	} {
		if _, err := r.admin.CreatePipeline(t.Context(), bad); reason(err) != want {
			t.Errorf("want %s: %v", want, err)
		}
	}
}
