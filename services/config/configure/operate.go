package configure

import (
	"context"
	"log/slog"
	"time"

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

// Backfill has all records of a sync read again (R13). A re-run writes nothing
// where nothing differs. The settings stay as they are, and so does their
// revision.
func (s *Service) Backfill(ctx context.Context, req *configv1.BackfillRequest) (*configv1.BackfillResponse, error) {
	resp := &configv1.BackfillResponse{}
	_, err := s.store.Update(ctx, func(now *store.State) ([]*store.Workspace, error) {
		w := now.Workspaces[req.GetWorkspace()]
		if w == nil || w.Syncs[req.GetSync()] == nil {
			return nil, notFound("sync", req.GetWorkspace(), req.GetSync())
		}
		next, err := w.Clone(w.Name)
		if err != nil {
			return nil, err
		}
		resp.Sync = next.Syncs[req.GetSync()].Resolved.Sync
		resp.Sync.BackfillMs = max(time.Now().UnixMilli(), resp.GetSync().GetBackfillMs()+1)
		return []*store.Workspace{next}, nil
	})
	if err != nil {
		return nil, rpcError(err)
	}
	slog.InfoContext(ctx, "config.backfill", "workspace", req.GetWorkspace(), "sync", req.GetSync())
	return resp, nil
}
