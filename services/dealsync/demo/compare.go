package demo

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// The demo ends every name that it gives with a mark of its own, such as
// "(H-017)": H for deals born in HubSpot, A for those born in the app. Whatever
// happens to a deal, its mark stays, so two dumps alone tell which records
// belong together.
var markOf = regexp.MustCompile(`\(([HA]-\d+)\)$`)

func mark(s deal.Side, r *record) string {
	if m := markOf.FindStringSubmatch(title(s, r)); m != nil {
		return m[1]
	}
	return ""
}

// books are both accounts' deals by mark, deleted ones too.
type books [2]map[string][]*record

func bookOf(s deal.Side, dump []*record) map[string][]*record {
	book := map[string][]*record{}
	for _, r := range dump {
		if m := mark(s, r); m != "" {
			book[m] = append(book[m], r)
		}
	}
	return book
}

// difference is one thing that the two accounts do not agree on.
type difference struct {
	Mark, What, HubSpot, App string
}

func (d difference) String() string {
	return fmt.Sprintf("%s: %s: HubSpot %q, Pipedrive %q", d.Mark, d.What, d.HubSpot, d.App)
}

// differences compares every mapped field of every deal that must sync. A deal
// that syncs and has no counterpart differs as a whole.
func (r *rules) differences(b books) []difference {
	var list []difference
	marks := map[string]bool{}
	for _, book := range b {
		for m := range book {
			marks[m] = true
		}
	}
	for _, m := range slices.Sorted(maps.Keys(marks)) {
		list = append(list, r.compare(m, b[0][m], b[1][m])...)
	}
	return list
}

func (r *rules) compare(m string, hubspot, app []*record) []difference {
	switch {
	case len(hubspot) == 0 && r.left(deal.App, app[0]) == "":
		return []difference{{m, "no counterpart", "", title(deal.App, app[0])}}
	case len(app) == 0 && r.left(deal.HubSpot, hubspot[0]) == "":
		return []difference{{m, "no counterpart", title(deal.HubSpot, hubspot[0]), ""}}
	case len(hubspot) == 0 || len(app) == 0 || r.left(deal.HubSpot, hubspot[0]) != "" || r.left(deal.App, app[0]) != "":
		return nil
	}
	h, a := hubspot[0], app[0]
	var list []difference
	for _, line := range r.lines {
		if x, y := string(h.Fields[line[0]]), string(a.Fields[line[1]]); !same(x, y) {
			list = append(list, difference{m, line[0], x, y})
		}
	}
	if x, y := stage(deal.HubSpot, h), stage(deal.App, a); r.stages[x] != y {
		list = append(list, difference{m, "stage", x, y})
	}
	return list
}

// duplicates lists marks that one account holds more than once: two records
// with one source.
func (b books) duplicates() []string {
	var list []string
	for i, name := range []string{"HubSpot", "Pipedrive"} {
		for _, m := range slices.Sorted(maps.Keys(b[i])) {
			for range b[i][m][1:] {
				list = append(list, m+" in "+name)
			}
		}
	}
	return list
}
