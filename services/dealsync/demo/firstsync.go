package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// firstSyncPatience bounds the first sync; the machine may be slow.
const firstSyncPatience = 90 * time.Second

// firstSync watches what is there at activation cross over (R13).
func (d *demo) firstSync(ctx context.Context) error {
	d.out.heading("The first sync: what is there already crosses over")
	due, err := d.due(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, firstSyncPatience, errors.New("the first sync took too long; see the log"))
	defer cancel()
	bars := d.out.bars(
		bar{label: "HubSpot to Pipedrive", total: due[index(deal.HubSpot)]},
		bar{label: "Pipedrive to HubSpot", total: due[index(deal.App)]},
	)
	err = until(ctx, 100*time.Millisecond, func() (bool, error) {
		hubspot, err := d.on(deal.HubSpot).counts(ctx)
		if err != nil {
			return false, err
		}
		app, err := d.on(deal.App).counts(ctx)
		if err != nil {
			return false, err
		}
		// Deals made in one account are those that came from the other.
		bars.show(int(app.Writes), int(hubspot.Writes))
		if int(app.Writes) < due[0] || int(hubspot.Writes) < due[1] || !hubspot.hooked() || !app.hooked() {
			return false, nil
		}
		return d.crossed(ctx)
	})
	bars.end()
	if err != nil {
		return fmt.Errorf("first sync: %w", err)
	}
	d.out.note("Done after %.1f s. From now on both accounts tell of every edit by webhook.", time.Since(begun).Seconds())
	return nil
}

// due counts each side's deals that must cross.
func (d *demo) due(ctx context.Context) ([2]int, error) {
	var due [2]int
	for i, a := range d.accounts {
		dump, err := a.dump(ctx, 0)
		if err != nil {
			return due, err
		}
		for _, r := range dump {
			if d.rules.left(a.side, r) == "" {
				due[i]++
			}
		}
	}
	return due, nil
}

// crossed reports whether both backfills are done, everything is equal, and
// nothing is on its way. It then takes stock for the script.
func (d *demo) crossed(ctx context.Context) (bool, error) {
	resp, err := d.admin.ListSyncs(ctx, &configv1.ListSyncsRequest{Workspace: d.rules.workspace})
	if err != nil {
		return false, fmt.Errorf("ask for the backfill: %w", err)
	}
	for _, s := range resp.GetSyncs() {
		if !s.GetBackfill()[deal.HubSpot.String()].GetDone() || !s.GetBackfill()[deal.App.String()].GetDone() {
			return false, nil
		}
	}
	if quiet, err := d.quiet(ctx); err != nil || !quiet {
		return false, err
	}
	b, err := d.books(ctx)
	if err != nil || len(d.rules.differences(b)) > 0 {
		return false, err
	}
	d.stock = takeStock(b, d.rules)
	for _, a := range d.accounts {
		c, err := a.counts(ctx)
		if err != nil {
			return false, err
		}
		d.base.Writes += c.Writes
		d.base.Edits += c.Edits
	}
	return true, nil
}

// books reads both accounts.
func (d *demo) books(ctx context.Context) (books, error) {
	var b books
	for i, a := range d.accounts {
		dump, err := a.dump(ctx, 0)
		if err != nil {
			return b, err
		}
		b[i] = bookOf(a.side, dump)
	}
	return b, nil
}

// quiet reports whether no webhook waits and no pair has a write on its way.
func (d *demo) quiet(ctx context.Context) (bool, error) {
	for _, a := range d.accounts {
		if c, err := a.counts(ctx); err != nil || c.Pending > 0 {
			return false, err
		}
	}
	resp, err := d.admin.ListPairs(ctx, &configv1.ListPairsRequest{Workspace: d.rules.workspace, PageSize: 1})
	if err != nil {
		return false, fmt.Errorf("ask for the pairs: %w", err)
	}
	return resp.GetTotals()["pending"] == 0, nil
}
