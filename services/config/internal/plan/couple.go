package plan

import (
	"fmt"
	"iter"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
)

// couple is two records that are, or would be, a pair.
type couple struct {
	hubspot, app *Record
	matched      bool // they would be paired by a match rule
}

func (c *couple) on(s deal.Side) *Record {
	if s == deal.App {
		return c.app
	}
	return c.hubspot
}

// single is a record that has no counterpart.
type single struct {
	side   deal.Side
	record *Record
	held   string // why it must wait, in words
}

// couple puts together what is paired already and what matches (R15); the rest
// is alone.
func (st *step) couple(hubspot, app []Record) (couples []couple, alone []single) {
	there := make(map[string]*Record, len(app))
	for i := range app {
		there[app[i].ID] = &app[i]
	}
	for i := range hubspot {
		h := &hubspot[i]
		if a := there[h.Counterpart]; a != nil && a.Counterpart == h.ID {
			couples = append(couples, couple{h, a, false})
		}
	}
	st.Paired = len(couples)
	taken := map[*Record]bool{}
	for _, c := range couples {
		taken[c.hubspot], taken[c.app] = true, true
	}
	w := index(hubspot, app, taken)
	for side, r := range each(hubspot, app) {
		if taken[r] {
			continue
		}
		d := w.decide(side, r)
		switch {
		case d.Verdict == match.Paired && side == deal.HubSpot:
			couples = append(couples, couple{r, there[d.With.ID], true})
			st.Matched++
		case d.Verdict == match.Paired: // HubSpot's record has come to the same decision
		case d.Verdict == match.Ambiguous, d.Verdict == match.Undecided:
			alone = append(alone, single{side, r, among(&d)})
		default:
			alone = append(alone, single{side, r, ""})
		}
	}
	return couples, alone
}

// each gives the records of both sides, HubSpot's first.
func each(hubspot, app []Record) iter.Seq2[deal.Side, *Record] {
	return func(yield func(deal.Side, *Record) bool) {
		for i := range hubspot {
			if !yield(deal.HubSpot, &hubspot[i]) {
				return
			}
		}
		for i := range app {
			if !yield(deal.App, &app[i]) {
				return
			}
		}
	}
}

func among(d *match.Decision) string {
	names := make([]string, len(d.Among))
	for i, r := range d.Among {
		names[i] = fmt.Sprintf("%s's %q (%s)", r.Side, r.Title, r.ID)
	}
	return fmt.Sprintf("same %s: %s", d.Key.Rule, strings.Join(names, ", "))
}

// world finds the records that have a key in common.
type world map[match.Key][]match.Record

func index(hubspot, app []Record, taken map[*Record]bool) world {
	w := world{}
	for side, r := range each(hubspot, app) {
		m := matchable(side, r, taken[r])
		for _, k := range r.Keys {
			k.Form = ""
			w[k] = append(w[k], m)
		}
	}
	return w
}

func matchable(s deal.Side, r *Record, taken bool) match.Record {
	m := match.Record{Side: s, ID: r.ID, Title: r.Title, Keys: r.Keys}
	switch {
	case taken:
		m.State = match.Taken
	case r.Bereft:
		m.State = match.Bereft
	}
	return m
}

// decide decides among all records that share a key with r or with one of those.
func (w world) decide(s deal.Side, r *Record) match.Decision {
	if len(r.Keys) == 0 || r.Bereft {
		return match.Decision{}
	}
	var others []match.Record
	seen := map[string]bool{}
	var gather func(keys match.Keys, deeper bool)
	gather = func(keys match.Keys, deeper bool) {
		for _, k := range keys {
			k.Form = ""
			for _, o := range w[k] {
				id := o.Side.String() + "/" + o.ID
				if seen[id] {
					continue
				}
				seen[id] = true
				others = append(others, o)
				if deeper {
					gather(o.Keys, false)
				}
			}
		}
	}
	gather(r.Keys, true)
	return match.Decide(matchable(s, r, false), others, false)
}
