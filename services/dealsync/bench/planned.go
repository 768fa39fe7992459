package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dealsync/dealsync/libs/connector/apps"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// plan has the syncs planned.
func (in *installation) plan(ctx context.Context) (p Planned, err error) {
	begun := time.Now()
	stream, err := in.admin.Plan(ctx, &configv1.PlanRequest{Documents: files([]string{in.accounts(noLimit), syncOfDeals, syncsOfParents})})
	if err != nil {
		return p, fmt.Errorf("plan: %w", err)
	}
	var made *configv1.Plan
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, fmt.Errorf("plan: %w", err)
		}
		for _, problem := range resp.GetProblems() {
			return p, fmt.Errorf("plan: line %d: %s", problem.GetLine(), problem.GetMessage())
		}
		made = resp.GetPlan()
	}
	p.Seconds = seconds(time.Since(begun))
	p.ReadCalls, p.WriteCalls = map[string]int64{}, map[string]int64{}
	for _, y := range made.GetSyncs() {
		for side, s := range [2]*configv1.SidePlan{y.GetHubspot(), y.GetApp()} {
			p.Creates += s.GetCreates()
			p.Updates += s.GetUpdates()
			p.ReadCalls[appNames[side]] += s.GetReadCalls()
			p.WriteCalls[appNames[side]] += s.GetWriteCalls()
		}
		p.Matched += y.GetMatched()
		p.Associations += y.GetAssociations()
	}
	calls := map[string]int64{}
	for _, name := range appNames {
		calls[name] = p.ReadCalls[name] + p.WriteCalls[name]
	}
	p.Minutes = minutes(calls)
	return p, nil
}

// minutes is how long calls take at the rate limits that the apps declare. Both
// are called at the same time.
func minutes(calls map[string]int64) (longest float64) {
	for name, n := range calls {
		a, ok := apps.Lookup(name)
		if b := a.Manifest.Budget; ok && b.Calls > 0 {
			longest = max(longest, round(float64(n)*b.Per.Minutes()/float64(b.Calls)))
		}
	}
	return longest
}
