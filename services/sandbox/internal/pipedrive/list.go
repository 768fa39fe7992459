package pipedrive

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const (
	defaultLimit = 100
	maxLimit     = 500
	maxIDs       = 100
	maxCustom    = 15
)

// listing is a checked list request.
type listing struct {
	s        *Server
	e        *entity
	archived bool
	ids      []int64
	equal    map[string]string // native field -> stored value
	statuses []string
	since    int64
	until    int64
	sort     string
	desc     bool
	limit    int
	cur      cursor
	sh       shape
	deal     int64 // persons of one deal
}

// cursor is what an opaque cursor holds: the place after the last row shown.
type cursor struct {
	Field string `json:"field"`
	At    int64  `json:"fieldValue"`
	Dir   string `json:"sortDirection"`
	ID    int64  `json:"id"`
}

func (c *call) listing(e *entity, archived bool) (*listing, *apiError) {
	q := c.r.URL.Query()
	l := &listing{s: c.s, e: e, archived: archived, equal: map[string]string{}, since: math.MinInt64, until: math.MaxInt64, limit: defaultLimit, sort: "id"}
	for _, name := range []string{"owner_id", "person_id", "org_id", "pipeline_id", "stage_id"} {
		if v := q.Get(name); v != "" && e.byName[name] != nil {
			if _, err := strconv.ParseInt(v, 10, 64); err != nil {
				return nil, invalid("%s: Expected integer, received %s", name, v)
			}
			l.equal[name] = v
		}
	}
	for _, v := range wire.List(c.r, "ids") {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, invalid("ids: Expected integers, received %s", v)
		}
		l.ids = append(l.ids, n)
	}
	if len(l.ids) > maxIDs {
		return nil, invalid("ids: at most %d ids are allowed", maxIDs)
	}
	l.deal, _ = strconv.ParseInt(q.Get("deal_id"), 10, 64) // none: all
	l.sh = shape{include: wire.List(c.r, "include_fields"), custom: wire.List(c.r, "custom_fields")}
	if len(l.sh.custom) > maxCustom {
		return nil, invalid("custom_fields: at most %d keys are allowed", maxCustom)
	}
	if err := l.window(q.Get("updated_since"), q.Get("updated_until")); err != nil {
		return nil, err
	}
	if err := l.ordering(q.Get("sort_by"), q.Get("sort_direction"), q.Get("limit"), q.Get("cursor")); err != nil {
		return nil, err
	}
	return l, l.status(q.Get("status"))
}

// window reads updated_since (inclusive) and updated_until (exclusive), which
// take whole seconds only.
func (l *listing) window(since, until string) *apiError {
	for _, b := range []struct {
		name, v string
		to      *int64
	}{{"updated_since", since, &l.since}, {"updated_until", until, &l.until}} {
		if b.v == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, b.v)
		if err != nil || strings.Contains(b.v, ".") {
			return invalid("%s: Invalid datetime, expected the format YYYY-MM-DDTHH:MM:SSZ", b.name)
		}
		*b.to = t.UnixMilli()
	}
	return nil
}

func (l *listing) ordering(sort, dir, limit, cur string) *apiError {
	if sort != "" {
		l.sort = sort
	}
	if l.sort != "id" && l.sort != "update_time" && l.sort != "add_time" {
		return invalid("sort_by: Invalid enum value. Expected 'id' | 'update_time' | 'add_time', received '%s'", sort)
	}
	if dir != "" && dir != "asc" && dir != "desc" {
		return invalid("sort_direction: Invalid enum value. Expected 'asc' | 'desc', received '%s'", dir)
	}
	l.desc = dir == "desc"
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return invalid("limit: Expected a positive integer, received %s", limit)
		}
		l.limit = min(n, maxLimit)
	}
	if l.desc {
		l.cur = cursor{At: math.MaxInt64, ID: math.MaxInt64}
	} else {
		l.cur = cursor{At: math.MinInt64, ID: math.MinInt64}
		if l.sort == "update_time" && l.since != math.MinInt64 {
			l.cur.At = l.since
		}
	}
	if cur == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cur)
	if err != nil || json.Unmarshal(raw, &l.cur) != nil || l.cur.Field != l.sort || (l.cur.Dir == "desc") != l.desc {
		return invalid("cursor: Invalid cursor")
	}
	return nil
}

func (l *listing) status(list string) *apiError {
	if list == "" || l.e.name != "deal" {
		return nil
	}
	for st := range strings.SplitSeq(list, ",") {
		if st = strings.TrimSpace(st); !slices.Contains([]string{"open", "won", "lost", "deleted"}, st) {
			return invalid("status: Invalid enum value. Expected 'open' | 'won' | 'lost' | 'deleted', received '%s'", st)
		}
		l.statuses = append(l.statuses, st)
	}
	return nil
}

func (l *listing) keep(r *crm.Record) bool {
	if r.Archived {
		if !slices.Contains(l.statuses, "deleted") || l.s.purged(r) {
			return false
		}
	} else if len(l.statuses) > 0 && !slices.Contains(l.statuses, bare(r.Values["status"])) {
		return false
	}
	if l.e.name == "deal" && (r.Values["is_archived"] == "true") != l.archived {
		return false
	}
	// update_time has whole seconds, and so has the comparison
	if at := r.Updated / 1000 * 1000; at < l.since || at >= l.until {
		return false
	}
	for name, v := range l.equal {
		if r.Values[name] != v {
			return false
		}
	}
	if l.deal != 0 {
		d := l.s.deals.table.Get(l.deal)
		return d != nil && d.Values["person_id"] == r.Values["id"]
	}
	return true
}

// run finds one row more than asked for, so that the caller knows whether
// there is another page.
func (l *listing) run() []*crm.Record {
	out := make([]*crm.Record, 0, l.limit+1)
	take := func(r *crm.Record) bool {
		if l.keep(r) {
			out = append(out, r)
		}
		return len(out) <= l.limit
	}
	switch {
	case l.ids != nil, l.sort == "add_time":
		l.sorted(take)
	case l.sort == "update_time":
		l.e.table.ScanTime(l.cur.At, l.cur.ID, l.desc, take)
	default:
		l.e.table.ScanID(l.cur.ID, l.desc, take)
	}
	return out
}

// sorted serves what no index has: a list of ids, and the order of creation.
func (l *listing) sorted(take func(*crm.Record) bool) {
	var recs []*crm.Record
	if l.ids != nil {
		for _, id := range l.ids {
			if r := l.e.table.Get(id); r != nil {
				recs = append(recs, r)
			}
		}
	} else {
		recs = l.e.table.All()
	}
	slices.SortStableFunc(recs, func(a, b *crm.Record) int {
		cmp := l.compare(l.key(a), a.ID, l.key(b), b.ID)
		if l.desc {
			return -cmp
		}
		return cmp
	})
	for _, r := range slices.Compact(recs) {
		cmp := l.compare(l.key(r), r.ID, l.cur.At, l.cur.ID)
		if (cmp > 0) == l.desc || cmp == 0 {
			continue
		}
		if !take(r) {
			return
		}
	}
}

func (l *listing) compare(at1, id1, at2, id2 int64) int {
	switch {
	case at1 < at2, at1 == at2 && id1 < id2:
		return -1
	case at1 == at2 && id1 == id2:
		return 0
	default:
		return 1
	}
}

func (l *listing) key(r *crm.Record) int64 {
	switch l.sort {
	case "update_time":
		return r.Updated
	case "add_time":
		return r.Created
	default:
		return 0
	}
}

func (l *listing) next(r *crm.Record) string {
	dir := "asc"
	if l.desc {
		dir = "desc"
	}
	raw := wire.AppendValue(nil, cursor{l.sort, l.key(r), dir, r.ID})
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (c *call) listRecords(e *entity, archived bool) *apiError {
	l, err := c.listing(e, archived)
	if err != nil {
		return err
	}
	recs := l.run()
	return c.reply(200, func(b []byte) []byte {
		b = append(b, `{"success":true,"data":[`...)
		for _, r := range recs[:min(l.limit, len(recs))] {
			b = e.appendRecord(wire.Comma(b), r, l.sh)
		}
		b = append(b, `],"additional_data":{"next_cursor":`...)
		if len(recs) > l.limit {
			b = wire.AppendString(b, l.next(recs[l.limit-1]))
		} else {
			b = append(b, "null"...)
		}
		return append(b, "}}"...)
	})
}
