package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// couple is one deal in both accounts.
type couple struct {
	mark string
	name string // without the mark
	ids  [2]int64
}

// stock are the deals that the script may take: paired, open, at the start of
// the pipeline, and touched by nobody since they were seeded.
type stock struct {
	born  [2][]couple
	crowd [2][]couple // see crowd.go
	last  [2]int64    // the newest deal of each account
	next  int         // number of the next deal that the script makes
}

func takeStock(b books, r *rules) *stock {
	st := &stock{}
	for i, s := range []deal.Side{deal.HubSpot, deal.App} {
		st.next = max(st.next, len(b[i]))
		for _, m := range slices.Sorted(maps.Keys(b[i])) {
			rec := b[i][m][0]
			for _, r := range b[i][m] {
				st.last[i] = max(st.last[i], r.ID)
			}
			other := b[1-i][m]
			if m[0] != "HA"[i] || len(other) == 0 || r.left(s, rec) != "" || !atStart(s, rec) {
				continue
			}
			c := couple{mark: m, name: strings.TrimSpace(markOf.ReplaceAllString(title(s, rec), ""))}
			c.ids[i], c.ids[1-i] = rec.ID, other[0].ID
			st.born[i] = append(st.born[i], c)
		}
	}
	return st
}

func atStart(s deal.Side, r *record) bool {
	if s == deal.HubSpot {
		return r.Fields["dealstage"] == "appointmentscheduled"
	}
	return r.Fields["status"] == "open" && r.Fields["stage_id"] == "1"
}

// take hands out n deals born on a side; nobody else gets them.
func (st *stock) take(s deal.Side, n int) ([]couple, error) {
	list := st.born[index(s)]
	if len(list) < n {
		return nil, fmt.Errorf("%d deals of %s are left, and the script needs %d: seed more", len(list), s, n)
	}
	st.born[index(s)] = list[n:]
	return list[:n:n], nil
}

// newName names a deal that the script makes.
func (st *stock) newName(s deal.Side) string {
	st.next++
	return named(s, st.next)
}
