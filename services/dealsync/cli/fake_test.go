package cli

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// readAt is when the fake's schemas were read; the tests' clock shows 75 s later.
var readAt = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// fakeAdmin answers the calls with what a small installation would.
type fakeAdmin struct {
	configv1.UnimplementedAdminServiceServer
	applied *configv1.ApplyRequest
	counted *configv1.CountRecordsRequest
}

// run executes a command line against the fake, as a program would.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	stdout, stderr, code, _ = runWith(t, &fakeAdmin{}, args...)
	return stdout, stderr, code
}

func runWith(t *testing.T, admin *fakeAdmin, args ...string) (stdout, stderr string, code int, err error) {
	t.Helper()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	configv1.RegisterAdminServiceServer(server, admin)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	}()
	var out, errs bytes.Buffer
	root := newRoot(&global{now: func() time.Time { return readAt.Add(75 * time.Second) }})
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"--server", listener.Addr().String(), "-w", "acme"}, args...))
	err = root.ExecuteContext(t.Context())
	if err != nil {
		code = exitCode(err)
	}
	return out.String(), errs.String(), code, err
}

func (f *fakeAdmin) ListApps(context.Context, *configv1.ListAppsRequest) (*configv1.ListAppsResponse, error) {
	return &configv1.ListAppsResponse{Apps: []*configv1.App{pipedriveApp(), {Name: "orders", Title: "Orders"}}}, nil
}

func (f *fakeAdmin) GetApp(_ context.Context, req *configv1.GetAppRequest) (*configv1.GetAppResponse, error) {
	if req.GetApp() != "pipedrive" {
		return nil, refuse(codes.NotFound, "unknown_app", "the catalogue has no app \""+req.GetApp()+"\"")
	}
	return &configv1.GetAppResponse{App: pipedriveApp()}, nil
}

func refuse(code codes.Code, reason, message string) error {
	s, err := status.New(code, message).WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "dealsync"})
	if err != nil {
		return err
	}
	return s.Err()
}

func pipedriveApp() *configv1.App {
	return &configv1.App{
		Name: "pipedrive", Title: "Pipedrive", About: "CRM for sales teams.", SignIn: []string{"oauth2", "token"}, Stages: true, Webhooks: true,
		Limit: "20 calls in every 2s",
		Objects: []*configv1.SharedObject{
			{Object: "deal", Title: "deal", Direction: configv1.Direction_DIRECTION_BOTH, Fields: []*configv1.DefaultField{
				{Hubspot: "dealname", App: "title", Direction: configv1.Direction_DIRECTION_BOTH},
				{Hubspot: "source", App: "origin", Direction: configv1.Direction_DIRECTION_TO_HUBSPOT},
			}},
			{Object: "contact", Title: "person", Direction: configv1.Direction_DIRECTION_BOTH, Match: []string{"email"}},
		},
		Scopes:       []*configv1.Scope{{Name: "deals:full", Reason: "read and write deals"}},
		Associations: []*configv1.AppAssociation{{From: "deal", To: "contact", Field: "person_id", Title: "person"}},
	}
}

func (f *fakeAdmin) GetSchema(_ context.Context, req *configv1.GetSchemaRequest) (*configv1.GetSchemaResponse, error) {
	if req.GetConnection() == "orders" {
		return &configv1.GetSchemaResponse{ReadMs: readAt.UnixMilli(), StagesMissing: &configv1.Cause{Code: "app_without_stages", Message: "Orders' sales process is not built on stages"}}, nil
	}
	won := 1.0
	resp := &configv1.GetSchemaResponse{
		ReadMs: readAt.UnixMilli(), TimeZone: "Europe/Berlin", Currencies: []string{"EUR"},
		Pipelines: []*configv1.SchemaPipeline{{Id: "1", Label: "Sales", Stages: []*configv1.SchemaStage{
			{Id: "1/1", Short: "1", Label: "Qualified"}, {Id: "1/won", Short: "won", Label: "Won", Closed: true, Won: true, Probability: &won, Order: 1}, {Id: "1/lost", Short: "lost", Label: "Lost", Closed: true, Order: 2},
		}}},
		Fields: []*configv1.SchemaField{
			{Name: "title", Label: "Title", Type: "text", Required: true},
			{Name: "value", Label: "Value", Type: "number", Currency: "currency"},
			{Name: "label", Label: "Label", Type: "picklist", Options: []*configv1.SchemaOption{{Id: "17", Label: "Hot"}, {Id: "18", Label: "Cold"}}},
			{Name: "age", Type: "number", ReadOnly: true, Unique: true},
		},
		Owners: []*configv1.SchemaOwner{{Id: "1", Name: "Ann", Email: "ann@acme.test", Active: true}, {Id: "2", Name: "Bob"}},
	}
	if req.GetRefresh() {
		resp.ReadMs = readAt.Add(75 * time.Second).UnixMilli()
	}
	return resp, nil
}

func (f *fakeAdmin) CreatePipeline(_ context.Context, req *configv1.CreatePipelineRequest) (*configv1.CreatePipelineResponse, error) {
	return &configv1.CreatePipelineResponse{
		Pipeline: &configv1.SchemaPipeline{Id: "77", Label: req.GetTitle(), Stages: make([]*configv1.SchemaStage, 2)},
		Mapping: &configv1.Pipeline{Hubspot: "77", App: req.GetAppPipeline(), Stages: []*configv1.Stage{
			{Hubspot: "771", App: "1/1", HubspotLabel: "Qualified"}, {Hubspot: "772", App: "1/won", HubspotLabel: "Won"},
		}},
	}, nil
}

var left = []*configv1.Leftover{{Side: eventv1.Side_SIDE_HUBSPOT, Id: "closedlost", Label: "Lost"}, {Side: eventv1.Side_SIDE_APP, Id: "1/2", Label: "Demo"}}

func (f *fakeAdmin) SuggestStages(context.Context, *configv1.SuggestStagesRequest) (*configv1.SuggestStagesResponse, error) {
	return &configv1.SuggestStagesResponse{
		HubspotPipeline: "default", HubspotLabel: "Sales", AppPipeline: "1", AppLabel: "Pipeline", Leftovers: left,
		Suggestions: []*configv1.Suggestion{
			{Hubspot: "closedwon", HubspotLabel: "Gewonnen", App: "1/won", AppLabel: "Won", Score: 0.9, Reason: "gewonnen means won"},
			{Hubspot: "new", HubspotLabel: "Qualified", App: "1/1", AppLabel: "Qualified", Score: 1, Reason: "the names are the same"},
		},
	}, nil
}

func (f *fakeAdmin) SuggestFields(context.Context, *configv1.SuggestFieldsRequest) (*configv1.SuggestFieldsResponse, error) {
	return &configv1.SuggestFieldsResponse{Suggestions: []*configv1.Suggestion{
		{Hubspot: "dealname", HubspotLabel: "Deal name", App: "title", AppLabel: "Title", Score: 0.95, Reason: "both mean name", Direction: configv1.Direction_DIRECTION_BOTH},
		{Hubspot: "origin", HubspotLabel: "Origin", App: "origin_id", AppLabel: "Origin", Score: 1, Reason: "the names are the same", Direction: configv1.Direction_DIRECTION_TO_HUBSPOT},
	}}, nil
}

func (f *fakeAdmin) SuggestOptions(_ context.Context, req *configv1.SuggestOptionsRequest) (*configv1.SuggestOptionsResponse, error) {
	if req.GetHubspotField() != "hs_priority" || req.GetAppField() != "label" || req.GetObject() != "deal" {
		return nil, refuse(codes.InvalidArgument, "unknown_field", "no such fields")
	}
	return &configv1.SuggestOptionsResponse{Suggestions: []*configv1.Suggestion{
		{Hubspot: "high", HubspotLabel: "High", App: "17", AppLabel: "Hot", Score: 0.8, Reason: "both mean high"},
	}}, nil
}

func (f *fakeAdmin) CountRecords(_ context.Context, req *configv1.CountRecordsRequest) (*configv1.CountRecordsResponse, error) {
	f.counted = req
	return &configv1.CountRecordsResponse{Count: 1204, Examples: []*configv1.ExampleRecord{{Id: "5", Fields: map[string]string{"value": "1500", "title": "Acme"}}}}, nil
}

func (f *fakeAdmin) Backfill(_ context.Context, req *configv1.BackfillRequest) (*configv1.BackfillResponse, error) {
	if req.GetSync() != "deals" {
		return nil, refuse(codes.NotFound, "unknown_sync", "workspace \"acme\" has no sync \""+req.GetSync()+"\"")
	}
	return &configv1.BackfillResponse{Sync: &configv1.Sync{Name: req.GetSync(), BackfillMs: 1}}, nil
}

func (f *fakeAdmin) Apply(_ context.Context, req *configv1.ApplyRequest) (*configv1.ApplyResponse, error) {
	f.applied = req
	if req.GetPlan() == "old" {
		return nil, refuse(codes.FailedPrecondition, "plan_changed", "plan old no longer holds")
	}
	return &configv1.ApplyResponse{Applied: []*configv1.Applied{{Kind: "Sync", Workspace: "acme", Name: "deals", Action: "created"}}}, nil
}

func (f *fakeAdmin) Plan(req *configv1.PlanRequest, stream configv1.AdminService_PlanServer) error {
	if strings.Contains(string(req.GetDocuments()[0].GetContent()), "broken") {
		return stream.Send(&configv1.PlanResponse{Problems: []*configv1.Problem{{File: "deals.yaml", Line: 3, Column: 7, Code: "unknown_key", Message: "unknown key \"broken\""}}})
	}
	for _, m := range []*configv1.PlanResponse{{Reading: "deals of HubSpot", Read: 100}, {Reading: "deals of HubSpot", Read: 120}, {Reading: "deals of Pipedrive", Read: 118}, {Plan: plan()}} {
		if err := stream.Send(m); err != nil {
			return err
		}
	}
	return nil
}

func plan() *configv1.Plan {
	return &configv1.Plan{
		Id:      "4f2a",
		Changes: []*configv1.Applied{{Kind: "Sync", Workspace: "acme", Name: "deals", Action: "created"}},
		Syncs: []*configv1.SyncPlan{{
			Workspace: "acme", Sync: "deals", Object: "deal",
			Hubspot: &configv1.SidePlan{Records: 120, Creates: 8, Updates: 2, Excluded: map[string]int64{"stage_not_mapped": 4}, ReadCalls: 3, WriteCalls: 1},
			App:     &configv1.SidePlan{Records: 118, Creates: 10, Updates: 1, Excluded: map[string]int64{"filter": 7}, ReadCalls: 2, WriteCalls: 11},
			Paired:  100, Matched: 3, Conflicts: 2, Associations: 25, Failing: map[string]int64{"untranslatable": 1}, Millis: 1400,
			AssociationLines: associations(),
			Examples:         []*configv1.PlanExample{{Kind: "create", Side: eventv1.Side_SIDE_APP, Record: "", Title: "Acme renewal", Detail: "from HubSpot 901"}},
		}},
	}
}

func associations() []*configv1.AssociationLine {
	return []*configv1.AssociationLine{{
		Object: "contact", Sync: "contacts", Hubspot: &configv1.AssociationEnd{Title: "contact", Field: "associations.contact", Many: true}, App: &configv1.AssociationEnd{Title: "person", Field: "person_id"},
	}}
}

func (f *fakeAdmin) ListSyncs(context.Context, *configv1.ListSyncsRequest) (*configv1.ListSyncsResponse, error) {
	field := func(name, label, of, currency string) *configv1.FieldSpec {
		return &configv1.FieldSpec{Name: name, Label: label, Type: of, Currency: currency}
	}
	deals := &configv1.Sync{
		Workspace: "acme", Name: "deals", Object: "deal", HubspotConnection: "hubspot", AppConnection: "pipedrive-main", WindowMs: 300_000, TimeZone: "Europe/Berlin",
		Direction: configv1.Direction_DIRECTION_BOTH, Winner: configv1.Winner_WINNER_HUBSPOT, Associations: associations(),
		Pipelines: []*configv1.Pipeline{{Hubspot: "default", App: "1", Stages: []*configv1.Stage{{Hubspot: "new", HubspotLabel: "New", App: "1/1", AppLabel: "Qualified"}, {Hubspot: "closedwon", App: "1/won"}}}},
		FilterApp: &configv1.Filter{OnExit: "stop", Group: &configv1.Group{Any: true, Conditions: []*configv1.Condition{{Field: "value", Op: "gte", Values: []string{"1000"}}}, Groups: []*configv1.Group{
			{Conditions: []*configv1.Condition{{Field: "label", Op: "in", Values: []string{"17", "18"}}, {Field: "title", Op: "not_blank"}}},
		}}},
		Fields: []*configv1.FieldLine{
			{Hubspot: field("dealname", "Deal name", "text", ""), App: field("title", "Title", "text", ""), Direction: configv1.Direction_DIRECTION_BOTH},
			{Hubspot: field("amount", "", "number", "deal_currency_code"), App: field("value", "", "number", "currency"), Direction: configv1.Direction_DIRECTION_TO_APP},
			{Hubspot: field("closedate", "", "datetime", ""), App: field("close", "", "date", ""), Direction: configv1.Direction_DIRECTION_TO_HUBSPOT},
			{Hubspot: field("hubspot_owner_id", "", "owner", ""), App: field("owner_id", "", "owner", ""), Owners: []*configv1.OwnerLine{{Hubspot: "1", App: "2"}, {Hubspot: "3", App: "4"}, {Hubspot: "5"}}, DefaultAppOwner: "599"},
		},
	}
	contacts := &configv1.Sync{
		Workspace: "acme", Name: "contacts", Object: "contact", HubspotConnection: "hubspot", AppConnection: "pipedrive-main", WindowMs: 300_000,
		Match: []*configv1.MatchRule{{Name: "email", HubspotField: "email", AppField: "email"}},
	}
	return &configv1.ListSyncsResponse{Syncs: []*configv1.SyncStatus{
		{Sync: contacts, Progress: &configv1.Progress{Phase: "done", Read: 40, Total: 40}},
		{Sync: deals, Progress: &configv1.Progress{Phase: "reading", Read: 120, Total: 400, Pending: 35, LeftMs: 125_400}},
	}}, nil
}
