package hubspot

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// Limits of a search (page "Search the CRM").
const (
	maxSearchBody  = 3000
	maxSearchLimit = 200
	maxSearchDepth = 10000
	maxGroups      = 5
	maxPerGroup    = 6
	maxFilters     = 18
)

type searchInput struct {
	Groups     []filterGroup     `json:"filterGroups"`
	Filters    []filter          `json:"filters"`
	Sorts      []json.RawMessage `json:"sorts"`
	Query      string            `json:"query"`
	Properties []string          `json:"properties"`
	Limit      *int              `json:"limit"`
	After      wire.Text         `json:"after"`
}

type filterGroup struct {
	Filters []filter `json:"filters"`
}

func searchRecords(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "read")
	if err != nil {
		return err
	}
	raw, rerr := wire.Body(c.r)
	if rerr != nil {
		return fail(413, "", "%v", rerr)
	}
	if len([]rune(string(raw))) > maxSearchBody {
		return invalid("The search request body is longer than %d characters", maxSearchBody)
	}
	var in searchInput
	if jerr := json.Unmarshal(raw, &in); jerr != nil {
		return badJSON(jerr)
	}
	q, err := c.prepare(o, &in)
	if err != nil {
		return err
	}
	total, page := q.run()
	return c.reply(200, func(b []byte) []byte {
		b = append(b, `{"total":`...)
		b = strconv.AppendInt(b, int64(total), 10)
		b = append(b, `,"results":[`...)
		sh := &shape{props: o.wanted(in.Properties)}
		for _, r := range page {
			b = c.p.appendRecord(b, o, r, sh)
		}
		b = append(b, ']')
		if next := q.after + len(page); next < total && len(page) > 0 {
			b = append(b, `,"paging":{"next":{"after":"`...)
			b = strconv.AppendInt(b, int64(next), 10)
			b = append(b, `"}}`...)
		}
		return append(b, '}')
	})
}

// query is a checked search.
type query struct {
	p      *Portal
	o      *object
	table  *crm.Table
	groups [][]filter
	text   string
	sort   string
	desc   bool
	after  int
	limit  int
}

func (c *call) prepare(o *object, in *searchInput) (*query, *apiError) {
	q := &query{p: c.p, o: o, table: o.view.Table(), text: strings.ToLower(in.Query), limit: 10}
	if in.Limit != nil {
		q.limit = *in.Limit
	}
	if q.limit < 0 || q.limit > maxSearchLimit {
		return nil, invalid("Invalid limit %d: it must be at most %d", q.limit, maxSearchLimit)
	}
	if in.After != "" {
		n, err := strconv.Atoi(string(in.After))
		if err != nil || n < 0 {
			return nil, invalid("Invalid paging cursor: %s", in.After)
		}
		q.after = n
	}
	if q.after+q.limit > maxSearchDepth {
		return nil, invalid("The requested page ends after result %d. A search can page through %d results at most", q.after+q.limit, maxSearchDepth)
	}
	if len(in.Filters) > 0 {
		in.Groups = append(in.Groups, filterGroup{in.Filters})
	}
	if err := q.setFilters(in.Groups); err != nil {
		return nil, err
	}
	return q, q.setSort(in.Sorts)
}

func (q *query) setFilters(groups []filterGroup) *apiError {
	total := 0
	for _, g := range groups {
		total += len(g.Filters)
		if len(g.Filters) > maxPerGroup {
			return invalid("A filter group has %d filters; at most %d are allowed", len(g.Filters), maxPerGroup)
		}
		for i := range g.Filters {
			if err := g.Filters[i].check(q.o); err != nil {
				return err
			}
		}
		q.groups = append(q.groups, g.Filters)
	}
	if len(groups) > maxGroups || total > maxFilters {
		return invalid("The search has %d filter groups with %d filters; at most %d groups with %d filters in all are allowed", len(groups), total, maxGroups, maxFilters)
	}
	return nil
}

func (q *query) setSort(sorts []json.RawMessage) *apiError {
	if len(sorts) > 1 {
		return invalid("Only one sort is allowed, not %d", len(sorts))
	}
	for _, raw := range sorts {
		var s struct {
			PropertyName string `json:"propertyName"`
			Direction    string `json:"direction"`
		}
		if json.Unmarshal(raw, &s) != nil {
			if json.Unmarshal(raw, &s.PropertyName) != nil {
				return invalid("Invalid sort: %s", raw)
			}
			if name, ok := strings.CutPrefix(s.PropertyName, "-"); ok {
				s.PropertyName, s.Direction = name, "DESCENDING"
			}
		}
		if q.o.prop(s.PropertyName) == nil {
			return invalid("Property %q does not exist", s.PropertyName)
		}
		q.sort, q.desc = s.PropertyName, s.Direction == "DESCENDING"
	}
	return nil
}

// run finds all matches, and the page of them that was asked for.
func (q *query) run() (int, []*crm.Record) {
	var hits []*crm.Record
	for _, r := range q.candidates() {
		if !r.Archived && q.match(r) {
			hits = append(hits, r)
		}
	}
	q.order(hits)
	from := min(q.after, len(hits))
	return len(hits), hits[from:min(from+q.limit, len(hits))]
}

// candidates uses an index where the filters allow it: a unique value, or the
// time of the last change.
func (q *query) candidates() []*crm.Record {
	if len(q.groups) == 0 {
		return q.table.All()
	}
	since := int64(math.MaxInt64)
	for _, g := range q.groups {
		bound := int64(math.MinInt64)
		for i := range g {
			f := &g[i]
			if len(q.groups) == 1 && f.Operator == "EQ" && f.PropertyName == "hs_object_id" {
				id, _ := strconv.ParseInt(f.Value, 10, 64)
				return some(q.table.Get(id))
			}
			if d := q.o.prop(f.PropertyName); len(q.groups) == 1 && f.Operator == "EQ" && d != nil && d.HasUniqueValue {
				want := f.Value
				if d.Name == "email" {
					want = strings.ToLower(want)
				}
				if r, _ := q.table.ByUnique(f.PropertyName, want); r != nil {
					return some(r)
				}
			}
			if f.PropertyName == q.o.modified && (f.Operator == "GTE" || f.Operator == "GT" || f.Operator == "BETWEEN") {
				bound = max(bound, f.low)
			}
		}
		since = min(since, bound)
	}
	if since == math.MinInt64 {
		return q.table.All()
	}
	return q.table.Since(since)
}

func some(r *crm.Record) []*crm.Record {
	if r == nil {
		return nil
	}
	return []*crm.Record{r}
}

func (q *query) match(r *crm.Record) bool {
	if q.text != "" && !slices.ContainsFunc(q.o.searched, func(name string) bool {
		return strings.Contains(strings.ToLower(r.Values[name]), q.text)
	}) {
		return false
	}
	if len(q.groups) == 0 {
		return true
	}
	for _, g := range q.groups {
		all := true
		for i := range g {
			if !g[i].match(q.p, q.o, r) {
				all = false
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

func (q *query) order(hits []*crm.Record) {
	byID := func(a, b *crm.Record) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	}
	if q.sort == "" {
		slices.SortFunc(hits, byID)
		return
	}
	d := q.o.prop(q.sort)
	slices.SortStableFunc(hits, func(a, b *crm.Record) int {
		cmp := compare(d, a.Values[q.sort], b.Values[q.sort])
		if q.sort == q.o.modified {
			cmp = int(min(max(a.Updated-b.Updated, -1), 1))
		}
		if q.desc {
			cmp = -cmp
		}
		if cmp == 0 {
			return byID(a, b)
		}
		return cmp
	})
}
