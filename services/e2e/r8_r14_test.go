package e2e

import (
	"strings"
	"testing"
	"time"
)

// suggestions are what the command line proposes.
type suggestions struct {
	Suggestions []struct {
		HubSpot string  `json:"hubspot"`
		App     string  `json:"app"`
		Score   float64 `json:"score"`
		Reason  string  `json:"reason"`
	} `json:"suggestions"`
	Leftovers []struct {
		Side string `json:"side"`
		ID   string `json:"id"`
	} `json:"leftovers"`
}

// under puts printed lines of a sync document where they belong, below spec.
func under(printed string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(printed, "\n"), "\n", "\n  ")
}

// R8: stages are proposed by their names, each with a score and a reason, one to
// one, the rest by name; nothing is applied before a person does it, and then it
// works as printed.
func TestR8_StagesAreSuggestedAndNeverAppliedUnseen(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := prepare(t, in, nil)
		x.spec.NoDeals = true
		x.apply()
		var got suggestions
		x.cli.do(&got, "suggest", "stages", "pipedrive-main", "--pipeline", "1", "--hubspot-pipeline", "default")
		pairs := map[string]string{}
		apps := map[string]bool{}
		for _, s := range got.Suggestions {
			if s.Score <= 0 || s.Score > 1 || s.Reason == "" {
				t.Errorf("no score or reason: %+v", s)
			}
			if pairs[s.HubSpot] != "" || apps[s.App] {
				t.Errorf("not one to one: %+v", s)
			}
			pairs[s.HubSpot], apps[s.App] = s.App, true
		}
		if pairs["closedwon"] != "1/won" || pairs["closedlost"] != "1/lost" {
			t.Errorf("won and lost: %v", pairs)
		}
		if len(got.Leftovers) == 0 || len(got.Leftovers) != 7+7-2*len(got.Suggestions) {
			t.Errorf("%d suggestions and %d left over, of seven stages each", len(got.Suggestions), len(got.Leftovers))
		}
		var syncs struct {
			Syncs []any `json:"syncs"`
		}
		if x.cli.do(&syncs, "get", "syncs"); len(syncs.Syncs) != 0 {
			t.Errorf("a suggestion was applied: %v", syncs.Syncs)
		}

		a := x.cli.run("", "suggest", "stages", "pipedrive-main", "--pipeline", "1", "--hubspot-pipeline", "default", "-o", "yaml")
		if a.code != 0 || !strings.Contains(a.out, "# left over in ") {
			t.Fatalf("exit code %d: %s%s", a.code, a.err, a.out)
		}
		x.spec.NoDeals, x.spec.Pasted = false, under(a.out)
		x.apply()
		x.connected()
		won := x.hubspot.create(fields{"dealname": "Won", "amount": "5", "dealstage": "closedwon", "pipeline": "default"}, ago(time.Hour))
		x.holds(x.pipedrive, x.counterpart(won), fields{"title": "Won", "status": "won"})
	})
}

// R14: a HubSpot pipeline is made after the app's, once; its deals stay apart from
// those that were there.
func TestR14_ANewPipelineKeepsSyncedDealsApart(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := prepare(t, in, nil)
		x.spec.NoDeals = true
		x.apply()
		before := x.hubspot.create(fields{"dealname": "Was there", "amount": "5", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		type made struct {
			Existed  bool `json:"existed"`
			Pipeline struct {
				ID     string `json:"id"`
				Label  string `json:"label"`
				Stages []struct {
					Label string `json:"label"`
					Won   bool   `json:"won"`
				} `json:"stages"`
			} `json:"pipeline"`
			Mapping struct {
				Stages []struct {
					HubSpot string `json:"hubspot"`
					App     string `json:"app"`
				} `json:"stages"`
			} `json:"mapping"`
		}
		args := []string{"create", "pipeline", "--from", "pipedrive-main/1", "--title", "From Pipedrive"}
		var first, second made
		x.cli.do(&first, args...)
		x.cli.do(&second, args...)
		if first.Existed || !second.Existed || first.Pipeline.ID != second.Pipeline.ID || first.Pipeline.Label != "From Pipedrive" {
			t.Errorf("made twice: %+v and %+v", first.Pipeline, second.Pipeline)
		}
		if len(first.Pipeline.Stages) != 7 || len(first.Mapping.Stages) != 7 {
			t.Errorf("%d stages, %d mapped; the app has five, won and lost", len(first.Pipeline.Stages), len(first.Mapping.Stages))
		}
		named := 0
		var pipelines struct {
			Pipelines []struct {
				Label string `json:"label"`
			} `json:"pipelines"`
		}
		x.cli.do(&pipelines, "get", "pipelines", "hubspot-main", "--refresh")
		for _, p := range pipelines.Pipelines {
			if p.Label == "From Pipedrive" {
				named++
			}
		}
		if named != 1 {
			t.Errorf("HubSpot has %d pipelines of that name", named)
		}

		a := x.cli.run("", args...)
		if a.code != 0 {
			t.Fatalf("exit code %d: %s", a.code, a.err)
		}
		x.spec.NoDeals, x.spec.Pasted = false, under(a.out)
		x.apply()
		x.connected()
		won := x.pipedrive.create(fields{"title": "Won there", "value": 7, "stage_id": 2}, ago(time.Hour))
		hubspot := x.counterpart(won)
		if got := x.hubspot.show(hubspot).Fields["pipeline"]; string(got) != first.Pipeline.ID {
			t.Errorf("the deal is in pipeline %s, not %s", got, first.Pipeline.ID)
		}
		x.pipedrive.do(won, "won", "")
		for _, s := range first.Mapping.Stages {
			if s.App == "1/won" {
				x.holds(x.hubspot, hubspot, fields{"dealstage": s.HubSpot})
			}
		}
		x.becomes(before, "excluded: stage_not_mapped")
		if n := len(x.pipedrive.dump()); n != 1 {
			t.Errorf("%d deals in the app; HubSpot's own stays apart", n)
		}
	})
}
