package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// settlePatience is how long the two accounts may take to agree after the last
// edit; what differs then is a difference.
const settlePatience = 15 * time.Second

// result waits until nothing moves any more, and measures.
func (d *demo) result(ctx context.Context) (*Report, error) {
	if err := d.settle(ctx); err != nil {
		return nil, err
	}
	b, err := d.books(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Latency: Latency{
			P50: ms(percentile(d.tally.latencies, .50)), P95: ms(percentile(d.tally.latencies, .95)), P99: ms(percentile(d.tally.latencies, .99)),
		},
		Lost: len(d.tally.lost), details: d.tally.lost,
	}
	differences, duplicates := d.rules.differences(b), b.duplicates()
	r.Differences, r.Duplicates = len(differences), len(duplicates)
	for _, x := range differences {
		r.details = append(r.details, x.String())
	}
	for _, x := range duplicates {
		r.details = append(r.details, "twice: "+x)
	}
	if err := d.countWrites(ctx, b, r); err != nil {
		return nil, err
	}
	if err := d.askPairs(ctx, r); err != nil {
		return nil, err
	}
	if r.Echoes, err = d.echoes(ctx); err != nil {
		return nil, err
	}
	d.out.heading("What came of it")
	d.out.table(r.rows())
	return r, nil
}

// settle waits until both accounts agree and nothing is on its way. It is no
// error when they never do: the report tells what differs.
func (d *demo) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settlePatience, errPatience)
	defer cancel()
	err := until(ctx, 50*time.Millisecond, func() (bool, error) {
		if quiet, err := d.quiet(ctx); err != nil || !quiet {
			return false, err
		}
		b, err := d.books(ctx)
		return err == nil && len(d.rules.differences(b)) == 0, err
	})
	if errors.Is(err, errPatience) || errors.Is(context.Cause(ctx), errPatience) {
		return nil
	}
	return err
}

// countWrites tells what Dealsync wrote, from the doubles' records and counters.
func (d *demo) countWrites(ctx context.Context, b books, r *Report) error {
	var now counts
	for i, a := range d.accounts {
		c, err := a.counts(ctx)
		if err != nil {
			return err
		}
		now.Writes += c.Writes
		now.Edits += c.Edits
		for _, list := range b[i] {
			for _, rec := range list {
				if madeByAPI(a.side, rec) {
					r.Created++
				}
			}
		}
	}
	r.Updated = int(now.Writes) - r.Created
	if edits := now.Edits - d.base.Edits; edits > 0 {
		r.WritesPerEdit = round(float64(now.Writes-d.base.Writes) / float64(edits))
	}
	return nil
}

// madeByAPI reports whether a record was made by an app, by the account's own
// account of it.
func madeByAPI(s deal.Side, r *record) bool {
	if s == deal.HubSpot {
		return r.Fields["hs_object_source"] == "INTEGRATION"
	}
	return r.Fields["origin"] == "API"
}

// askPairs counts excluded pairs by reason, and reads every pair's journal for
// verdicts.
func (d *demo) askPairs(ctx context.Context, r *Report) error {
	r.Excluded, r.Conflicts.Verdicts = map[string]int{}, map[string]int{}
	req := &configv1.ListPairsRequest{Workspace: d.rules.workspace, PageSize: 1000}
	var ids []string
	for {
		resp, err := d.admin.ListPairs(ctx, req)
		if err != nil {
			return fmt.Errorf("ask for the pairs: %w", err)
		}
		for state, n := range resp.GetTotals() {
			if reason, ok := strings.CutPrefix(state, "excluded: "); ok {
				r.Excluded[reason] = int(n)
			}
		}
		for _, p := range resp.GetPairs() {
			ids = append(ids, p.GetId())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return d.verdicts(ctx, ids, r)
		}
	}
}

func (d *demo) verdicts(ctx context.Context, pairs []string, r *Report) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	winners := make([][]string, len(pairs))
	for i, pair := range pairs {
		group.Go(func() error {
			entries, err := d.journal(ctx, pair)
			for _, e := range entries {
				if e.GetEvent() == "conflict" {
					winners[i] = append(winners[i], sideName(e.GetWinner()))
				}
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, list := range winners {
		for _, w := range list {
			r.Conflicts.Count++
			r.Conflicts.Verdicts[w]++
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

// round keeps two digits behind the point.
func round(x float64) float64 { return float64(int64(x*100+.5)) / 100 }
