package mapping

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
)

// Stage maps that are many-to-one in either direction are lenses too.
func TestStageMapsAreLenses_R8(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var lines []Stage
		n := rapid.IntRange(1, 8).Draw(rt, "groups")
		for g := range n {
			manyHubSpot := rapid.Bool().Draw(rt, "many on HubSpot's side")
			for i := range rapid.IntRange(1, 3).Draw(rt, "stages") {
				one, many := fmt.Sprintf("1/g%d", g), fmt.Sprintf("1/g%d-%d", g, i)
				if manyHubSpot {
					lines = append(lines, Stage{HubSpot: many, App: one})
				} else {
					lines = append(lines, Stage{HubSpot: one, App: many})
				}
			}
		}
		s := newStages([]Pipeline{{HubSpot: "p", App: "1", Stages: lines}}, "dealstage", "stage")
		line := rapid.SampledFrom(lines).Draw(rt, "line")
		for side, own := range map[deal.Side]deal.Fields{
			deal.HubSpot: {"dealstage": line.HubSpot, "pipeline": "p"}, deal.App: {"stage": line.App},
		} {
			there, ok1 := s.other(side, own)
			back, ok2 := s.other(side.Other(), there)
			again, ok3 := s.other(side, back)
			if !ok1 || !ok2 || !ok3 || again.Fingerprint() != there.Fingerprint() {
				rt.Fatalf("%v arrives as %v, and sent back as %v", own, there, again)
			}
		}
	})
}
