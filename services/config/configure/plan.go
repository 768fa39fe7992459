package configure

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/plan"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// codePlanChanged is the code of a plan that does not hold any more.
const codePlanChanged = "plan_changed"

// Plan says what documents would do to live data, and writes nothing (B2). It
// tells how far it is while it reads; the last message holds the plan, or the
// problems that an apply would refuse the documents for.
func (s *Service) Plan(req *configv1.PlanRequest, stream configv1.AdminService_PlanServer) error {
	_, made, problems, err := s.plan(stream.Context(), req.GetDocuments(), func(reading string, read int) error {
		return stream.Send(&configv1.PlanResponse{Reading: reading, Read: int64(read)})
	})
	switch {
	case err != nil:
		return rpcError(fmt.Errorf("plan: %w", err))
	case len(problems) > 0:
		return stream.Send(&configv1.PlanResponse{Problems: protoProblems(problems)})
	}
	return stream.Send(&configv1.PlanResponse{Plan: made})
}

// holds makes sure that a plan is what would happen now, and answers the
// versions of the workspaces that this is true of.
func (s *Service) holds(ctx context.Context, documents []*configv1.Document, id string) (versions map[string]string, problems []document.Problem, err error) {
	v, made, problems, err := s.plan(ctx, documents, func(string, int) error { return nil })
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	if made.GetId() != id {
		return nil, nil, fault.New(fault.Rejected, codePlanChanged,
			"plan %s does not hold any more: the data or the configuration has changed since; now it is plan %s: look at it with dealsync plan, then apply that", id, made.GetId())
	}
	return v.versions, nil, nil
}

// plan works out what documents would do. tell hears how far the reading is.
func (s *Service) plan(ctx context.Context, documents []*configv1.Document, tell func(reading string, read int) error) (*outlook, *configv1.Plan, []document.Problem, error) {
	v, problems, err := s.outlook(ctx, documents)
	if err != nil || len(problems) > 0 {
		return nil, nil, problems, err
	}
	f := &foresight{outlook: v, tell: tell, now: time.Now(), results: map[string]*plan.Result{}, pairs: map[string]*pairs{}}
	made := &configv1.Plan{Changes: v.applied}
	// Associations need to know what becomes of the records that they lead to.
	for _, y := range settings.ParentsFirst(v.syncs) {
		p, err := f.sync(ctx, y)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("sync %s: %w", y.GetName(), err)
		}
		made.Syncs = append(made.Syncs, p)
	}
	made.Id, err = planID(made, documents)
	return v, made, nil, err
}

// planID is a short name of what the plan says and of the documents, without
// what may differ between two readings of the same: calls, times, examples.
func planID(p *configv1.Plan, documents []*configv1.Document) (string, error) {
	p = proto.CloneOf(p)
	for _, y := range p.GetSyncs() {
		y.Millis, y.Examples = 0, nil
		for _, side := range []*configv1.SidePlan{y.GetHubspot(), y.GetApp()} {
			side.ReadCalls, side.WriteCalls = 0, 0
		}
	}
	h := sha256.New()
	for _, m := range []proto.Message{p, &configv1.PlanRequest{Documents: documents}} {
		content, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			return "", fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode a plan: %w", err))
		}
		h.Write(content)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10])), nil
}

// protoPlan is a sync's plan for people's tools.
func protoPlan(y *configv1.Sync, r *plan.Result, hubspot, app *reading) *configv1.SyncPlan {
	p := &configv1.SyncPlan{
		Workspace: y.GetWorkspace(), Sync: y.GetName(), Object: y.GetObject(),
		Hubspot: protoSide(r, deal.HubSpot, hubspot), App: protoSide(r, deal.App, app),
		Paired: int64(r.Paired), Matched: int64(r.Matched), Conflicts: int64(r.Conflicts),
		Associations:     int64(r.HubSpot.Associations + r.App.Associations),
		AssociationLines: y.GetAssociations(), Failing: counts(r.Failing),
	}
	// The two accounts are written at the same time.
	p.Millis = max(hubspot.account.Takes(int(p.GetHubspot().GetWriteCalls())), app.account.Takes(int(p.GetApp().GetWriteCalls()))).Milliseconds()
	for _, e := range r.Examples {
		p.Examples = append(p.Examples, &configv1.PlanExample{Kind: e.Kind, Side: event.ProtoSide(e.Side), Record: e.ID, Title: e.Title, Detail: e.Detail})
	}
	return p
}

func protoSide(r *plan.Result, s deal.Side, from *reading) *configv1.SidePlan {
	side := r.On(s)
	return &configv1.SidePlan{
		Records: int64(side.Records), Creates: int64(side.Creates), Updates: int64(side.Updates), Excluded: counts(side.Excluded),
		ReadCalls: int64(from.calls), WriteCalls: int64(r.WriteCalls(s, from.account)),
	}
}

func counts(of map[string]int) map[string]int64 {
	all := make(map[string]int64, len(of))
	for name, n := range of {
		all[name] = int64(n)
	}
	return all
}

// policyOf is what a plan needs of a sync's settings.
func policyOf(y *configv1.Sync) plan.Policy {
	p := plan.Policy{Ways: settings.WaysOf(y.GetDirection()), Winner: settings.WinnerOf(y), WindowMs: y.GetWindowMs()}
	for _, l := range y.GetAssociations() {
		p.Lines = append(p.Lines, plan.Line{
			Object: deal.Object(l.GetObject()), Sync: l.GetSync(), HubSpotMany: l.GetHubspot().GetMany(), AppMany: l.GetApp().GetMany(),
		})
	}
	return p
}
