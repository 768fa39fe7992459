package propose

import (
	"context"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// associations are all that the record has of the objects that sync, each with
// the associated record's counterpart (R16). The resolver takes them for the
// whole, so every image carries them.
//
// One without a counterpart is waited for. That is noted when an association is
// new or the record is told as a whole, not at every edit, and noted before the
// last look, so that a counterpart that comes meanwhile is either seen here or
// wakes us.
func (s *Service) associations(ctx context.Context, t *task) ([]*eventv1.Association, error) {
	if t.change.GetDeleted() {
		return nil, nil
	}
	var all []*eventv1.Association
	for _, line := range t.sync.GetAssociations() {
		field := settings.EndOf(line, t.side).GetField()
		news := t.offered() || slices.Contains(t.change.GetChanged(), field)
		for _, id := range deal.Refs(t.change.GetFields()[field].GetValue()) {
			end := Ref{t.sync.GetWorkspace(), t.change.GetConnection(), line.GetObject(), id}
			other, err := s.counterpart(ctx, t, line.GetSync(), end, news)
			if err != nil {
				return nil, err
			}
			all = append(all, &eventv1.Association{Object: line.GetObject(), Own: id, Other: other})
		}
	}
	return all, nil
}

func (s *Service) counterpart(ctx context.Context, t *task, sync string, end Ref, wait bool) (string, error) {
	link, err := s.deps.Ledger.Link(ctx, end, sync)
	if err != nil {
		return "", err
	}
	if link != "" {
		pair, err := s.pair(ctx, end.Workspace, sync, t.side, link)
		if err != nil {
			return "", err
		}
		if pair.Whole() {
			return pair.Counterpart(), nil
		}
	}
	if !wait {
		return "", nil
	}
	if err := s.deps.Ledger.Wait(ctx, end.Workspace, sync, t.side, end.Record, t.ref()); err != nil {
		return "", err
	}
	if link, err = s.deps.Ledger.LinkNow(ctx, end, sync); err != nil || link == "" {
		return "", err
	}
	pair, err := s.pairNow(ctx, end.Workspace, sync, t.side, link)
	return pair.Counterpart(), err
}
