package core

import (
	"fmt"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

// BenchmarkEcho is the most frequent input: a whole image of which nothing is new.
func BenchmarkEcho(b *testing.B) {
	policy := Policy{Winner: deal.HubSpot, WindowMs: 5 * minute, SkewMs: 2000, Direction: deal.BothWays}
	img := func(s deal.Side, at int64) *Image {
		i := &Image{Record: s.String(), Cause: Webhook}
		for n := range 10 {
			unit := fmt.Sprintf("field%d", n)
			i.Units = append(i.Units, UnitValue{Unit: unit, Changed: true, News: News{Own: value(unit, "v"), Other: value(unit, "v"), At: at}})
		}
		return i
	}
	d := Resolve(Pair{}, Input{Side: deal.HubSpot, Image: img(deal.HubSpot, minute)}, nil, policy, 2*minute)
	d = Resolve(d.Pair, Input{Side: deal.App, Outcome: &Outcome{Version: 1, Record: "app", AnsweredMs: 2*minute + 100}}, nil, policy, 2*minute+100)
	in := Input{Side: deal.App, Image: img(deal.App, 2*minute+50)}
	b.ReportAllocs()
	for b.Loop() {
		if len(Needs(d.Pair, in, policy, 3*minute)) > 0 || Resolve(d.Pair, in, nil, policy, 3*minute).Changed {
			b.Fatal("an echo changed something")
		}
	}
}
