package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// SecondBackfill is what came of reading everything again when nothing had
// changed.
type SecondBackfill struct {
	Read   int64 `json:"read"`   // records
	Writes int   `json:"writes"` // to either account, by their own counters; associations too
}

// again reads every record of both accounts once more (R13). As both accounts
// agree already, nothing must be written.
func (d *demo) again(ctx context.Context) error {
	d.out.heading("Once more: a second backfill of everything")
	if err := d.settle(ctx); err != nil {
		return err
	}
	before, err := d.counts(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	for _, k := range kinds {
		if _, err := d.admin.Backfill(ctx, &configv1.BackfillRequest{Workspace: workspace, Sync: d.rules[k].sync}); err != nil {
			return fmt.Errorf("ask for a second backfill of %s: %w", k.many(), err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, firstSyncPatience, errors.New("the second backfill took too long; see the log"))
	defer cancel()
	if err := until(ctx, 50*time.Millisecond, func() (bool, error) { return d.filled(ctx) }); err != nil {
		return fmt.Errorf("second backfill: %w", err)
	}
	took := time.Since(begun)
	if err := d.atRest(ctx); err != nil {
		return fmt.Errorf("second backfill: %w", err)
	}
	now, err := d.counts(ctx)
	if err != nil {
		return err
	}
	d.tally.again.Read = d.tally.read
	rows := [][]string{{"", "API calls", "records written"}}
	for i, a := range d.accounts {
		writes := now[i].writes(a) - before[i].writes(a)
		d.tally.again.Writes += writes
		rows = append(rows, []string{a.name, fmt.Sprint(now[i].Requests - before[i].Requests), fmt.Sprint(writes)})
	}
	d.out.table(rows, 1, 2)
	if d.tally.again.Writes > 0 {
		d.out.problem(fmt.Sprintf("%d writes, and nothing had changed", d.tally.again.Writes))
		return nil
	}
	d.out.note("%d records read in %.1f s, and nothing written: both accounts agreed already.", d.tally.again.Read, took.Seconds())
	return nil
}

// restful is how many checks in a row must show the same before all is at rest.
const restful = 8

// atRest waits until what was read has gone all the way: no stage has messages
// waiting, and neither account's counters move.
func (d *demo) atRest(ctx context.Context) error {
	last, same := "", 0
	return until(ctx, 50*time.Millisecond, func() (bool, error) {
		waiting, err := d.metric(ctx, backlogMetric)
		if err != nil {
			return false, err
		}
		now, err := d.counts(ctx)
		if err != nil {
			return false, err
		}
		is := fmt.Sprint(waiting, now[0].Requests, now[1].Requests, now[0].Pending, now[1].Pending)
		if is != last || waiting > 0 || now[0].Pending+now[1].Pending > 0 {
			last, same = is, 0
			return false, nil
		}
		same++
		return same >= restful, nil
	})
}
