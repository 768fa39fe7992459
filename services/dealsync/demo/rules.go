package demo

import (
	"fmt"
	"io/fs"
	"math/big"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// rules are what the Sync document promises, read from the document itself, so
// that the comparison of the two accounts does not rest on anything that
// Dealsync says of them.
type rules struct {
	workspace, sync string
	stages          map[string]string // HubSpot "pipeline/stage" to app "pipeline/stage"
	appStages       map[string]bool
	floor           *big.Rat // the app filter's least value
	lines           [][2]string
}

func parseRules(dir fs.FS) (*rules, error) {
	doc, err := findSync(dir)
	if err != nil {
		return nil, err
	}
	r := &rules{
		workspace: doc.Metadata.Workspace, sync: doc.Metadata.Name,
		stages: map[string]string{}, appStages: map[string]bool{}, floor: new(big.Rat),
	}
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
		if _, ok := r.floor.SetString(c.Value); !ok {
			return nil, fmt.Errorf("the filter's value %q is no number", c.Value)
		}
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

// left says why a deal does not sync; "" when it does (R9, R11, R17).
func (r *rules) left(s deal.Side, rec *record) string {
	switch {
	case rec.Deleted:
		return "deleted"
	case s == deal.HubSpot && r.stages[stage(s, rec)] == "", s == deal.App && !r.appStages[stage(s, rec)]:
		return "stage"
	case s == deal.App:
		if v, ok := new(big.Rat).SetString(string(rec.Fields["value"])); !ok || v.Cmp(r.floor) < 0 {
			return "filter"
		}
	}
	return ""
}

// title is a deal's name.
func title(s deal.Side, r *record) string {
	if s == deal.HubSpot {
		return string(r.Fields["dealname"])
	}
	return string(r.Fields["title"])
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
