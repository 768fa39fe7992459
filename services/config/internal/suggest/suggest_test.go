package suggest_test

import (
	"encoding/csv"
	"os"
	"slices"
	"testing"

	"github.com/dealsync/dealsync/services/config/internal/suggest"
)

// set is one pair of pipelines with what people say belongs together.
type set struct {
	name         string
	hubspot, app []suggest.Item
	pairs        map[[2]string]bool
}

// labelled reads the labelled set: default pipelines of common CRMs in English
// and German, and how people wrote their own.
func labelled(t *testing.T) (sets []*set) {
	t.Helper()
	f, err := os.Open("testdata/stages.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if len(sets) == 0 || sets[len(sets)-1].name != row[0] {
			sets = append(sets, &set{name: row[0], pairs: map[[2]string]bool{}})
		}
		s := sets[len(sets)-1]
		if row[1] != "" {
			s.hubspot = append(s.hubspot, suggest.Item{ID: row[1], Label: row[1]})
		}
		if row[2] != "" {
			s.app = append(s.app, suggest.Item{ID: row[2], Label: row[2]})
		}
		if row[1] != "" && row[2] != "" {
			s.pairs[[2]string{row[1], row[2]}] = true
		}
	}
	return sets
}

// TestR8SuggestionsOnTheLabelledSet holds the suggestions to precision and
// recall, by names alone: no app's own word on won and lost helps here.
func TestR8SuggestionsOnTheLabelledSet(t *testing.T) {
	t.Parallel()
	var right, wrong, missed, all int
	for _, s := range labelled(t) {
		found := map[[2]string]bool{}
		for _, p := range suggest.Stages(s.hubspot, s.app).Pairs {
			pair := [2]string{s.hubspot[p.HubSpot].Label, s.app[p.App].Label}
			found[pair] = true
			if s.pairs[pair] {
				right++
				continue
			}
			wrong++
			t.Logf("%s: wrong: %v (%.2f, %s)", s.name, pair, p.Score, p.Reason)
		}
		all += len(s.pairs)
		for pair := range s.pairs {
			if !found[pair] {
				missed++
				t.Logf("%s: missed: %v", s.name, pair)
			}
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
	t.Logf("%d labelled pairs: %d right, %d wrong, %d missed: precision %.3f, recall %.3f", all, right, wrong, missed, precision, recall)
	if all < 60 {
		t.Errorf("the labelled set has %d pairs, want 60 or more", all)
	}
	if precision < 0.95 || recall < 0.85 {
		t.Errorf("precision %.3f and recall %.3f, want at least 0.95 and 0.85", precision, recall)
	}
}

func items(labels ...string) (all []suggest.Item) {
	for _, l := range labels {
		all = append(all, suggest.Item{ID: l, Label: l})
	}
	return all
}

func TestR8NoStageIsSuggestedTwice(t *testing.T) {
	t.Parallel()
	for _, s := range labelled(t) {
		r := suggest.Stages(s.hubspot, s.app)
		var h, a []int
		for _, p := range r.Pairs {
			h, a = append(h, p.HubSpot), append(a, p.App)
			if p.Score < 0 || p.Score > 1 || p.Reason == "" {
				t.Errorf("%s: %+v: want a score from 0 to 1 and a reason", s.name, p)
			}
		}
		h, a = append(h, r.HubSpot...), append(a, r.App...)
		slices.Sort(h)
		slices.Sort(a)
		if len(h) != len(s.hubspot) || len(slices.Compact(h)) != len(s.hubspot) || len(a) != len(s.app) || len(slices.Compact(a)) != len(s.app) {
			t.Errorf("%s: every stage must be in one pair or left over, got %+v", s.name, r)
		}
	}
}

func TestR8WonNeverGoesWithLost(t *testing.T) {
	t.Parallel()
	won, lost := suggest.Item{Label: "Done", Outcome: suggest.Won}, suggest.Item{Label: "Done", Outcome: suggest.Lost}
	if r := suggest.Stages([]suggest.Item{won}, []suggest.Item{lost}); len(r.Pairs) != 0 {
		t.Errorf("suggested %+v", r.Pairs)
	}
	if r := suggest.Stages([]suggest.Item{won}, []suggest.Item{{Label: "Done"}}); len(r.Pairs) != 0 {
		t.Errorf("an open stage was suggested for a won one: %+v", r.Pairs)
	}
	if r := suggest.Stages(items("Contract in force"), []suggest.Item{{Label: "Geliefert", Outcome: suggest.Won}}); len(r.Pairs) != 0 {
		t.Errorf("suggested %+v", r.Pairs)
	}
	one := suggest.Stages([]suggest.Item{{Label: "In force", Outcome: suggest.Won}}, []suggest.Item{{Label: "Geliefert", Outcome: suggest.Won}})
	if len(one.Pairs) != 1 || one.Pairs[0].Score >= 0.9 {
		t.Errorf("two stages that alone mean won belong together, not too surely: %+v", one.Pairs)
	}
}

func TestR8EqualNamesAreToldApartByTheirPlace(t *testing.T) {
	t.Parallel()
	r := suggest.Stages(items("Review", "Angebot", "Review"), items("Review", "Proposal", "Review"))
	for _, p := range r.Pairs {
		if p.HubSpot != p.App {
			t.Errorf("stage %d goes with %d", p.HubSpot, p.App)
		}
	}
	if len(r.Pairs) != 3 {
		t.Errorf("%d suggestions, want 3", len(r.Pairs))
	}
}
