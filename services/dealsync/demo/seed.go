package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// columns are the values of seeds, one list per field.
type columns map[string][]any

func (c columns) put(name string, v any) { c[name] = append(c[name], v) }

// seeds are records of one kind in one account.
type seeds struct {
	count  int
	fields columns
	// to are the associations: the n-th record is associated with the n-th of
	// another kind, from the shift-th on, round and round.
	to    map[tieTo]int64 // the first record's id
	shift int
}

// tieTo is what a seed is associated with, and how many of those there are.
type tieTo struct {
	tie   *tie
	count int
}

// seed fills both accounts before any sync exists. No webhook tells of it: these
// are the records that were there all along.
func (d *demo) seed(ctx context.Context) error {
	d.out.heading("Two accounts with records of their own")
	rows := [][]string{{"", "companies", "contacts", "deals"}}
	for _, a := range d.accounts {
		row := []string{a.name}
		var first [3]int64
		for i, k := range kinds {
			ids, err := a.fill(ctx, k, seedsOf(k, a.side, d.opt.Deals, first))
			if err != nil {
				return fmt.Errorf("seed %s: %w", k.many(), err)
			}
			first[i] = ids[0]
			row = append(row, fmt.Sprint(len(ids)))
		}
		rows = append(rows, append(row, a.url))
	}
	d.out.table(rows, 1, 2, 3)
	d.out.note("Some companies and contacts are in both accounts, with values that differ here and there.")
	d.out.note("%s.", ambiguousSaid)
	d.out.note("Some deals stand in unusual stages, and some in Pipedrive are worth little.")
	return nil
}

// seedsOf are the records of a kind on a side. first are the ids of the kinds
// that were seeded before.
func seedsOf(k *kind, s deal.Side, n int, first [3]int64) seeds {
	switch k {
	case companies:
		return companySeeds(s)
	case contacts:
		return contactSeeds(s, first[0])
	default:
		return dealSeeds(s, n, first[0], first[1])
	}
}

// seedsApart is the time between two seeds, youngest that since the last one.
const (
	seedsApart = 3 * time.Hour
	youngest   = 48 * time.Hour
)

// seeded reports whether a record was there before any sync.
func (r *record) seeded() bool { return time.Since(time.UnixMilli(r.Created)) > youngest/2 }

// fill makes seeds, some hours apart, over the last weeks.
func (a *account) fill(ctx context.Context, k *kind, s seeds) (ids []int64, err error) {
	body := map[string]any{
		"count": s.count, "start": 1 + s.shift, "silent": true, "rotate": s.fields,
		"at": ago(youngest + time.Duration(s.count)*seedsApart), "at_step": seedsApart.Milliseconds(),
	}
	links := map[string]any{}
	for to, id := range s.to {
		name := to.tie.to.on(a.side)
		if a.side == deal.App {
			name = to.tie.app
		}
		links[name] = map[string]any{"first": id, "count": to.count}
	}
	body[map[deal.Side]string{deal.HubSpot: "associate", deal.App: "cycle"}[a.side]] = links
	var out struct {
		IDs []int64 `json:"ids"`
	}
	err = a.call(ctx, http.MethodPost, a.path(k, "bulk"), body, &out)
	return out.IDs, err
}
