package demo

import (
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
)

// associations compares those of records that sync, as far as the associated
// records sync themselves (R16). HubSpot's records can have several, Pipedrive's
// have one, and none is ever taken away: so HubSpot must have Pipedrive's, and
// Pipedrive must have one where HubSpot has any.
func (r rules) associations(b books) (missing, doubled []difference) {
	for i := range ties {
		t := &ties[i]
		to := r.byID(t.to, b[t.to])
		for _, m := range b[t.from].marks() {
			hubspot, app := b[t.from][0][m], b[t.from][1][m]
			if !r[t.from].together(hubspot, app) {
				continue
			}
			inHubSpot := to.marks(deal.HubSpot, t.in(deal.HubSpot, hubspot[0]))
			inApp := to.marks(deal.App, t.in(deal.App, app[0]))
			what := t.from.one + " with " + t.to.one
			for _, x := range inApp {
				if !slices.Contains(inHubSpot, x) {
					missing = append(missing, difference{m, what, "", x})
				}
			}
			if len(inHubSpot) > 0 && len(t.in(deal.App, app[0])) == 0 {
				missing = append(missing, difference{m, what, inHubSpot[0], ""})
			}
			if slices.Sort(inHubSpot); len(slices.Compact(slices.Clone(inHubSpot))) < len(inHubSpot) {
				doubled = append(doubled, difference{m, what, fmt.Sprint(inHubSpot), fmt.Sprint(inApp)})
			}
		}
	}
	return missing, doubled
}

// directory finds a record's mark by its id, of records that sync.
type directory [2]map[string]string

func (r rules) byID(k *kind, b book) directory {
	d := directory{{}, {}}
	for _, m := range b.marks() {
		if !r[k].together(b[0][m], b[1][m]) {
			continue
		}
		for i := range b {
			for _, rec := range b[i][m] {
				d[i][fmt.Sprint(rec.ID)] = m
			}
		}
	}
	return d
}

func (d directory) marks(s deal.Side, of []string) (list []string) {
	for _, id := range of {
		if m, ok := d[index(s)][id]; ok {
			list = append(list, m)
		}
	}
	return list
}
