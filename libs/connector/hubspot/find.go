package hubspot

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

// Limits of a search's conditions and of its whole body (search-the-crm).
const (
	maxClauses   = 6
	maxGroups    = 5
	maxAllInAll  = 18
	maxSearching = 3000
)

// Search implements connector.Searcher (R11). Only what HubSpot finds exactly as
// a filter does is searched for, so that the count is right. Texts are not: they
// are compared without regard to case, or word by word. Dates that depend on the
// time are those of UTC, where the caller has not made moments of them.
func (d *Driver) Search(ctx context.Context, object deal.Object, group filter.Group, limit int) ([]connector.Record, int, error) {
	s, err := d.shape(object)
	if err != nil {
		return nil, 0, err
	}
	ways, err := alternatives(filter.At(group, d.now().UTC()))
	if err != nil {
		return nil, 0, err
	}
	body := d.searchFor(s, max(limit, 1))
	if body.Groups, err = groups(ways); err != nil {
		return nil, 0, err
	}
	if text, err := json.Marshal(body); err != nil || len(text) > maxSearching {
		return nil, 0, unsearchable("the conditions are too long for HubSpot's search")
	}
	answer, err := d.search(ctx, s, "find", body)
	if fault.Is(err, fault.Rejected) {
		return nil, 0, fault.Wrap(fault.Invalid, connector.CodeUnsearchable, err) // such as an unknown property
	}
	if err != nil {
		return nil, 0, err
	}
	found, err := d.whole(ctx, s, body, answer.Results[:min(max(limit, 0), len(answer.Results))])
	if err != nil {
		return nil, 0, err
	}
	records := make([]connector.Record, len(found))
	for i := range found {
		records[i] = found[i].record()
	}
	return records, answer.Total, d.readLinks(ctx, s, records)
}

func unsearchable(format string, args ...any) error {
	return fault.New(fault.Invalid, connector.CodeUnsearchable, format, args...)
}

// groups checks that alternatives fit into a search; none at all finds every
// record, as does one without conditions.
func groups(ways [][]clause) ([]clauses, error) {
	var all []clauses
	total := 0
	for _, way := range ways {
		if len(way) == 0 {
			return nil, nil
		}
		if total += len(way); len(way) > maxClauses || total > maxAllInAll {
			return nil, unsearchable("HubSpot searches by at most %d conditions in a group and %d in all", maxClauses, maxAllInAll)
		}
		all = append(all, clauses{way})
	}
	return all, nil
}

// alternatives turns a group into what a search takes: any of some lists of
// conditions that must all be met.
func alternatives(g filter.Group) ([][]clause, error) {
	parts := make([][][]clause, 0, len(g.Conditions)+len(g.Groups))
	for _, c := range g.Conditions {
		part, err := clausesOf(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	for _, sub := range g.Groups {
		part, err := alternatives(sub)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	ways := [][]clause{nil} // an empty group is met
	for i, part := range parts {
		switch {
		case i == 0:
			ways = part
		case g.Any:
			ways = append(ways, part...)
		default:
			ways = both(ways, part)
		}
		if len(ways) > maxGroups {
			return nil, unsearchable("HubSpot searches by at most %d groups of conditions", maxGroups)
		}
	}
	return ways, nil
}

// both are the ways to meet one of a and one of b.
func both(a, b [][]clause) [][]clause {
	all := make([][]clause, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all = append(all, append(append([]clause{}, x...), y...))
		}
	}
	return all
}

var operators = map[filter.Op]string{
	filter.Eq: "EQ", filter.Neq: "NEQ", filter.Lt: "LT", filter.Lte: "LTE", filter.Gt: "GT", filter.Gte: "GTE",
	filter.In: "IN", filter.NotIn: "NOT_IN", filter.Contains: "IN", filter.NotContains: "NOT_IN",
}

// clausesOf are the ways to meet a condition. Whether HubSpot counts a blank
// among what differs from a value is not documented, so it is asked for beside.
func clausesOf(c filter.Condition) ([][]clause, error) {
	blank := clause{Property: c.Field, Operator: "NOT_HAS_PROPERTY"}
	switch c.Op {
	case filter.Blank:
		return [][]clause{{blank}}, nil
	case filter.NotBlank:
		return [][]clause{{{Property: c.Field, Operator: "HAS_PROPERTY"}}}, nil
	}
	if !searchable(c) {
		return nil, unsearchable("HubSpot has no exact search for %q, a condition on a %s", c, c.Type)
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		var err error
		if values[i], err = searchValue(c.Type, v); err != nil {
			return nil, err
		}
	}
	one := clause{Property: c.Field, Operator: operators[c.Op]}
	if one.Operator == "IN" || one.Operator == "NOT_IN" {
		one.Values = values
	} else {
		one.Value = values[0]
	}
	if c.Op == filter.Neq || c.Op == filter.NotIn || c.Op == filter.NotContains {
		return [][]clause{{one}, {blank}}, nil
	}
	return [][]clause{{one}}, nil
}

// searchable reports whether HubSpot compares as filters do.
func searchable(c filter.Condition) bool {
	many := c.Op == filter.In || c.Op == filter.NotIn
	if operators[c.Op] == "" || len(c.Values) == 0 || !many && len(c.Values) != 1 {
		return false
	}
	switch c.Type {
	case deal.Number, deal.Date, deal.Datetime, deal.Bool:
		return c.Op != filter.Contains && c.Op != filter.NotContains
	case deal.Picklist, deal.Owner, deal.Stage:
		return many || c.Op == filter.Eq || c.Op == filter.Neq
	case deal.Multi: // as a whole it would be compared as text
		return many || c.Op == filter.Contains || c.Op == filter.NotContains
	default:
		return false
	}
}

// searchValue is a value as searches take it: times in milliseconds.
func searchValue(t deal.Type, v string) (string, error) {
	canon, ok := deal.Canonical(t, v)
	if !ok || v == "" {
		return "", unsearchable("value %q is no %s", v, t)
	}
	layout := time.RFC3339Nano
	switch t {
	case deal.Date:
		layout = time.DateOnly
	case deal.Datetime:
	default:
		return canon, nil
	}
	at, err := time.Parse(layout, canon)
	if err != nil {
		return "", unsearchable("value %q is no %s", v, t)
	}
	return strconv.FormatInt(at.UnixMilli(), 10), nil
}
