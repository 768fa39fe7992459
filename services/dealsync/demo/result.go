package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

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
	r := &Report{
		Plan: d.tally.plan, Held: d.tally.held, Again: d.tally.again,
		Latency: Latency{
			P50: ms(percentile(d.tally.latencies, .50)), P95: ms(percentile(d.tally.latencies, .95)), P99: ms(percentile(d.tally.latencies, .99)),
		},
		Lost: len(d.tally.lost), details: d.tally.lost,
	}
	if err := d.compare(ctx, r); err != nil {
		return nil, err
	}
	if err := d.askPairs(ctx, r); err != nil {
		return nil, err
	}
	echoes, err := d.metric(ctx, echoMetric)
	if err != nil {
		return nil, err
	}
	r.Echoes = int(echoes)
	d.out.heading("What came of it")
	d.out.table(r.objectRows(), 1, 2, 3, 4)
	d.out.gap()
	d.out.table(r.rows())
	return r, nil
}

// compare holds the two accounts to each other, and tells what was written.
func (d *demo) compare(ctx context.Context, r *Report) error {
	b, err := d.books(ctx)
	if err != nil {
		return err
	}
	now, err := d.counts(ctx)
	if err != nil {
		return err
	}
	r.Objects = map[string]Object{}
	for _, k := range kinds {
		differences, duplicates := d.rules[k].differences(b[k]), b[k].duplicates()
		o := Object{Differences: len(differences), Duplicates: len(duplicates)}
		for i, a := range d.accounts {
			done := now[i].deeds(a, k)
			o.Created += done.Created
			o.Updated += done.Updated
			r.Associations.Made += done.Associated
		}
		r.Objects[k.many()] = o
		r.tell("", differences)
		for _, x := range duplicates {
			r.details = append(r.details, "twice: "+x)
		}
	}
	missing, doubled := d.rules.associations(b)
	r.Associations.Missing, r.Associations.Doubled = len(missing), len(doubled)
	r.tell("association missing: ", missing)
	r.tell("association doubled: ", doubled)
	writes := now[0].Writes + now[1].Writes - d.base[0].Writes - d.base[1].Writes
	if edits := now[0].Edits + now[1].Edits - d.base[0].Edits - d.base[1].Edits; edits > 0 {
		r.WritesPerEdit = round(float64(writes) / float64(edits))
	}
	return nil
}

func (r *Report) tell(what string, list []difference) {
	for _, x := range list {
		r.details = append(r.details, what+x.String())
	}
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
		return err == nil && d.rules.equal(b), err
	})
	if errors.Is(err, errPatience) || errors.Is(context.Cause(ctx), errPatience) {
		return nil
	}
	return err
}

// askPairs counts excluded deals by reason, and reads the journal of every pair
// of deals for verdicts.
func (d *demo) askPairs(ctx context.Context, r *Report) error {
	r.Excluded, r.Conflicts.Verdicts = map[string]int{}, map[string]int{}
	req := &configv1.ListPairsRequest{Workspace: workspace, Sync: d.rules[deals].sync, PageSize: 1000}
	var ids []string
	for {
		resp, err := d.admin.ListPairs(ctx, req)
		if err != nil {
			return fmt.Errorf("ask for the pairs: %w", err)
		}
		for state, n := range resp.GetTotals() { // of the first page only
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
