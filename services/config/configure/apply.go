package configure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dealsync/dealsync/libs/fault"
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
	var planned map[string]string // versions of workspaces; another tenant's changes do not matter
	if req.GetPlan() != "" {
		var problems []document.Problem
		var err error
		if planned, problems, err = s.holds(ctx, req.GetDocuments(), req.GetPlan()); err != nil {
			return nil, rpcError(fmt.Errorf("apply: %w", err))
		}
		if len(problems) > 0 {
			return s.refuse(ctx, len(req.GetDocuments()), problems), nil
		}
	}
	p, err := s.newChange(req.GetDocuments())
	if err != nil {
		return nil, rpcError(fmt.Errorf("apply: %w", err))
	}
	var state *store.State
	if req.GetDryRun() {
		if state, err = s.store.Fresh(ctx); err == nil {
			_, err = p.workOut(ctx, state)
		}
	} else {
		state, err = s.store.Update(ctx, func(now *store.State) ([]*store.Workspace, error) {
			for workspace, version := range planned {
				if now.Version(workspace) != version {
					return nil, fault.New(fault.Rejected, codePlanChanged, "workspace %s has changed while the plan was checked; try again", workspace)
				}
			}
			return p.workOut(ctx, now)
		})
	}
	if r, ok := errors.AsType[*refused](err); ok {
		document.Sort(r.problems)
		return s.refuse(ctx, len(p.docs), r.problems), nil
	}
	if err != nil {
		return nil, rpcError(fmt.Errorf("apply: %w", err))
	}
	slog.InfoContext(ctx, "config.applied", "documents", len(p.docs), "changed", p.count(), "revision", state.Revision, "dry_run", req.GetDryRun())
	return &configv1.ApplyResponse{Applied: p.applied, Revision: state.Revision}, nil
}

// refuse answers that nothing was stored, and why.
func (s *Service) refuse(ctx context.Context, documents int, problems []document.Problem) *configv1.ApplyResponse {
	slog.InfoContext(ctx, "config.refused", "documents", documents, "problems", len(problems), "first", problems[0].Code)
	return &configv1.ApplyResponse{Problems: protoProblems(problems), Revision: s.store.State().Revision}
}

// newChange reads documents; what is wrong with them is found when it is worked out.
func (s *Service) newChange(documents []*configv1.Document) (*change, error) {
	if len(documents) == 0 {
		return nil, invalid("no documents")
	}
	files := make([]document.File, 0, len(documents))
	for _, d := range documents {
		files = append(files, document.File{Name: d.GetFile(), Content: d.GetContent()})
	}
	docs, problems := document.Parse(files, s.apps)
	return &change{service: s, docs: docs, problems: problems, schemas: map[string]*schemaResult{}}, nil
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
