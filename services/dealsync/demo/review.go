package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// PlanReview is what was planned for the first sync and what it really did, both
// accounts together, by their own counters.
type PlanReview struct {
	Planned Deeds   `json:"planned"`
	Done    Deeds   `json:"done"`
	Seconds float64 `json:"seconds"` // that the first sync took
}

// Deeds are writes by what they do.
type Deeds struct {
	Creates      int `json:"creates"`
	Updates      int `json:"updates"`
	Associations int `json:"associations"`
}

// review compares the first sync with its plan.
func (d *demo) review(ctx context.Context) error {
	now, err := d.counts(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"planned / done", "HubSpot creates", "updates", "Pipedrive creates", "updates", "associations"}}
	var more []string
	var millis int64
	for _, p := range d.plan.GetSyncs() {
		k := kindOf(p.GetObject())
		row := []string{k.many()}
		made := 0
		millis += p.GetMillis()
		for i, side := range []*configv1.SidePlan{p.GetHubspot(), p.GetApp()} {
			done := now[i].deeds(d.accounts[i], k)
			creates, updates := int(side.GetCreates()), int(side.GetUpdates())
			row = append(row, against(creates, done.Created), against(updates, done.Updated))
			more = append(more, apart(k.one+" creates in "+accountNames[i], creates, done.Created)...)
			more = append(more, apart(k.one+" updates in "+accountNames[i], updates, done.Updated)...)
			made += done.Associated
			d.tally.plan.Planned.add(Deeds{Creates: creates, Updates: updates})
			d.tally.plan.Done.add(Deeds{Creates: done.Created, Updates: done.Updated, Associations: done.Associated})
		}
		d.tally.plan.Planned.Associations += int(p.GetAssociations())
		rows = append(rows, append(row, against(int(p.GetAssociations()), made)))
		more = append(more, apart(k.one+" associations", int(p.GetAssociations()), made)...)
	}
	d.tally.plan.Seconds = round(d.tally.firstSync.Seconds())
	d.out.gap()
	d.out.table(rows, 1, 2, 3, 4, 5)
	if err := d.tellMore(ctx, more); err != nil {
		return err
	}
	d.out.note("It took %.1f s; by the rate limits alone it was planned to take %s.", d.tally.firstSync.Seconds(), about(millis))
	d.out.note("From now on both accounts tell of every edit by webhook.")
	return nil
}

// tellMore says what was not as planned, and why as far as the accounts show it.
func (d *demo) tellMore(ctx context.Context, more []string) error {
	if len(more) == 0 {
		d.out.note("Exactly as planned.")
		return nil
	}
	d.out.note("Not as planned: %s.", strings.Join(more, ", "))
	late, err := d.late(ctx)
	if err == nil && late > 0 {
		d.out.note("%d Pipedrive records were made before one that they belong to, and got it by an update.", late)
	}
	return err
}

// late counts the updates that gave records that Dealsync had made in Pipedrive
// their associations afterwards, from the account's own history.
func (d *demo) late(ctx context.Context) (n int, err error) {
	for _, k := range kinds {
		list, err := d.on(deal.App).histories(ctx, k)
		if err != nil {
			return 0, err
		}
		for _, r := range list {
			times := map[int64]bool{}
			for _, h := range r.History {
				if !r.seeded() && h.At > r.Created && slices.ContainsFunc(ties, func(t tie) bool { return t.app == h.Field }) {
					times[h.At] = true
				}
			}
			n += len(times)
		}
	}
	return n, nil
}

func (d *Deeds) add(more Deeds) {
	d.Creates += more.Creates
	d.Updates += more.Updates
	d.Associations += more.Associations
}

func against(planned, done int) string { return fmt.Sprintf("%d / %d", planned, done) }

// apart names a difference, if there is one.
func apart(what string, planned, done int) []string {
	if planned == done {
		return nil
	}
	return []string{fmt.Sprintf("%+d %s", done-planned, what)}
}
