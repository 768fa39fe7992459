package configure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// refused ends a change because of problems in the documents.
type refused struct{ problems []document.Problem }

func (r *refused) Error() string { return fmt.Sprintf("%d problems in the documents", len(r.problems)) }

// Apply takes documents as a whole: all are stored, or none. Whoever commits
// meanwhile makes it look again at what is stored then.
func (s *Service) Apply(ctx context.Context, req *configv1.ApplyRequest) (*configv1.ApplyResponse, error) {
	if req.GetPlan() != "" {
		return nil, status.Error(codes.Unimplemented, "apply: plans can't be checked")
	}
	p, err := s.newPlanner(req.GetDocuments())
	if err != nil {
		return nil, rpcError(fmt.Errorf("apply: %w", err))
	}
	var state *store.State
	if req.GetDryRun() {
		if state, err = s.store.Fresh(ctx); err == nil {
			_, err = p.plan(ctx, state)
		}
	} else {
		state, err = s.store.Update(ctx, func(now *store.State) ([]*store.Workspace, error) { return p.plan(ctx, now) })
	}
	if r, ok := errors.AsType[*refused](err); ok {
		document.Sort(r.problems)
		slog.InfoContext(ctx, "config.refused", "documents", len(p.docs), "problems", len(r.problems), "first", r.problems[0].Code)
		return &configv1.ApplyResponse{Problems: protoProblems(r.problems), Revision: s.store.State().Revision}, nil
	}
	if err != nil {
		return nil, rpcError(fmt.Errorf("apply: %w", err))
	}
	slog.InfoContext(ctx, "config.applied", "documents", len(p.docs), "changed", p.changes(), "revision", state.Revision, "dry_run", req.GetDryRun())
	return &configv1.ApplyResponse{Applied: p.applied, Revision: state.Revision}, nil
}

// newPlanner reads documents; what is wrong with them is found when planning.
func (s *Service) newPlanner(documents []*configv1.Document) (*planner, error) {
	if len(documents) == 0 {
		return nil, invalid("no documents")
	}
	files := make([]document.File, 0, len(documents))
	for _, d := range documents {
		files = append(files, document.File{Name: d.GetFile(), Content: d.GetContent()})
	}
	docs, problems := document.Parse(files, s.apps)
	return &planner{service: s, docs: docs, problems: problems, schemas: map[string]*schemaResult{}}, nil
}

func protoProblems(problems []document.Problem) []*configv1.Problem {
	list := make([]*configv1.Problem, 0, len(problems))
	for _, p := range problems {
		list = append(list, &configv1.Problem{File: p.File, Line: int32(p.Line), Column: int32(p.Column), Code: p.Code, Message: p.Message}) //nolint:gosec // a file of a megabyte has no 2^31 lines
	}
	return list
}

// Export gives the stored documents back as YAML. Secrets say that they are
// stored; applied again they stay as they are.
func (s *Service) Export(ctx context.Context, req *configv1.ExportRequest) (*configv1.ExportResponse, error) {
	state, err := s.store.Fresh(ctx)
	if err != nil {
		return nil, rpcError(fmt.Errorf("export: %w", err))
	}
	only := req.GetWorkspace()
	if only != "" && state.Workspaces[only] == nil {
		return nil, rpcError(noWorkspace(only))
	}
	var docs []*document.Document
	for name, w := range sorted(state.Workspaces) {
		if only != "" && name != only {
			continue
		}
		docs = append(docs, &document.Document{Kind: document.KindWorkspace, Metadata: document.Metadata{Name: name}, Workspace: &document.WorkspaceSpec{Title: w.Title}})
		for c, connection := range sorted(w.Connections) {
			docs = append(docs, &document.Document{Kind: document.KindConnection, Metadata: document.Metadata{Workspace: name, Name: c}, Connection: connection.Spec})
		}
		for y, sync := range sorted(w.Syncs) {
			docs = append(docs, &document.Document{Kind: document.KindSync, Metadata: document.Metadata{Workspace: name, Name: y}, Sync: sync.Spec})
		}
	}
	content, err := document.Encode(docs)
	if err != nil {
		return nil, rpcError(fmt.Errorf("export: %w", err))
	}
	return &configv1.ExportResponse{Content: content}, nil
}
