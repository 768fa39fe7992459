package configure

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/config/internal/resolve"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// CreatePipeline makes a HubSpot pipeline with the stages of one of the app's,
// won and lost among them, and answers how the two are mapped, one to one (R14).
// One that was made before is found again.
func (s *Service) CreatePipeline(ctx context.Context, req *configv1.CreatePipelineRequest) (*configv1.CreatePipelineResponse, error) {
	hubspot, app, err := s.bothSides(req.GetWorkspace(), req.GetHubspotConnection(), req.GetConnection())
	if err != nil {
		return nil, rpcError(err)
	}
	from, err := appPipeline(ctx, app, req.GetAppPipeline())
	if err != nil {
		return nil, rpcError(err)
	}
	wanted := likeIt(from, req.GetTitle())
	made, existed, err := hubspot.CreatePipeline(connector.WithLane(ctx, connector.LanePeople), deal.Deals, wanted)
	if err != nil {
		return nil, rpcError(err)
	}
	mapping, err := oneToOne(from, wanted, &made)
	if err != nil {
		return nil, rpcError(err)
	}
	slog.InfoContext(ctx, "config.pipeline_made", "workspace", req.GetWorkspace(), "connection", req.GetConnection(),
		"pipeline", made.ID, "stages", len(made.Stages), "existed", existed)
	return &configv1.CreatePipelineResponse{Pipeline: protoPipeline(&made), Existed: existed, Mapping: mapping}, nil
}

// bothSides connects the two sides of a sync that is yet to be; hubspot may be
// empty where the workspace has only one.
func (s *Service) bothSides(workspace, hubspot, app string) (h, a connected, err error) {
	if a, err = s.connect(workspace, app); err != nil {
		return h, a, err
	}
	if a.app == hubspotApp {
		return h, a, fault.New(fault.Invalid, "wrong_app", "connection %s is of HubSpot; name one of an app", app)
	}
	if hubspot == "" {
		var all []string
		for name, c := range sorted(s.store.State().Workspaces[workspace].Connections) {
			if c.Spec.App == hubspotApp {
				all = append(all, name)
			}
		}
		switch len(all) {
		case 0:
			return h, a, fault.New(fault.NotFound, "unknown_connection", "workspace %s has no HubSpot connection", workspace)
		case 1:
			hubspot = all[0]
		default:
			return h, a, fault.New(fault.Invalid, "bad_request", "workspace %s has several HubSpot connections; name one: %s", workspace, list(all))
		}
	}
	if h, err = s.connect(workspace, hubspot); err == nil && h.app != hubspotApp {
		err = fault.New(fault.Invalid, "wrong_app", "connection %s is of %s, not of HubSpot", hubspot, h.manifest.Title)
	}
	return h, a, err
}

// appPipeline asks the app now: a person has just looked at it.
func appPipeline(ctx context.Context, app connected, id string) (*connector.Pipeline, error) {
	if !app.manifest.Shares(deal.Deals) {
		return nil, fault.New(fault.Invalid, "object_not_shared", "%s does not share deals, so it has no pipelines", app.manifest.Title)
	}
	schema, err := readSchema(ctx, app.Refresh, deal.Deals)
	if err != nil {
		return nil, err
	}
	if code, message := resolve.StagesMissing(&app.manifest, schema); code != "" {
		return nil, fault.New(fault.Rejected, code, "%s", message)
	}
	return pipelineOf(&app, schema, id)
}

// pipelineOf finds a pipeline, or says which ones there are.
func pipelineOf(of *connected, schema *connector.Schema, id string) (*connector.Pipeline, error) {
	var known []string
	for i := range schema.Pipelines {
		if schema.Pipelines[i].ID == id {
			return &schema.Pipelines[i], nil
		}
		known = append(known, fmt.Sprintf("%s (%s)", schema.Pipelines[i].ID, schema.Pipelines[i].Label))
	}
	return nil, fault.New(fault.NotFound, "unknown_pipeline", "%s has no pipeline %q; there are: %s", of.manifest.Title, id, list(known))
}

// likeIt is a pipeline like the app's. HubSpot wants stages to have labels of
// their own, so a repeated one is numbered.
func likeIt(from *connector.Pipeline, title string) connector.Pipeline {
	like := connector.Pipeline{Label: title}
	if title == "" {
		like.Label = from.Label
	}
	taken := map[string]bool{}
	for _, st := range from.Stages {
		label := st.Label
		for n := 2; taken[label]; n++ {
			label = fmt.Sprintf("%s (%d)", st.Label, n)
		}
		taken[label] = true
		like.Stages = append(like.Stages, connector.Stage{Label: label, Closed: st.Closed, Won: st.Won, Probability: st.Probability})
	}
	return like
}

// oneToOne maps each stage of made to the one of from that it was made after.
// People may have put them into another order since: labels decide.
func oneToOne(from *connector.Pipeline, wanted connector.Pipeline, made *connector.Pipeline) (*configv1.Pipeline, error) {
	mapping := &configv1.Pipeline{Hubspot: made.ID, App: from.ID}
	for i, st := range from.Stages {
		at := slices.IndexFunc(made.Stages, func(m connector.Stage) bool { return m.Label == wanted.Stages[i].Label })
		if at < 0 {
			return nil, fmt.Errorf("pipeline %s was made without stage %q", made.ID, wanted.Stages[i].Label)
		}
		mapping.Stages = append(mapping.Stages, &configv1.Stage{
			Hubspot: made.Stages[at].ID, App: st.ID, HubspotLabel: made.Stages[at].Label, AppLabel: st.Label,
		})
	}
	return mapping, nil
}
