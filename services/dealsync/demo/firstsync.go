package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// firstSyncPatience bounds the first sync; the machine may be slow.
const firstSyncPatience = 90 * time.Second

// firstSync switches the syncs on, as planned, and watches what is there already
// cross over (R13).
func (d *demo) firstSync(ctx context.Context) error {
	d.out.heading("The first sync: what is there already crosses over")
	if err := d.applied(d.admin.Apply(ctx, &configv1.ApplyRequest{Documents: d.syncs, Plan: d.plan.GetId()})); err != nil {
		return err
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, firstSyncPatience, errors.New("the first sync took too long; see the log"))
	defer cancel()
	if err := d.watch(ctx); err != nil {
		return fmt.Errorf("first sync: %w", err)
	}
	d.tally.firstSync = time.Since(begun)
	if err := d.tellHeld(ctx); err != nil {
		return err
	}
	return d.review(ctx)
}

// watch shows records crossing over until none is left to.
func (d *demo) watch(ctx context.Context) error {
	var list []bar
	for _, p := range d.plan.GetSyncs() {
		list = append(list, bar{
			label: kindOf(p.GetObject()).many(),
			total: int(p.GetHubspot().GetCreates() + p.GetHubspot().GetUpdates() + p.GetApp().GetCreates() + p.GetApp().GetUpdates()),
		})
	}
	bars := d.out.bars(list...)
	defer bars.end()
	return until(ctx, 100*time.Millisecond, func() (bool, error) {
		now, err := d.counts(ctx)
		if err != nil {
			return false, err
		}
		var done []int
		for _, p := range d.plan.GetSyncs() {
			n := 0
			for i, a := range d.accounts {
				x := now[i].deeds(a, kindOf(p.GetObject()))
				n += x.Created + x.Updated
			}
			done = append(done, n)
		}
		bars.show(done...)
		if !now[0].hooked() || !now[1].hooked() {
			return false, nil
		}
		return d.crossed(ctx)
	})
}

// crossed reports whether all backfills are done, everything is equal, and
// nothing is on its way. It then takes stock for the script.
func (d *demo) crossed(ctx context.Context) (bool, error) {
	if done, err := d.filled(ctx); err != nil || !done {
		return false, err
	}
	if quiet, err := d.quiet(ctx); err != nil || !quiet {
		return false, err
	}
	b, err := d.books(ctx)
	if err != nil || !d.rules.equal(b) {
		return false, err
	}
	d.stock = takeStock(b, d.rules)
	d.base, err = d.counts(ctx)
	return true, err
}

// filled reports whether every sync's backfill is done.
func (d *demo) filled(ctx context.Context) (bool, error) {
	resp, err := d.admin.ListSyncs(ctx, &configv1.ListSyncsRequest{Workspace: workspace})
	if err != nil {
		return false, fmt.Errorf("ask for the backfills: %w", err)
	}
	d.tally.read = 0
	for _, s := range resp.GetSyncs() {
		if s.GetProgress().GetPhase() != "done" {
			return false, nil
		}
		d.tally.read += s.GetProgress().GetRead()
	}
	return len(resp.GetSyncs()) == len(kinds), nil
}

// counts reads both accounts' counters.
func (d *demo) counts(ctx context.Context) (now [2]*counts, err error) {
	for i, a := range d.accounts {
		if now[i], err = a.counts(ctx); err != nil {
			return now, err
		}
	}
	return now, nil
}

// books reads both accounts.
func (d *demo) books(ctx context.Context) (books, error) {
	b := books{}
	for _, k := range kinds {
		var dumps [2][]*record
		for i, a := range d.accounts {
			var err error
			if dumps[i], err = a.dump(ctx, k, 0); err != nil {
				return nil, err
			}
		}
		b[k] = bookOf(k, dumps[0], dumps[1])
	}
	return b, nil
}

// quiet reports whether no webhook waits and no pair has a write on its way.
func (d *demo) quiet(ctx context.Context) (bool, error) {
	now, err := d.counts(ctx)
	if err != nil || now[0].Pending+now[1].Pending > 0 {
		return false, err
	}
	for _, k := range kinds {
		resp, err := d.admin.ListPairs(ctx, &configv1.ListPairsRequest{Workspace: workspace, Sync: d.rules[k].sync, PageSize: 1})
		if err != nil {
			return false, fmt.Errorf("ask for the pairs: %w", err)
		}
		if resp.GetTotals()["pending"] > 0 {
			return false, nil
		}
	}
	return true, nil
}

// tellHeld names the pairs that wait for a person, and why.
func (d *demo) tellHeld(ctx context.Context) error {
	d.tally.held = map[string]int{}
	d.out.gap()
	for _, k := range kinds {
		resp, err := d.admin.ListPairs(ctx, &configv1.ListPairsRequest{Workspace: workspace, Sync: d.rules[k].sync, Status: "failing", PageSize: 20})
		if err != nil {
			return fmt.Errorf("ask for the pairs that fail: %w", err)
		}
		for _, p := range resp.GetPairs() {
			d.tally.held[p.GetPair().GetReason()]++
		}
		if n := len(resp.GetPairs()); n > 0 {
			p := resp.GetPairs()[0].GetPair()
			d.out.line("held: %d %s, %s:", n, k.many(), p.GetReason())
			d.out.line("      %s", p.GetMessage())
		}
	}
	return nil
}
