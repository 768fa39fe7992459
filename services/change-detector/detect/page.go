package detect

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/telemetry/names"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// page reads one page of a poll or backfill: publish what it holds, save the
// position, ask for the next page, then ack. The saved position is the truth; a
// notice that is behind it, or ahead of it after a power cut, only takes the run
// up again from there.
func (s *Service) page(ctx context.Context, app App, d *bus.Delivery, n *eventv1.Notice, p *eventv1.Page) error {
	at := place{n.GetWorkspace(), n.GetConnection(), deal.Object(p.GetObject()), d.Subject.Lane}
	kind, _ := ledger.SplitRun(p.GetRun())
	key := ledger.CursorKey(at.workspace, at.connection, string(at.object), kind)
	saved, err := s.deps.Cursors.Fresh(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return nil // its run has been given up
	}
	if err != nil {
		return err
	}
	c := saved.Doc
	switch {
	case c.GetRun() != p.GetRun() || c.GetDone():
		return nil // another run took its place, or it is over
	case s.paused(at.workspace, kind):
		return s.pause(ctx, key, saved)
	case p.GetNumber() != c.GetPages():
		return s.ask(ctx, at, c, "")
	}
	next, err := s.readPage(ctx, app, at, c)
	if err != nil {
		return fmt.Errorf("%s of %s of %s, page %d: %w", kind, at.object.Plural(), at.connection, c.GetPages(), err)
	}
	if _, err := s.deps.Cursors.Put(ctx, key, next, saved.Revision); err != nil {
		return err
	}
	if next.GetDone() {
		s.finished(ctx, at, kind, next)
		return nil
	}
	return s.ask(ctx, at, next, "")
}

// readPage reads the page at the saved position, looks at its records, and
// answers the position after it.
func (s *Service) readPage(ctx context.Context, app App, at place, c *ledgerv1.Cursor) (*ledgerv1.Cursor, error) {
	backfill := strings.HasPrefix(c.GetRun(), ledger.BackfillCursor)
	if backfill {
		ctx = connector.WithBulk(ctx)
	}
	page, err := app.Scan(ctx, connector.ScanRequest{
		Object: at.object, Since: moment(c.GetSinceMs()), Cursor: c.GetCursor(), Limit: s.cfg.PageSize,
	})
	if err != nil {
		return nil, err
	}
	errs := s.each(ctx, at, len(page.Records), func(ctx context.Context, i int) error {
		return s.look(ctx, app, s.listed(app, at, c.GetRun(), &page.Records[i], backfill))
	})
	for i, err := range errs {
		if passes(err) {
			return nil, err
		}
		if err != nil { // one bad record does not stop the others (N6)
			if err := s.setAside(ctx, at, c, page.Records[i].ID, err); err != nil {
				return nil, err
			}
		}
	}
	kind := ledger.PollCursor
	if backfill {
		kind = "backfill"
	}
	count(ctx, s.metrics.pages, 1, names.Scan, kind)
	return s.after(c, page), nil
}

// setAside asks for one record of a page that could not be taken in, in a notice
// of its own: that ends well, or parked with the reason and the record's name
// (N1).
func (s *Service) setAside(ctx context.Context, at place, c *ledgerv1.Cursor, record string, why error) error {
	s.log.ErrorContext(ctx, "record.failed", "workspace", at.workspace, "connection", at.connection,
		"object", string(at.object), "record", record, "run", c.GetRun(), "code", fault.CodeOf(why), "error", why.Error())
	n := &eventv1.Notice{
		Workspace: at.workspace, Connection: at.connection, ReceivedMs: s.now().UnixMilli(),
		Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{
			Object: string(at.object), Records: []string{record}, Read: true, Reason: c.GetRun(),
		}},
	}
	id := fmt.Sprintf("%s/%s/%s/%s/%d/%s", at.workspace, at.connection, at.object, c.GetRun(), c.GetPages(), record)
	m, err := event.Notice(n, at.object, at.lane, record, id)
	if err != nil {
		return err
	}
	return s.deps.Bus.Publish(ctx, m)
}

// listed is the look at a record of a page. A backfill offers every record, for
// a sync that has never seen them; a poll tells only what changed. Where the app
// knows better edit times than a listing gives, a record that differs is read;
// a backfill does so only for records that were known, not for a whole account.
func (s *Service) listed(app App, at place, run string, r *connector.Record, backfill bool) look {
	precise := app.Manifest().EditTimes
	l := look{
		place: at, record: r.ID, cause: eventv1.Cause_CAUSE_POLL, listing: true, ask: run,
		news: func(m *core.Merge) { m.Listed(recordOf(app, at.object, r)) },
		read: func(m *core.Merge, was core.Copy) bool {
			return precise && m.Approximate() && (!backfill || was.Complete)
		},
	}
	if backfill {
		l.cause, l.offer = eventv1.Cause_CAUSE_BACKFILL, true
	}
	return l
}

// after is the position after a page.
func (s *Service) after(c *ledgerv1.Cursor, page connector.Page) *ledgerv1.Cursor {
	next := proto.CloneOf(c)
	next.Cursor, next.Paused = page.Next, false
	next.Pages++
	next.Read += int64(len(page.Records))
	next.Total = total(c, page, next.GetRead())
	// Only what the first page was certain of holds for the whole run.
	if h := millis(page.Horizon); h != 0 && (next.GetHorizonMs() == 0 || h < next.GetHorizonMs()) {
		next.HorizonMs = h
	}
	if page.Next == "" {
		next.Done, next.FinishedMs = true, s.now().UnixMilli()
		next.Total = next.GetRead()
	}
	return next
}

// total is how many records a scan has in all, as far as is known; 0: nobody
// knows. What the app says of the whole replaces the guess that a run began with.
func total(c *ledgerv1.Cursor, page connector.Page, read int64) int64 {
	told, guess := int64(page.Total), c.GetTotal()
	switch {
	case told > 0 && c.GetPages() == 0:
		return max(told, read)
	case told == 0 && guess == 0:
		return 0
	default:
		return max(told, guess, read)
	}
}

// ask publishes the notice of a run's next page. again, when not empty, makes
// it another message than the one that seems to be lost.
func (s *Service) ask(ctx context.Context, at place, c *ledgerv1.Cursor, again string) error {
	backfill := strings.HasPrefix(c.GetRun(), ledger.BackfillCursor)
	lane := bus.Live
	if backfill {
		lane = bus.Bulk
	}
	n := &eventv1.Notice{
		Workspace: at.workspace, Connection: at.connection, ReceivedMs: s.now().UnixMilli(),
		Kind: &eventv1.Notice_Page{Page: &eventv1.Page{
			Object: string(at.object), Run: c.GetRun(), Backfill: backfill,
			Cursor: c.GetCursor(), SinceMs: c.GetSinceMs(), Number: c.GetPages(),
		}},
	}
	id := fmt.Sprintf("%s/%s/%s/%s/%d%s", at.workspace, at.connection, at.object, c.GetRun(), c.GetPages(), again)
	// One key for a run: its pages are one after the other also by accident.
	m, err := event.Notice(n, at.object, lane, c.GetRun(), id)
	if err != nil {
		return err
	}
	return s.deps.Bus.Publish(ctx, m)
}

// paused reports whether a backfill's sync is paused or gone. Polls never pause:
// what they find is known when the sync goes on.
func (s *Service) paused(workspace, kind string) bool {
	name, ok := strings.CutPrefix(kind, ledger.BackfillCursor)
	if !ok {
		return false
	}
	y := s.deps.Settings.Snapshot().Sync(workspace, name)
	return y == nil || y.GetPaused()
}

// pause marks the run; the scheduler takes it up again.
func (s *Service) pause(ctx context.Context, key ledger.Key, saved ledger.Entry[*ledgerv1.Cursor]) error {
	if saved.Doc.GetPaused() {
		return nil
	}
	next := proto.CloneOf(saved.Doc)
	next.Paused = true
	_, err := s.deps.Cursors.Put(ctx, key, next, saved.Revision)
	return err
}

func (s *Service) finished(ctx context.Context, at place, kind string, c *ledgerv1.Cursor) {
	if kind == ledger.PollCursor {
		return
	}
	s.log.InfoContext(ctx, "backfill.finished", "workspace", at.workspace, "connection", at.connection, "object", string(at.object),
		"run", c.GetRun(), "records", c.GetRead(), "pages", c.GetPages(), "duration_ms", c.GetFinishedMs()-c.GetStartedMs())
}
