package detect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// offer is what the scheduler remembers of a sync's settings.
type offer struct {
	run   string
	since time.Time
	done  bool
}

// offerTimeout bounds the listing of one side's copies.
const offerTimeout = 10 * time.Minute

// reoffer offers all copies of both sides again after a sync's settings
// changed, so that filters and mappings are applied to what is there already,
// and on each new day where a filter looks at today (R11). A sync that is new has
// its backfill for that.
func (s *scheduler) reoffer(ctx context.Context, y *configv1.Sync) error {
	name, now := y.GetWorkspace()+"/"+y.GetName(), s.now()
	run := strconv.FormatUint(y.GetRevision(), 10)
	if day := dayOf(y, now); day != "" {
		run += "." + day
	}
	o := s.offers[name]
	if o == nil || o.run != run {
		o = &offer{run: run, since: now}
		s.offers[name] = o
	}
	if o.done {
		return nil
	}
	key := ledger.CursorKey(y.GetWorkspace(), y.GetHubspotConnection(), y.GetObject(), ledger.OfferCursor+y.GetName())
	saved, exists, err := s.cursor(ctx, key)
	if err != nil {
		return err
	}
	switch {
	case !exists:
		_, err := s.deps.Cursors.Put(ctx, key, &ledgerv1.Cursor{Run: run, Done: true, StartedMs: now.UnixMilli()}, 0)
		return err
	case saved.Doc.GetRun() == run:
		o.done = true
		return nil
	case now.Sub(o.since) < s.cfg.Settle:
		return nil // other replicas may still map by the old settings
	}
	s.offerBoth(ctx, y, offering{
		run: run, reason: "settings", connections: both(y), key: key,
		saved: ledger.Entry[*ledgerv1.Cursor]{Doc: &ledgerv1.Cursor{Run: run, StartedMs: now.UnixMilli()}, Revision: saved.Revision},
	})
	return nil
}

// offering is one offer of all copies of some connections; saved is its cursor,
// as it becomes done.
type offering struct {
	run, reason string
	connections []string
	key         ledger.Key
	saved       ledger.Entry[*ledgerv1.Cursor]
}

// offerBoth makes an offering in the background and notes that it is done.
func (s *scheduler) offerBoth(ctx context.Context, y *configv1.Sync, o offering) {
	s.background(ctx, o.reason+" offer of "+y.GetWorkspace()+"/"+y.GetName(), func(ctx context.Context) error {
		n := 0
		for _, connection := range o.connections {
			offered, err := s.offerAll(ctx, y, connection, o)
			if err != nil {
				return err
			}
			n += offered
		}
		s.log.InfoContext(ctx, "records.offered", "workspace", y.GetWorkspace(), "sync", y.GetName(), "run", o.run, "reason", o.reason, "records", n)
		done := &ledgerv1.Cursor{
			Run: o.run, Cursor: o.saved.Doc.GetCursor(), SinceMs: o.saved.Doc.GetSinceMs(), StartedMs: o.saved.Doc.GetStartedMs(),
			Done: true, Read: int64(n), Total: int64(n), FinishedMs: s.now().UnixMilli(),
		}
		_, err := s.deps.Cursors.Put(ctx, o.key, done, o.saved.Revision)
		return err
	})
}

// offerAll asks for all copies of one side. Repeating it after a crash offers
// some twice, which changes nothing.
func (s *scheduler) offerAll(ctx context.Context, y *configv1.Sync, connection string, o offering) (int, error) {
	ids, err := s.known(ctx, y.GetWorkspace(), connection, y.GetObject())
	if err != nil {
		return 0, fmt.Errorf("list copies of %s: %w", connection, err)
	}
	for part := range slices.Chunk(ids, s.cfg.RefreshBatch) {
		n := &eventv1.Notice{
			Workspace: y.GetWorkspace(), Connection: connection, ReceivedMs: s.now().UnixMilli(),
			Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{Object: y.GetObject(), Records: part, Reason: o.reason}},
		}
		id := fmt.Sprintf("%s/%s/%s/%s/%s", y.GetWorkspace(), y.GetName(), connection, o.run, part[0])
		m, err := event.Notice(n, deal.Object(y.GetObject()), bus.Bulk, part[0], id)
		if err != nil {
			return 0, err
		}
		if err := s.deps.Bus.Publish(ctx, m); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// known are the ids of the live copies of a connection's object, in order.
func (s *scheduler) known(ctx context.Context, workspace, connection, object string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, offerTimeout)
	defer cancel()
	var ids []string
	err := s.deps.Records.Each(ctx, ledger.Prefix(workspace, connection, object), func(it ledger.Item[*ledgerv1.Record]) error {
		if it.Doc.GetDeleted() || !it.Doc.GetComplete() {
			return nil
		}
		tokens, err := it.Key.Tokens()
		if err != nil {
			return err
		}
		ids = append(ids, tokens[len(tokens)-1])
		return nil
	})
	slices.Sort(ids)
	return ids, err
}
