package demo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// couple is one record in both accounts.
type couple struct {
	kind *kind
	mark string
	name string // without the mark
	ids  [2]int64
}

// stock are the records that the script may take: paired, touched by nobody
// since they were seeded, and deals open at the start of the pipeline.
type stock struct {
	born  map[*kind]*[2][]couple
	crowd [2][]couple         // see crowd.go
	last  map[*kind]*[2]int64 // the newest record of each account
	next  int                 // number of the next record that the script makes
}

func takeStock(b books, r rules) *stock {
	st := &stock{born: map[*kind]*[2][]couple{}, last: map[*kind]*[2]int64{}}
	for _, k := range kinds {
		st.born[k], st.last[k] = &[2][]couple{}, &[2]int64{}
		for i, s := range sides {
			st.next = max(st.next, len(b[k][i]))
			for _, m := range b[k].marks() {
				for _, rec := range b[k][i][m] {
					st.last[k][i] = max(st.last[k][i], rec.ID)
				}
				here, there := b[k][i][m], b[k][1-i][m]
				if !r[k].together(b[k][0][m], b[k][1][m]) || !bornIn(k, s, m, here[0]) {
					continue
				}
				c := couple{kind: k, mark: m, name: strings.TrimSpace(markOf.ReplaceAllString(k.title(s, here[0]), ""))}
				c.ids[i], c.ids[1-i] = here[0].ID, there[0].ID
				st.born[k][i] = append(st.born[k][i], c)
			}
		}
	}
	return st
}

// bornIn reports whether the script may take a record as one of a side: a deal
// that was seeded there and stands at the start, or another record that was
// seeded there.
func bornIn(k *kind, s deal.Side, mark string, r *record) bool {
	switch {
	case k != deals:
		return r.seeded()
	case mark[0] != "HA"[index(s)]:
		return false
	case s == deal.HubSpot:
		return r.Fields["dealstage"] == "qualifiedtobuy"
	default:
		return r.Fields["status"] == "open" && r.Fields["stage_id"] == "1"
	}
}

// take hands out n records born on a side; nobody else gets them.
func (st *stock) take(k *kind, s deal.Side, n int) ([]couple, error) {
	list := st.born[k][index(s)]
	if len(list) < n {
		return nil, fmt.Errorf("%d %s of %s are left, and the script needs %d: seed more", len(list), k.many(), s, n)
	}
	taken := list[:n:n]
	st.born[k][index(s)] = list[n:]
	// What was in both accounts from the start is in both lists.
	st.born[k][1-index(s)] = slices.DeleteFunc(st.born[k][1-index(s)], func(c couple) bool {
		return slices.ContainsFunc(taken, func(t couple) bool { return t.mark == c.mark })
	})
	return taken, nil
}

// newName names a deal that the script makes.
func (st *stock) newName(s deal.Side) string {
	st.next++
	return named(s, st.next)
}
