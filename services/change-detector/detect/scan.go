package detect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// scan is what the scheduler remembers of one kind of scan.
type scan struct {
	due time.Time
	// begun: this scheduler has started a run of it.
	begun bool
	// The progress last seen, since when, and how long it may stay so.
	run   string
	pages int32
	since time.Time
	wait  time.Duration
	// What the parents of a backfill last showed, and since when.
	parents      string
	parentsSince time.Time
}

// longestStall bounds the growing wait for a run that makes no progress.
const longestStall = 15 * time.Minute

// pollDefault is the interval of polls where neither the connection nor the
// app says one.
const pollDefault = time.Minute

// poll starts a poll when the interval is over. The first one after a start
// reaches further back: it brings what the bus may have lost in an unclean stop.
func (s *scheduler) poll(ctx context.Context, conn *configv1.Connection, object deal.Object) error {
	at := place{conn.GetWorkspace(), conn.GetName(), object, bus.Live}
	key := ledger.CursorKey(at.workspace, at.connection, string(object), ledger.PollCursor)
	sc, now := s.scan(key), s.now()
	if now.Before(sc.due) {
		return nil
	}
	app, err := s.deps.Apps.Get(ctx, at.workspace, at.connection)
	if err != nil {
		return err
	}
	saved, exists, err := s.cursor(ctx, key)
	if err != nil {
		return err
	}
	if exists && !saved.Doc.GetDone() {
		sc.due = now.Add(s.cfg.StallAfter / 3)
		return s.takeUp(ctx, at, key, sc, saved)
	}
	every := interval(conn, app.Manifest().PollEvery)
	if next := moment(saved.Doc.GetStartedMs()).Add(every); sc.begun && now.Before(next) {
		sc.due = next
		return nil
	}
	next := &ledgerv1.Cursor{
		Run: ledger.Run(ledger.PollCursor, now.UnixMilli()), SinceMs: s.pollSince(conn, object, saved.Doc, sc.begun).UnixMilli(), StartedMs: now.UnixMilli(),
	}
	if err := s.begin(ctx, at, key, sc, next, saved.Revision); err != nil {
		return err
	}
	sc.due = now.Add(min(every, s.cfg.StallAfter/3))
	return nil
}

// pollSince is where a poll begins: behind what the last one was certain of. The
// first one of an object leaves to the backfill what happened before it.
func (s *scheduler) pollSince(conn *configv1.Connection, object deal.Object, last *ledgerv1.Cursor, begun bool) time.Time {
	back := s.cfg.CatchUp
	if begun {
		back = s.cfg.Overlap
	}
	first := conn.GetActivatedMs()
	if syncs := s.deps.Settings.Snapshot().SyncsOf(conn.GetWorkspace(), conn.GetName(), object); first != 0 && len(syncs) > 0 {
		earliest := slices.MinFunc(syncs, func(a, b *configv1.Sync) int { return cmp.Compare(a.GetActivatedMs(), b.GetActivatedMs()) })
		first = max(first, earliest.GetActivatedMs())
	}
	for _, ms := range []int64{last.GetHorizonMs(), last.GetStartedMs(), first} {
		if ms != 0 {
			return moment(ms).Add(-back)
		}
	}
	return s.now().Add(-back)
}

func interval(conn *configv1.Connection, declared time.Duration) time.Duration {
	if ms := conn.GetPollMs(); ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	if declared > 0 {
		return declared
	}
	return pollDefault
}

// numberOf is the number of the backfill that a sync is to have: one for each
// activation, and for each time that somebody asked for another.
func numberOf(y *configv1.Sync) int64 { return max(y.GetActivatedMs(), y.GetBackfillMs()) }

// backfillOf is the cursor of a sync's backfill of one side, and the name of the
// run that it is to have.
func backfillOf(y *configv1.Sync, connection string) (key ledger.Key, run string) {
	kind := ledger.BackfillCursor + y.GetName()
	return ledger.CursorKey(y.GetWorkspace(), connection, y.GetObject(), kind), ledger.Run(kind, numberOf(y))
}

// backfill starts the scan of a side that this activation of the sync has not
// had yet, and takes up one that stands still (R13). It waits until both sides
// have the field that keeps creates from happening twice, and for the backfills
// of what the records are associated with.
func (s *scheduler) backfill(ctx context.Context, y *configv1.Sync, connection string) error {
	object := deal.Object(y.GetObject())
	at := place{y.GetWorkspace(), connection, object, bus.Bulk}
	key, run := backfillOf(y, connection)
	sc, now := s.scan(key), s.now()
	if now.Before(sc.due) || y.GetPaused() ||
		!s.provisioned(y.GetWorkspace(), y.GetHubspotConnection(), object) || !s.provisioned(y.GetWorkspace(), y.GetAppConnection(), object) {
		return nil
	}
	saved, exists, err := s.cursor(ctx, key)
	if err != nil {
		return err
	}
	switch {
	case !exists || saved.Doc.GetRun() != run:
		if wait, err := s.parentsFirst(ctx, y, sc); wait || err != nil {
			return err
		}
		next := &ledgerv1.Cursor{Run: run, StartedMs: now.UnixMilli()}
		if saved.Doc.GetDone() {
			next.Total = saved.Doc.GetRead() // a guess, until the app or the end tells
		}
		if err := s.begin(ctx, at, key, sc, next, saved.Revision); err != nil {
			return err
		}
		s.log.InfoContext(ctx, "backfill.started", "workspace", at.workspace, "connection", connection, "object", string(object), "run", run)
	case saved.Doc.GetDone():
		sc.due = now.Add(longestStall) // or until settings change
		return nil
	default:
		if err := s.takeUp(ctx, at, key, sc, saved); err != nil {
			return err
		}
	}
	sc.due = now.Add(s.cfg.StallAfter / 3)
	return nil
}

// begin saves a new run and asks for its first page. A crash in between is a
// run without progress, which is taken up.
func (s *scheduler) begin(ctx context.Context, at place, key ledger.Key, sc *scan, c *ledgerv1.Cursor, revision uint64) error {
	if _, err := s.deps.Cursors.Put(ctx, key, c, revision); err != nil {
		if fault.Is(err, fault.Conflict) {
			return nil // the state moved on; the next tick sees how
		}
		return err
	}
	sc.begun, sc.run, sc.pages, sc.since, sc.wait = true, c.GetRun(), 0, s.now(), s.cfg.StallAfter
	return s.ask(ctx, at, c, "")
}

// takeUp asks again for the next page of a run that was paused, or that made no
// progress for long: its notice may be lost. A page that is asked for twice is
// read once.
func (s *scheduler) takeUp(ctx context.Context, at place, key ledger.Key, sc *scan, saved ledger.Entry[*ledgerv1.Cursor]) error {
	c, now := saved.Doc, s.now()
	again := fmt.Sprintf("/again-%d", now.UnixMilli())
	if c.GetPaused() {
		next := proto.CloneOf(c)
		next.Paused = false
		if _, err := s.deps.Cursors.Put(ctx, key, next, saved.Revision); err != nil {
			return err
		}
		sc.run, sc.pages, sc.since, sc.wait = c.GetRun(), c.GetPages(), now, s.cfg.StallAfter
		return s.ask(ctx, at, next, again)
	}
	if sc.run != c.GetRun() || sc.pages != c.GetPages() {
		sc.run, sc.pages, sc.since, sc.wait = c.GetRun(), c.GetPages(), now, s.cfg.StallAfter
		return nil
	}
	if now.Sub(sc.since) < sc.wait {
		return nil
	}
	sc.since, sc.wait = now, min(2*sc.wait, longestStall)
	s.log.WarnContext(ctx, "scan.taken_up", "workspace", at.workspace, "connection", at.connection, "run", c.GetRun(), "page", c.GetPages())
	return s.ask(ctx, at, c, again)
}

func (s *scheduler) scan(key ledger.Key) *scan {
	if s.scans[string(key)] == nil {
		s.scans[string(key)] = &scan{}
	}
	return s.scans[string(key)]
}

func (s *scheduler) cursor(ctx context.Context, key ledger.Key) (saved ledger.Entry[*ledgerv1.Cursor], exists bool, err error) {
	saved, err = s.deps.Cursors.Fresh(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return ledger.Entry[*ledgerv1.Cursor]{}, false, nil
	}
	return saved, err == nil, err
}
