package configure

import (
	"context"
	"errors"
	"fmt"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// outlook is the configuration as documents would make it. Nothing of it is
// stored.
type outlook struct {
	service *Service
	// versions are those of the stored workspaces it was worked out from.
	versions map[string]string
	// applied says what the documents would change.
	applied []*configv1.Applied
	// syncs are the ones that the documents are about, resolved.
	syncs      []*configv1.Sync
	workspaces map[string]*store.Workspace
	snapshot   *settings.Snapshot
}

// outlook works out what documents would make of the stored configuration; or
// the problems that an apply would refuse them for.
func (s *Service) outlook(ctx context.Context, documents []*configv1.Document) (*outlook, []document.Problem, error) {
	p, err := s.newChange(documents)
	if err != nil {
		return nil, nil, err
	}
	state, err := s.store.Fresh(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err = p.workOut(ctx, state); err != nil {
		if r, ok := errors.AsType[*refused](err); ok {
			document.Sort(r.problems)
			return nil, r.problems, nil
		}
		return nil, nil, err
	}
	v := &outlook{service: s, versions: map[string]string{}, applied: p.applied, workspaces: p.next}
	raw := &configv1.Snapshot{}
	for name, w := range sorted(p.next) {
		v.versions[name] = state.Version(name)
		for _, sync := range sorted(w.Syncs) {
			raw.Syncs = append(raw.Syncs, sync.Resolved.Sync)
		}
	}
	v.snapshot = settings.NewSnapshot(raw)
	for _, d := range p.docs {
		if d.Kind == document.KindSync {
			v.syncs = append(v.syncs, p.next[d.Metadata.Workspace].Syncs[d.Metadata.Name].Resolved.Sync)
		}
	}
	return v, nil, nil
}

// open gives one side's account of a sync as it would be, with all fields that
// the syncs would want.
func (v *outlook) open(sync *configv1.Sync, side deal.Side) (*connector.Connector, error) {
	workspace, name := sync.GetWorkspace(), settings.ConnectionOf(sync, side)
	c := v.workspaces[workspace].Connections[name]
	if c == nil {
		return nil, fmt.Errorf("outlook of %s: %w", sync.GetName(), notFound("connection", workspace, name))
	}
	return v.service.openAccount(workspace, name, c, func(object deal.Object) []string {
		return v.snapshot.FieldsOf(workspace, name, object)
	})
}
