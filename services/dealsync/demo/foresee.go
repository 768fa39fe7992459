package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// foresee asks what the syncs would do to both accounts before anything is
// stored or written (B2).
func (d *demo) foresee(ctx context.Context) error {
	d.out.heading("The plan: what the syncs would do. Nothing is written yet")
	stream, err := d.admin.Plan(ctx, &configv1.PlanRequest{Documents: d.syncs})
	if err != nil {
		return fmt.Errorf("ask for the plan: %w", err)
	}
	for d.plan == nil {
		resp, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the config service ended without a plan")
		case err != nil:
			return fmt.Errorf("ask for the plan: %w", err)
		}
		if err := d.refused(resp.GetProblems()); err != nil {
			return err
		}
		d.plan = resp.GetPlan()
	}
	d.tellPlan()
	return nil
}

func (d *demo) tellPlan() {
	rows := [][]string{{"", "account", "holds", "matched", "creates", "updates", "excluded", "API calls", "time"}}
	var notes []string
	for _, p := range d.plan.GetSyncs() {
		k := kindOf(p.GetObject())
		for i, side := range []*configv1.SidePlan{p.GetHubspot(), p.GetApp()} {
			row := []string{"", accountNames[i]}
			if i == 0 {
				row[0] = k.many()
			}
			row = append(row, numbers(side.GetRecords(), p.GetMatched(), side.GetCreates(), side.GetUpdates(), total(side.GetExcluded()), side.GetReadCalls()+side.GetWriteCalls())...)
			if i == 0 {
				row = append(row, about(p.GetMillis()))
			}
			rows = append(rows, row)
		}
		notes = append(notes, planNote(k, p))
	}
	d.out.table(rows, 2, 3, 4, 5, 6, 7, 8)
	for _, n := range notes {
		d.out.line("%s", n)
	}
	d.out.note("Associations: %s.", associationNote(d.plan))
	d.out.note("It is plan %s. What is applied next must still be this plan, or it is refused.", d.plan.GetId())
}

// planNote is what a plan says beside its table.
func planNote(k *kind, p *configv1.SyncPlan) string {
	var parts []string
	for _, n := range []struct {
		what  string
		count int64
	}{{"associations to make", p.GetAssociations()}, {"conflicts by first match", p.GetConflicts()}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprint(n.what, ": ", n.count))
		}
	}
	excluded := map[string]int64{}
	for _, side := range []*configv1.SidePlan{p.GetHubspot(), p.GetApp()} {
		for reason, n := range side.GetExcluded() {
			excluded[reason] += n
		}
	}
	for _, of := range []map[string]int64{excluded, p.GetFailing()} {
		for _, reason := range slices.Sorted(maps.Keys(of)) {
			parts = append(parts, fmt.Sprint(reason, ": ", of[reason]))
		}
	}
	return fmt.Sprintf("%-10s %s", k.many(), strings.Join(parts, ", "))
}

// associationNote says which associations will be made (R16).
func associationNote(p *configv1.Plan) string {
	var parts []string
	for _, y := range p.GetSyncs() {
		for _, l := range y.GetAssociationLines() {
			parts = append(parts, fmt.Sprintf("%s's %s = %s", y.GetObject(), l.GetHubspot().GetTitle(), l.GetApp().GetTitle()))
		}
	}
	return strings.Join(parts, ", ")
}

func numbers(list ...int64) []string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = fmt.Sprint(n)
	}
	return texts
}

func total(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// about is a time that was estimated.
func about(millis int64) string {
	return fmt.Sprintf("%.1f s", (time.Duration(millis) * time.Millisecond).Seconds())
}
