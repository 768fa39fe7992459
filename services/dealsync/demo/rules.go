package demo

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// rules are what the Sync documents promise, read from the documents themselves,
// so that the comparison of the two accounts does not rest on anything that
// Dealsync says of them.
type rules map[*kind]*syncRules

// syncRules are those of one sync.
type syncRules struct {
	*kind
	sync      string
	lines     [][2]string
	stages    map[string]string // of deals: HubSpot "pipeline/stage" to app "pipeline/stage"
	appStages map[string]bool
	floor     *big.Rat // the app filter's least value; nil: no filter
}

func parseRules(list []*configv1.Document) (rules, error) {
	docs, err := findSyncs(list)
	if err != nil {
		return nil, err
	}
	all := rules{}
	for _, doc := range docs {
		k := kindOf(doc.Spec.Object)
		if k == nil {
			return nil, fmt.Errorf("the demo knows no object %q", doc.Spec.Object)
		}
		if all[k], err = rulesOf(k, doc); err != nil {
			return nil, err
		}
	}
	for _, k := range kinds {
		if all[k] == nil {
			return nil, fmt.Errorf("the demo's documents have no sync of %s", k.many())
		}
	}
	return all, nil
}

func rulesOf(k *kind, doc *syncDocument) (*syncRules, error) {
	r := &syncRules{kind: k, sync: doc.Metadata.Name, stages: map[string]string{}, appStages: map[string]bool{}}
	for _, p := range doc.Spec.Pipelines {
		for _, s := range p.Stages {
			r.stages[p.HubSpot+"/"+s.HubSpot] = p.App + "/" + s.App
			r.appStages[p.App+"/"+s.App] = true
		}
	}
	for _, c := range doc.Spec.Filter.App.All {
		if c.Field != "value" || c.Op != "gte" {
			return nil, fmt.Errorf("the demo compares value gte only, and its filter says %s %s", c.Field, c.Op)
		}
		floor, ok := new(big.Rat).SetString(c.Value)
		if !ok {
			return nil, fmt.Errorf("the filter's value %q is no number", c.Value)
		}
		r.floor = floor
	}
	for _, f := range doc.Spec.Fields {
		r.lines = append(r.lines, [2]string{f.HubSpot, f.App})
		if f.HubSpot == "amount" && f.App == "value" { // a currency travels with its amount (R18)
			r.lines = append(r.lines, [2]string{"deal_currency_code", "currency"})
		}
	}
	return r, nil
}

// stage is where a deal stands, in the words of the documents.
func stage(s deal.Side, r *record) string {
	if s == deal.HubSpot {
		return string(r.Fields["pipeline"] + "/" + r.Fields["dealstage"])
	}
	if status := r.Fields["status"]; status != "open" {
		return string(r.Fields["pipeline_id"] + "/" + status)
	}
	return string(r.Fields["pipeline_id"] + "/" + r.Fields["stage_id"])
}

// left says why a record does not sync; "" when it does (R9, R11, R15, R17).
func (r *syncRules) left(s deal.Side, rec *record) string {
	switch {
	case rec.Deleted:
		return "deleted"
	case slices.Contains(ambiguous, r.mark(s, rec)):
		return "ambiguous"
	case r.kind != deals:
		return ""
	case s == deal.HubSpot && r.stages[stage(s, rec)] == "", s == deal.App && !r.appStages[stage(s, rec)]:
		return "stage"
	case s == deal.App && r.floor != nil:
		if v, ok := new(big.Rat).SetString(string(rec.Fields["value"])); !ok || v.Cmp(r.floor) < 0 {
			return "filter"
		}
	}
	return ""
}

// same compares two values of one mapped field. Numbers count by value, and a
// moment at midnight UTC is the same as its day.
func same(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if okX && okY {
		return x.Cmp(y) == 0
	}
	return day(a) != "" && day(a) == day(b)
}

// day is the date of "2026-01-31" and of "2026-01-31T00:00:00.000Z".
func day(v string) string {
	date, rest, _ := strings.Cut(v, "T")
	if len(date) != len("2026-01-31") || date[4] != '-' || date[7] != '-' || strings.Trim(rest, "0:.Z") != "" {
		return ""
	}
	return date
}
