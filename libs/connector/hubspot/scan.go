package hubspot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/fault"
)

// lag is how far the search index may be behind ("a few moments") and clocks
// may be apart: a poll is certain only of what is older.
const lag = time.Minute

// Scan implements connector.Driver. Everything is read by list; changes by
// search, then the archived records by list, since searches never show those.
func (d *Driver) Scan(ctx context.Context, req connector.ScanRequest) (connector.Page, error) {
	s, err := d.shape(req.Object)
	if err != nil {
		return connector.Page{}, err
	}
	at, err := parseCursor(req.Cursor)
	if err != nil {
		return connector.Page{}, err
	}
	if req.Cursor == "" {
		at = cursor{phase: phaseList, start: d.now().UnixMilli()}
		if !req.Since.IsZero() {
			at.phase, at.from = phaseSearch, req.Since.UnixMilli()
		}
	}
	var page connector.Page
	switch at.phase {
	case phaseSearch, phaseTie:
		page, at, err = d.searchPage(ctx, s, at, req.Since.UnixMilli(), req.Limit)
	default:
		page, at, err = d.listPage(ctx, s, at, req)
	}
	if err == nil {
		err = d.readLinks(ctx, s, page.Records)
	}
	if err != nil {
		return connector.Page{}, err
	}
	if req.Cursor == "" && req.Since.IsZero() {
		page.Total = d.total(ctx, s)
	}
	page.Next = at.String()
	// Pages before this one looked at an index that was behind its own time:
	// only the first page's start, less the lag, is certain for all of them.
	page.Horizon = time.UnixMilli(at.start).Add(-lag)
	if page.Horizon.Before(req.Since) {
		page.Horizon = req.Since
	}
	return page, nil
}

// total is about how many records there are, which lists do not tell: a search
// does, and its index may be behind. It only feeds a progress bar, so 0 (unknown)
// is good enough when it fails.
func (d *Driver) total(ctx context.Context, s *shape) int {
	answer, err := d.search(ctx, s, "count", &search{Limit: 1, Properties: []string{propID}})
	if err != nil {
		return 0
	}
	return answer.Total
}

type searchAnswer struct {
	Total   int      `json:"total"`
	Results []object `json:"results"`
	Paging  *paging  `json:"paging"`
}

func (d *Driver) search(ctx context.Context, s *shape, op string, body any) (*searchAnswer, error) {
	var answer searchAnswer
	err := d.do(ctx, rest.Request{
		Call:   connector.Call{Op: s.plural + "." + op, Search: true},
		Method: http.MethodPost, Path: d.paths.objects + s.plural + "/search",
	}, body, &answer)
	return &answer, err
}

func (d *Driver) listPage(ctx context.Context, s *shape, at cursor, req connector.ScanRequest) (connector.Page, cursor, error) {
	archived := at.phase == phaseArchived
	objects, next, err := d.list(ctx, s, archived, at.after, clamp(req.Limit, maxList))
	if err != nil {
		return connector.Page{}, at, err
	}
	var page connector.Page
	for i := range objects {
		r := objects[i].record()
		if archived {
			r.Deleted = true
			if r.Modified.Before(req.Since) {
				continue
			}
		}
		page.Records = append(page.Records, r)
	}
	switch at.after = next; {
	case next != "":
	case archived:
		at.phase = phaseDone
	default:
		at.phase = phaseArchived
	}
	return page, at, nil
}

// searchPage reads one page by modification time and starts the next one at the
// last time seen, so that records moving to the end while we read shift nothing
// and no paging comes near the 10,000 limit. When a whole page has one time,
// that time is read to its end by id (bulk edits).
func (d *Driver) searchPage(ctx context.Context, s *shape, at cursor, since int64, limit int) (connector.Page, cursor, error) {
	body := d.searchFor(s, limit)
	from := strconv.FormatInt(at.from, 10)
	if at.phase == phaseTie {
		body.filter(s.modified, "EQ", from)
		body.filter(propID, "GT", at.after)
		body.sort(propID)
	} else {
		body.filter(s.modified, "GTE", from)
		body.sort(s.modified)
	}
	answer, err := d.search(ctx, s, "search", body)
	if err != nil {
		return connector.Page{}, at, err
	}
	var page connector.Page
	if at.from == since {
		page.Total = answer.Total // later pages count what is left
	}
	objects, err := d.whole(ctx, s, body, answer.Results)
	if err != nil {
		return connector.Page{}, at, err
	}
	for i := range objects {
		page.Records = append(page.Records, objects[i].record())
	}
	more := answer.Paging != nil && answer.Paging.Next.After != "" && len(answer.Results) > 0
	return page, at.advance(answer.Results, more), nil
}

// maxSearchNames keeps a search's body under the limit of 3,000 characters.
const maxSearchNames = 2400

// searchFor is a search that asks for everything wanted, or for next to nothing
// when that is too much to name; whole then reads the rest.
func (d *Driver) searchFor(s *shape, limit int) *search {
	body := &search{Limit: clamp(limit, maxSearch), Properties: append(d.wanted(s), s.modified, propMerged)}
	if names := body.Properties; len(strings.Join(names, `","`)) > maxSearchNames {
		body.Properties, body.all = []string{s.modified}, names
	}
	return body
}

// whole reads the found records with all their properties, when those were too
// many to name in the search.
func (d *Driver) whole(ctx context.Context, s *shape, body *search, found []object) ([]object, error) {
	if body.all == nil {
		return found, nil
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	all := make([]object, 0, len(ids))
	for part := range slices.Chunk(ids, maxBatch) {
		objects, err := d.batchRead(ctx, s, part, batchRead{Properties: body.all}, false)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}

// advance says where the page after these results starts.
func (c cursor) advance(results []object, more bool) cursor {
	switch {
	case c.phase == phaseTie && more:
		c.after = results[len(results)-1].ID
	case c.phase == phaseTie:
		c.phase, c.from, c.after = phaseSearch, c.from+1, ""
	case !more:
		c.phase, c.after = phaseArchived, ""
	default:
		last := results[len(results)-1].modified().UnixMilli()
		if last > c.from {
			c.from = last
		} else {
			c.phase, c.after = phaseTie, "0"
		}
	}
	return c
}

type search struct {
	Groups     []clauses `json:"filterGroups,omitempty"`
	Sorts      []sort    `json:"sorts,omitempty"`
	Properties []string  `json:"properties"`
	Limit      int       `json:"limit"`

	all []string // what Properties are too short to ask for; nil: nothing
}

type clauses struct {
	Filters []clause `json:"filters"`
}

type clause struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value,omitempty"`
	// Values are those of IN and NOT_IN.
	Values []string `json:"values,omitempty"`
}

type sort struct {
	Property  string `json:"propertyName"`
	Direction string `json:"direction"`
}

func (s *search) filter(property, operator, value string) {
	if len(s.Groups) == 0 {
		s.Groups = make([]clauses, 1)
	}
	s.Groups[0].Filters = append(s.Groups[0].Filters, clause{Property: property, Operator: operator, Value: value})
}

func (s *search) sort(property string) {
	s.Sorts = []sort{{property, "ASCENDING"}}
}

// Phases of a scan, in order.
const (
	phaseDone     = ""
	phaseList     = "list"
	phaseSearch   = "search"
	phaseTie      = "tie"
	phaseArchived = "archived"
)

// cursor is a scan's position: phase, start of the scan (ms), time searched
// from (ms), and the id or page to go on after.
type cursor struct {
	phase string
	start int64
	from  int64
	after string
}

// String is "" at the end of a scan.
func (c cursor) String() string {
	if c.phase == phaseDone {
		return ""
	}
	return fmt.Sprintf("%s|%d|%d|%s", c.phase, c.start, c.from, c.after)
}

func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	parts := strings.SplitN(text, "|", 4)
	if len(parts) == 4 {
		start, err1 := strconv.ParseInt(parts[1], 10, 64)
		from, err2 := strconv.ParseInt(parts[2], 10, 64)
		switch parts[0] {
		case phaseList, phaseSearch, phaseTie, phaseArchived:
			if err1 == nil && err2 == nil {
				return cursor{parts[0], start, from, parts[3]}, nil
			}
		}
	}
	return cursor{}, fault.New(fault.Invalid, "cursor", "%q is no position of a HubSpot scan", text)
}

func clamp(limit, most int) int {
	if limit <= 0 || limit > most {
		return most
	}
	return limit
}
