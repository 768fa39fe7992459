package configure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Page sizes of lists.
const (
	defaultPage = 100
	maxPage     = 1000
)

func pageSize(asked int32) (int, error) {
	switch {
	case asked < 0:
		return 0, invalid("page size %d is less than 0", asked)
	case asked == 0:
		return defaultPage, nil
	default:
		return min(int(asked), maxPage), nil
	}
}

// workspaces are the ones asked for: one, or all when name is empty.
func (s *Service) workspaces(name string) (map[string]*store.Workspace, error) {
	all := s.store.State().Workspaces
	if name == "" {
		return all, nil
	}
	if w := all[name]; w != nil {
		return map[string]*store.Workspace{name: w}, nil
	}
	return nil, noWorkspace(name)
}

// ListConnections lists connections without their secrets.
func (s *Service) ListConnections(_ context.Context, req *configv1.ListConnectionsRequest) (*configv1.ListConnectionsResponse, error) {
	workspaces, err := s.workspaces(req.GetWorkspace())
	if err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.ListConnectionsResponse{}
	for name, w := range sorted(workspaces) {
		for c, connection := range sorted(w.Connections) {
			resp.Connections = append(resp.Connections, s.protoConnection(name, c, connection))
		}
	}
	return resp, nil
}

// ListSyncs lists syncs with how far their backfills are.
func (s *Service) ListSyncs(ctx context.Context, req *configv1.ListSyncsRequest) (*configv1.ListSyncsResponse, error) {
	workspaces, err := s.workspaces(req.GetWorkspace())
	if err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.ListSyncsResponse{}
	for _, w := range sorted(workspaces) {
		for _, sync := range sorted(w.Syncs) {
			status, err := s.syncStatus(ctx, sync.Resolved.Sync)
			if err != nil {
				return nil, rpcError(err)
			}
			resp.Syncs = append(resp.Syncs, status)
		}
	}
	return resp, nil
}

func (s *Service) syncStatus(ctx context.Context, sync *configv1.Sync) (*configv1.SyncStatus, error) {
	status := &configv1.SyncStatus{Sync: sync, Backfill: map[string]*ledgerv1.Cursor{}}
	for side, connection := range connectionsOf(sync) {
		cursor, err := s.cursor(ctx, sync, connection, ledger.BackfillCursor)
		if err != nil {
			return nil, err
		}
		if cursor != nil {
			status.Backfill[side.String()] = cursor
		}
	}
	matched, err := s.cursor(ctx, sync, sync.GetHubspotConnection(), ledger.MatchCursor)
	if err != nil {
		return nil, err
	}
	if status.Progress, err = s.progress(ctx, sync, status.GetBackfill(), matched); err != nil {
		return nil, err
	}
	return status, nil
}

// cursor reads a cursor of a sync; nil when there is none.
func (s *Service) cursor(ctx context.Context, sync *configv1.Sync, connection, kind string) (*ledgerv1.Cursor, error) {
	key := ledger.CursorKey(sync.GetWorkspace(), connection, sync.GetObject(), kind+sync.GetName())
	cursor, err := s.deps.Ledger.Cursors.Fresh(ctx, key)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, fmt.Errorf("read how far %s is: %w", sync.GetName(), err)
	}
	return cursor.Doc, nil
}

func connectionsOf(sync *configv1.Sync) map[deal.Side]string {
	return map[deal.Side]string{deal.HubSpot: sync.GetHubspotConnection(), deal.App: sync.GetAppConnection()}
}

// sync finds a stored sync.
func (s *Service) sync(workspace, name string) (*configv1.Sync, error) {
	if w := s.store.State().Workspaces[workspace]; w != nil && w.Syncs[name] != nil {
		return w.Syncs[name].Resolved.Sync, nil
	}
	return nil, notFound("sync", workspace, name)
}

// ListPairs lists pairs in the order of sync and id. A first page also counts
// them all; it, and a page that is narrowed down, reads every pair once.
func (s *Service) ListPairs(ctx context.Context, req *configv1.ListPairsRequest) (*configv1.ListPairsResponse, error) {
	size, err := pageSize(req.GetPageSize())
	if err != nil {
		return nil, rpcError(err)
	}
	prefix, err := s.pairPrefix(req.GetWorkspace(), req.GetSync())
	if err != nil {
		return nil, rpcError(err)
	}
	page := pairPage{request: req, size: size}
	first := req.GetPageToken() == ""
	if !first && !page.narrowed() {
		items, err := s.deps.Ledger.Pairs.List(ctx, prefix, ledger.Key(req.GetPageToken()), size+1)
		if err != nil {
			return nil, rpcError(fmt.Errorf("list pairs: %w", err))
		}
		page.items = items
		return page.response()
	}
	totals := map[string]int64{}
	err = s.deps.Ledger.Pairs.Each(ctx, prefix, func(item ledger.Item[*ledgerv1.Pair]) error {
		if !ended(item.Doc) {
			totals[statusOf(item.Doc)]++
			page.offer(item)
		}
		return nil
	})
	if err != nil {
		return nil, rpcError(fmt.Errorf("list pairs: %w", err))
	}
	resp, err := page.response()
	if first && err == nil {
		resp.Totals = totals
	}
	return resp, err
}

func (s *Service) pairPrefix(workspace, sync string) (ledger.Key, error) {
	if sync == "" {
		_, err := s.workspaces(workspace)
		if workspace == "" {
			err = invalid("list pairs: name a workspace")
		}
		return ledger.Prefix(workspace), err
	}
	_, err := s.sync(workspace, sync)
	return ledger.Prefix(workspace, sync), err
}

// ended tells a pair whose only record belongs to another pair now. It is kept
// for its journal; the record is listed with the other one.
func ended(p *ledgerv1.Pair) bool { return p.GetFoldedInto() != "" }

// statusOf is a pair's status, with its reason when it has one.
func statusOf(p *ledgerv1.Pair) string {
	if p.GetReason() == "" {
		return p.GetStatus()
	}
	return p.GetStatus() + ": " + p.GetReason()
}

// pairPage gathers the first pairs behind the page token, without holding all.
type pairPage struct {
	request *configv1.ListPairsRequest
	size    int
	items   []ledger.Item[*ledgerv1.Pair]
}

func (p *pairPage) narrowed() bool {
	return p.request.GetStatus() != "" || p.request.GetRecord() != ""
}

func (p *pairPage) offer(item ledger.Item[*ledgerv1.Pair]) {
	pair := item.Doc
	record := p.request.GetRecord()
	switch {
	case item.Key <= ledger.Key(p.request.GetPageToken()),
		p.request.GetStatus() != "" && p.request.GetStatus() != pair.GetStatus(),
		record != "" && record != pair.GetHubspot().GetRecord() && record != pair.GetApp().GetRecord():
		return
	}
	p.items = append(p.items, item)
	if len(p.items) >= 4*(p.size+1) {
		p.cut()
	}
}

func (p *pairPage) cut() {
	slices.SortFunc(p.items, func(a, b ledger.Item[*ledgerv1.Pair]) int { return strings.Compare(string(a.Key), string(b.Key)) })
	if len(p.items) > p.size+1 {
		clear(p.items[p.size+1:])
		p.items = p.items[:p.size+1]
	}
}

func (p *pairPage) response() (*configv1.ListPairsResponse, error) {
	p.cut()
	resp := &configv1.ListPairsResponse{}
	if len(p.items) > p.size {
		p.items = p.items[:p.size]
		resp.NextPageToken = string(p.items[p.size-1].Key)
	}
	for _, item := range p.items {
		if ended(item.Doc) {
			continue // only the plain next page has any; it may be short
		}
		row, err := pairRow(item)
		if err != nil {
			return nil, rpcError(err)
		}
		resp.Pairs = append(resp.Pairs, row)
	}
	return resp, nil
}

func pairRow(item ledger.Item[*ledgerv1.Pair]) (*configv1.PairRow, error) {
	tokens, err := item.Key.Tokens()
	if err != nil {
		return nil, err
	}
	return &configv1.PairRow{Id: tokens[len(tokens)-1], Pair: item.Doc}, nil
}
