package pipedrive

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// overlap makes polls read again what clocks that are apart, or a list that is
// a little behind, might have hidden.
const overlap = time.Minute

// Scan implements connector.Driver: records that are not deleted, then the
// deleted ones where the app lists them, which it does for deals only. Archived
// deals are in neither: they can't be edited, and stay as they are.
func (d *Driver) Scan(ctx context.Context, req connector.ScanRequest) (connector.Page, error) {
	e, err := d.entity(req.Object)
	if err != nil {
		return connector.Page{}, err
	}
	s, err := d.knownShape(ctx, e)
	if err != nil {
		return connector.Page{}, err
	}
	at, err := parsePosition(req.Cursor)
	if err != nil {
		return connector.Page{}, err
	}
	if req.Cursor == "" {
		at = position{phase: phaseLive, start: d.now().UnixMilli()}
		if !req.Since.IsZero() {
			at.since = req.Since.Unix()
		}
	}
	records, next, err := d.page(ctx, e.kind, at, req.Limit)
	if err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{
		Records: recordsOf(s, records, at.phase == phaseDeleted),
		Horizon: time.UnixMilli(at.start).Add(-overlap),
	}
	if page.Horizon.Before(req.Since) {
		page.Horizon = req.Since
	}
	page.Next = at.advance(e.kind, records, next, req.Since).String()
	return page, nil
}

func (d *Driver) page(ctx context.Context, k *kind, at position, limit int) (records []apiRecord, next string, err error) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	op := k.plural + ".list"
	if at.since > 0 {
		query.Set("updated_since", time.Unix(at.since, 0).UTC().Format(time.RFC3339)) // whole seconds only
		query.Set("sort_by", "update_time")
		query.Set("sort_direction", "asc")
		op += "_since"
	}
	if at.phase == phaseDeleted {
		query.Set("status", "deleted")
		op += "_deleted"
	}
	if at.cursor != "" {
		query.Set("cursor", at.cursor)
	}
	answer, err := call[[]apiRecord](ctx, d, get(op, costList, k.path(), query), nil)
	return answer.Data, answer.Additional.Next, err
}

// advance says where the next page starts. How cursors behave when records move to
// the end while we read is not documented, so a list by time goes on at the last
// time seen, and by cursor only within one second.
func (p position) advance(k *kind, records []apiRecord, next string, since time.Time) position {
	switch {
	case next != "":
		p.cursor = next
		if p.since > 0 && len(records) > 0 {
			if last := records[len(records)-1].time("update_time").Unix(); last > p.since {
				p.since, p.cursor = last, ""
			}
		}
	case p.phase == phaseLive && k.listsDeleted:
		p.phase, p.cursor, p.since = phaseDeleted, "", 0
		if !since.IsZero() {
			p.since = since.Unix()
		}
	default:
		p.phase = phaseDone
	}
	return p
}

// FindCreated implements connector.Driver: a list by modification time, which
// shows a record as soon as it is there, unlike a search. A deal that was deleted
// since is found too: it was created.
func (d *Driver) FindCreated(ctx context.Context, object deal.Object, keys []string, since time.Time) (map[string]string, error) {
	e, err := d.entity(object)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	s, err := d.keyedShape(ctx, e)
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(keys))
	for _, key := range keys {
		wanted[key] = true
	}
	found := make(map[string]string, len(keys))
	since = since.Add(-overlap)
	at := position{phase: phaseLive, since: max(since.Unix(), 1)}
	for at.phase != phaseDone && len(found) < len(wanted) {
		records, next, err := d.page(ctx, e.kind, at, maxPage)
		if err != nil {
			return nil, err
		}
		for i := range records {
			if key, ok := scalarText(records[i].custom()[s.pairCode]); ok && wanted[key] {
				found[key] = records[i].text("id")
			}
		}
		at = at.advance(e.kind, records, next, since)
	}
	return found, nil
}

// Phases of a scan, in order.
const (
	phaseDone    = ""
	phaseLive    = "live"
	phaseDeleted = "deleted"
)

// position of a scan: phase, when it started (ms), the time listed from
// (seconds; 0: everything), and the app's own cursor.
type position struct {
	phase  string
	start  int64
	since  int64
	cursor string
}

// String is "" at the end of a scan.
func (p position) String() string {
	if p.phase == phaseDone {
		return ""
	}
	return fmt.Sprintf("%s|%d|%d|%s", p.phase, p.start, p.since, p.cursor)
}

func parsePosition(text string) (position, error) {
	if text == "" {
		return position{}, nil
	}
	parts := strings.SplitN(text, "|", 4)
	if len(parts) == 4 && (parts[0] == phaseLive || parts[0] == phaseDeleted) {
		start, err1 := strconv.ParseInt(parts[1], 10, 64)
		since, err2 := strconv.ParseInt(parts[2], 10, 64)
		if err1 == nil && err2 == nil {
			return position{parts[0], start, since, parts[3]}, nil
		}
	}
	return position{}, fault.New(fault.Invalid, "cursor", "%q is no position of a Pipedrive scan", text)
}
