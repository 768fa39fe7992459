package configure

import (
	"context"
	"log/slog"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// SetPaused pauses a sync or lets it go on where it stopped (R13).
func (s *Service) SetPaused(ctx context.Context, req *configv1.SetPausedRequest) (*configv1.SetPausedResponse, error) {
	resp := &configv1.SetPausedResponse{}
	_, err := s.store.Update(ctx, func(now *store.State) ([]*store.Workspace, error) {
		w := now.Workspaces[req.GetWorkspace()]
		if w == nil || w.Syncs[req.GetSync()] == nil {
			return nil, notFound("sync", req.GetWorkspace(), req.GetSync())
		}
		resp.Sync = w.Syncs[req.GetSync()].Resolved.Sync
		if resp.GetSync().GetPaused() == req.GetPaused() {
			return nil, nil
		}
		next, err := w.Clone(w.Name)
		if err != nil {
			return nil, err
		}
		resp.Sync = next.Syncs[req.GetSync()].Resolved.Sync
		resp.Sync.Paused, resp.Sync.Revision = req.GetPaused(), now.Revision+1
		return []*store.Workspace{next}, nil
	})
	if err != nil {
		return nil, rpcError(err)
	}
	slog.InfoContext(ctx, "config.paused", "workspace", req.GetWorkspace(), "sync", req.GetSync(), "paused", req.GetPaused())
	return resp, nil
}

// GetSchema reads what an app account has now.
func (s *Service) GetSchema(ctx context.Context, req *configv1.GetSchemaRequest) (*configv1.GetSchemaResponse, error) {
	c, err := s.connection(req.GetWorkspace(), req.GetConnection())
	if err != nil {
		return nil, rpcError(err)
	}
	if app := s.apps[c.Spec.App]; !app.Shares(req.GetObject()) {
		return nil, rpcError(invalid("%s does not share %q; it shares: %v", app.Title, req.GetObject(), app.Objects))
	}
	secrets, err := s.open(req.GetWorkspace(), req.GetConnection(), c.Sealed)
	if err != nil {
		return nil, rpcError(err)
	}
	tokens := tokenSource{s, account{req.GetWorkspace(), req.GetConnection(), c.Spec, secrets}}
	schema, err := s.deps.Schemas.Schema(ctx, s.protoConnection(req.GetWorkspace(), req.GetConnection(), c), tokens, deal.Object(req.GetObject()))
	if err != nil {
		return nil, rpcError(err)
	}
	return protoSchema(schema), nil
}

func protoSchema(schema *connector.Schema) *configv1.GetSchemaResponse {
	resp := &configv1.GetSchemaResponse{}
	for _, p := range schema.Pipelines {
		pipeline := &configv1.SchemaPipeline{Id: p.ID, Label: p.Label}
		for _, st := range p.Stages {
			pipeline.Stages = append(pipeline.Stages, &configv1.SchemaStage{Id: st.ID, Label: st.Label, Closed: st.Closed, Won: st.Won})
		}
		resp.Pipelines = append(resp.Pipelines, pipeline)
	}
	for _, f := range schema.Fields {
		resp.Fields = append(resp.Fields, &configv1.SchemaField{Name: f.Name, Label: f.Label, Type: string(f.Type), ReadOnly: f.ReadOnly})
	}
	return resp
}
