package configure

import (
	"context"
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// found is a pair with the sync it belongs to.
type found struct {
	sync *configv1.Sync
	id   string
	pair *ledgerv1.Pair
}

// GetPair finds a pair by its id, or by the id of a record on either side.
func (s *Service) GetPair(ctx context.Context, req *configv1.GetPairRequest) (*configv1.GetPairResponse, error) {
	f, err := s.findPair(ctx, req.GetWorkspace(), req.GetSync(), req.GetPair())
	if err != nil {
		return nil, rpcError(err)
	}
	return &configv1.GetPairResponse{Pair: &configv1.PairRow{Id: f.id, Pair: f.pair}}, nil
}

// findPair finds a pair by its id or a record's. only is the sync to look
// in; empty: all of the workspace.
func (s *Service) findPair(ctx context.Context, workspace, only, id string) (found, error) {
	w := s.store.State().Workspaces[workspace]
	if w == nil {
		return found{}, noWorkspace(workspace)
	}
	if id == "" {
		return found{}, invalid("name a pair, or a record of either side")
	}
	if only != "" && w.Syncs[only] == nil {
		return found{}, notFound("sync", workspace, only)
	}
	var all []found
	for name, sync := range sorted(w.Syncs) {
		if only != "" && name != only {
			continue
		}
		ids, err := s.pairIDs(ctx, sync.Resolved.Sync, id)
		if err != nil {
			return found{}, err
		}
		for _, pair := range ids {
			entry, err := s.deps.Ledger.Pairs.Fresh(ctx, ledger.PairKey(workspace, sync.Resolved.GetName(), pair))
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return found{}, fmt.Errorf("read pair %s: %w", pair, err)
			}
			all = append(all, found{sync.Resolved.Sync, pair, entry.Doc})
		}
	}
	switch len(all) {
	case 0:
		return found{}, fault.New(fault.NotFound, "unknown_pair", "workspace %q has no pair %q and no pair of a record %q", workspace, id, id)
	case 1:
		return all[0], nil
	}
	var which []string
	for _, f := range all {
		which = append(which, f.id+" (sync "+f.sync.GetName()+")")
	}
	return found{}, invalid("record %q is in several pairs; name one of them, or the sync (--sync): %s", id, strings.Join(which, ", "))
}

// pairIDs are the pairs that id may mean in a sync: itself, and those that a
// record of that id is linked to.
func (s *Service) pairIDs(ctx context.Context, sync *configv1.Sync, id string) ([]string, error) {
	ids := []string{id}
	for _, side := range []deal.Side{deal.HubSpot, deal.App} {
		key := ledger.LinkKey(sync.GetWorkspace(), connectionsOf(sync)[side], sync.GetObject(), id, sync.GetName())
		link, err := s.deps.Ledger.Links.Fresh(ctx, key)
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			return nil, fmt.Errorf("read the link of record %s: %w", id, err)
		case link.Doc.GetPair() != id && link.Doc.GetPair() != ids[len(ids)-1]:
			ids = append(ids, link.Doc.GetPair())
		}
	}
	return ids, nil
}

// GetJournal gives what happened to a pair, oldest first; with a limit the
// newest entries.
func (s *Service) GetJournal(ctx context.Context, req *configv1.GetJournalRequest) (*configv1.GetJournalResponse, error) {
	if req.GetLimit() < 0 {
		return nil, rpcError(invalid("limit %d is less than 0", req.GetLimit()))
	}
	f, err := s.findPair(ctx, req.GetWorkspace(), req.GetSync(), req.GetPair())
	if err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.GetJournalResponse{}
	query := bus.Query{Workspace: f.sync.GetWorkspace(), Connection: f.sync.GetAppConnection(), Object: f.sync.GetObject(), Key: f.id, Limit: maxPage}
	for {
		stored, err := s.deps.Bus.ReadJournal(ctx, query)
		if err != nil {
			return nil, rpcError(fmt.Errorf("read the journal of %s: %w", f.id, err))
		}
		for i := range stored {
			var j eventv1.Journal
			if err := event.Decode(&bus.Delivery{Message: stored[i].Message}, &j); err != nil {
				return nil, rpcError(err)
			}
			resp.Entries = append(resp.Entries, j.GetEntries()...)
			query.After = stored[i].Sequence
		}
		if len(stored) < maxPage {
			break
		}
	}
	if limit := int(req.GetLimit()); limit > 0 && len(resp.Entries) > limit {
		resp.Entries = resp.Entries[len(resp.Entries)-limit:]
	}
	return resp, nil
}
