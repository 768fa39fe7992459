package demo

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// book is both accounts' records of a kind by mark, deleted ones too.
type book [2]map[string][]*record

// books are those of every kind.
type books map[*kind]book

func bookOf(k *kind, hubspot, app []*record) book {
	b := book{{}, {}}
	for i, dump := range [][]*record{hubspot, app} {
		for _, r := range dump {
			if m := k.mark(sides[i], r); m != "" {
				b[i][m] = append(b[i][m], r)
			}
		}
	}
	return b
}

// marks are all marks of either account, in order.
func (b book) marks() []string {
	all := maps.Clone(b[0])
	maps.Copy(all, b[1])
	return slices.Sorted(maps.Keys(all))
}

// difference is one thing that the two accounts do not agree on.
type difference struct {
	Mark, What, HubSpot, App string
}

func (d difference) String() string {
	return fmt.Sprintf("%s: %s: HubSpot %q, Pipedrive %q", d.Mark, d.What, d.HubSpot, d.App)
}

// differences compares every mapped field of every record that must sync. A
// record that syncs and has no counterpart differs as a whole.
func (r *syncRules) differences(b book) (list []difference) {
	for _, m := range b.marks() {
		list = append(list, r.compare(m, b[0][m], b[1][m])...)
	}
	return list
}

func (r *syncRules) compare(m string, hubspot, app []*record) []difference {
	switch {
	case len(hubspot) > 0 && len(app) > 0 && slices.Contains(ambiguous, m):
		return []difference{{m, "guessed", r.title(deal.HubSpot, hubspot[0]), r.title(deal.App, app[0])}}
	case len(hubspot) == 0 && r.left(deal.App, app[0]) == "":
		return []difference{{m, "no counterpart", "", r.title(deal.App, app[0])}}
	case len(app) == 0 && r.left(deal.HubSpot, hubspot[0]) == "":
		return []difference{{m, "no counterpart", r.title(deal.HubSpot, hubspot[0]), ""}}
	case !r.together(hubspot, app):
		return nil
	}
	h, a := hubspot[0], app[0]
	var list []difference
	for _, line := range r.lines {
		if x, y := string(h.Fields[line[0]]), string(a.Fields[line[1]]); !same(x, y) {
			list = append(list, difference{m, line[0], x, y})
		}
	}
	if x, y := stage(deal.HubSpot, h), stage(deal.App, a); r.kind == deals && r.stages[x] != y {
		list = append(list, difference{m, "stage", x, y})
	}
	return list
}

// together reports whether records with one mark are a pair that syncs.
func (r *syncRules) together(hubspot, app []*record) bool {
	return len(hubspot) > 0 && len(app) > 0 && r.left(deal.HubSpot, hubspot[0]) == "" && r.left(deal.App, app[0]) == ""
}

// duplicates lists marks that one account holds more than once: two records
// with one source.
func (b book) duplicates() (list []string) {
	for i, name := range accountNames {
		for _, m := range slices.Sorted(maps.Keys(b[i])) {
			for range b[i][m][1:] {
				list = append(list, m+" in "+name)
			}
		}
	}
	return list
}

// equal reports whether nothing is left to be done: no difference, no
// association missing.
func (r rules) equal(b books) bool {
	for _, k := range kinds {
		if len(r[k].differences(b[k])) > 0 {
			return false
		}
	}
	missing, _ := r.associations(b)
	return len(missing) == 0
}
