package detect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// matching is how far the scheduler is with one sync: everything that was told
// of its records until its backfills ended must have passed the detector, then
// the mapper. A replica that takes over begins again, which only takes time.
type matching struct {
	run    string
	due    time.Time
	stages []bus.Stage // still to be passed, the first up to mark
	mark   uint64
	marked bool
	done   bool
}

// matchedRun names what a sync's records are to be matched under.
func matchedRun(y *configv1.Sync) string {
	return strconv.FormatUint(y.GetRevision(), 10) + ".matched@" + strconv.FormatInt(numberOf(y), 10)
}

// match offers all records of both sides again when both backfills have read
// everything and all of it has been taken in: until then nobody decided which
// records belong together. It is repeated when the rules have become others.
func (s *scheduler) match(ctx context.Context, y *configv1.Sync) error {
	if len(y.GetMatch()) == 0 || y.GetPaused() {
		return nil
	}
	name, run, now := y.GetWorkspace()+"/"+y.GetName(), matchedRun(y), s.now()
	m := s.matches[name]
	if m == nil || m.run != run {
		m = &matching{run: run, stages: []bus.Stage{bus.Notices, bus.Changes}}
		s.matches[name] = m
	}
	if m.done || now.Before(m.due) {
		return nil
	}
	key := matchKey(y)
	saved, exists, err := s.cursor(ctx, key)
	if err != nil {
		return err
	}
	same := exists && follows(saved.Doc, y)
	if same && saved.Doc.GetDone() {
		m.done = true
		return nil
	}
	if ready, err := s.allKnown(ctx, y); err != nil || !ready {
		m.due = now.Add(s.cfg.Settle)
		return err
	}
	if passed, err := s.passed(ctx, y, m); err != nil || !passed {
		return err
	}
	if !same {
		next := &ledgerv1.Cursor{Run: run, Cursor: settings.RulesOf(y), SinceMs: numberOf(y), StartedMs: now.UnixMilli()}
		if saved.Revision, err = s.deps.Cursors.Put(ctx, key, next, saved.Revision); err != nil {
			return err
		}
		saved.Doc = next
	}
	s.offerBoth(ctx, y, offering{run: saved.Doc.GetRun(), reason: "matched", connections: both(y), key: key, saved: saved})
	return nil
}

func matchKey(y *configv1.Sync) ledger.Key {
	return ledger.CursorKey(y.GetWorkspace(), y.GetHubspotConnection(), y.GetObject(), ledger.MatchCursor+y.GetName())
}

// follows reports whether a cursor is that of the sync's present backfills and
// match rules.
func follows(c *ledgerv1.Cursor, y *configv1.Sync) bool {
	return c.GetSinceMs() == numberOf(y) && c.GetCursor() == settings.RulesOf(y)
}

// matchedAll reports whether all records of a sync have been offered to be
// matched; one without match rules has nothing to wait for.
func (s *scheduler) matchedAll(ctx context.Context, y *configv1.Sync) (bool, error) {
	if len(y.GetMatch()) == 0 {
		return true, nil
	}
	saved, exists, err := s.cursor(ctx, matchKey(y))
	return err == nil && exists && follows(saved.Doc, y) && saved.Doc.GetDone(), err
}

// allKnown reports whether both backfills have read everything and records that
// were known before have been offered under these settings.
func (s *scheduler) allKnown(ctx context.Context, y *configv1.Sync) (bool, error) {
	for _, side := range settings.Scanned(y) {
		key, run := backfillOf(y, settings.ConnectionOf(y, side))
		saved, _, err := s.cursor(ctx, key)
		if err != nil || saved.Doc.GetRun() != run || !saved.Doc.GetDone() {
			return false, err
		}
	}
	o := s.offers[y.GetWorkspace()+"/"+y.GetName()]
	return o != nil && o.done, nil
}

// passed reports whether all that was told of both sides' records has passed
// every stage up to the mapper's end: stage after stage, since what one has yet
// to handle the next has yet to get.
func (s *scheduler) passed(ctx context.Context, y *configv1.Sync, m *matching) (bool, error) {
	for len(m.stages) > 0 {
		stage := m.stages[0]
		if !m.marked {
			mark, err := s.deps.Bus.Mark(ctx, stage)
			if err != nil {
				return false, err
			}
			m.mark, m.marked = mark, true
		}
		for _, connection := range both(y) {
			passed, err := s.deps.Bus.Passed(ctx, stage, y.GetWorkspace(), connection, y.GetObject(), m.mark)
			if err != nil {
				return false, fmt.Errorf("wait for what is told of %s: %w", connection, err)
			}
			if !passed {
				return false, nil
			}
		}
		m.stages, m.marked = slices.Delete(slices.Clone(m.stages), 0, 1), false
	}
	return true, nil
}

// both are the connections of a sync.
func both(y *configv1.Sync) []string {
	return []string{y.GetHubspotConnection(), y.GetAppConnection()}
}
