package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

const (
	// livePairs are synced before the population is; people edit them while it is.
	livePairs = 1000
	// liveRate is how many edits a second they make; limitedRate within the apps'
	// rate limits, a part of what Pipedrive takes.
	liveRate, limitedRate = 20, 2
	// underWay is how many messages live edits may have on their way at a moment.
	underWay = 20
)

// firstSync measures the first sync of two accounts that are full already:
// companies, contacts and deals with their associations, half of companies and
// contacts in both apps. Deals that were synced before are edited all the while.
func (b *run) firstSync(ctx context.Context) (err error) {
	limit := noLimit
	if b.DeclaredLimits {
		limit = ""
	}
	in, err := b.install(ctx, site{"first-sync", "interval", limit}, livePairs)
	if in != nil {
		defer in.end()
	}
	if err != nil {
		return err
	}
	in.patient = true
	p, r := b.population(), &b.report.FirstSync
	b.say("a first sync: %d deals, %d contacts and %d companies in each app", p.deals, p.contacts, p.companies)
	if err := p.seed(ctx, in.crm); err != nil {
		return err
	}
	r.Deals, r.Contacts, r.Companies = p.deals, p.contacts, p.companies
	b.say("  the plan")
	if r.Plan, err = in.plan(ctx); err != nil {
		return err
	}
	b.say("  the backfill, with %d edits a second", in.liveRate())
	var profiling func() error
	if b.Profile != "" {
		profiling = in.profile(ctx, filepath.Join(b.Profile, "first-sync"), profileFirstSync)
	}
	if err := b.backfill(ctx, in, r); err != nil {
		return fmt.Errorf("backfill: %w", err)
	}
	r.Minutes = minutes(r.Calls)
	if profiling != nil {
		if err := profiling(); err != nil {
			return err
		}
	}
	r.RSS = in.peaks()
	b.say("  the backfill again")
	if r.Again, err = in.backfillAgain(ctx); err != nil {
		return fmt.Errorf("second backfill: %w", err)
	}
	b.say("  the plan again")
	if r.PlanAgain, err = in.plan(ctx); err != nil {
		return err
	}
	r.RSSAgain = in.peaks()
	faults, err := p.verify(ctx, in.crm)
	if err != nil {
		return fmt.Errorf("compare both apps: %w", err)
	}
	r.Faults = *faults
	return nil
}

func (in *installation) liveRate() int {
	if in.limited {
		return limitedRate
	}
	return liveRate
}

// backfill switches the syncs on and waits until all is in step.
func (b *run) backfill(ctx context.Context, in *installation, r *FirstSync) error {
	before, was, err := in.measure(ctx)
	if err != nil {
		return err
	}
	editing, stop := context.WithCancel(ctx)
	defer stop()
	var live [2][]edit
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() { live, failed = b.editAlong(editing, in) })
	defer wg.Wait()
	defer stop() // before the wait

	begun := time.Now()
	if err := in.apply(ctx, syncsOfParents); err != nil {
		return err
	}
	if err := in.askForBackfill(ctx, deals); err != nil {
		return err
	}
	if err := in.created(ctx, b.population(), was); err != nil {
		return err
	}
	r.Created = seconds(time.Since(begun))
	if err := in.quiet(ctx, underWay); err != nil {
		return err
	}
	took := time.Since(begun)
	stop()
	wg.Wait()
	if failed != nil {
		return failed
	}
	if err := in.settled(ctx); err != nil {
		return err
	}
	after, now, err := in.measure(ctx)
	if err != nil {
		return err
	}
	r.Seconds = seconds(took)
	records := 2 * (b.Deals + b.Contacts + b.Companies)
	r.PerSecond = round(float64(records) / took.Seconds())
	r.CPU = map[string]float64{}
	for name, used := range after {
		r.CPU[name] = perItem(used-before[name], records)
	}
	r.Calls, r.Routes = map[string]int64{}, map[string]map[string]int64{}
	for side, name := range appNames {
		r.Calls[name] = now[side].Requests - was[side].Requests
		r.Routes[name] = now[side].routes(&was[side])
	}
	r.Live, err = in.latencies(ctx, live, in.liveRate())
	return err
}

// editAlong makes edits of pairs that exist until ctx ends, on both sides in
// turn, and tells which.
func (b *run) editAlong(ctx context.Context, in *installation) (made [2][]edit, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(in.liveRate()))
	defer tick.Stop()
	next := b.edits(in, livePairs/2-1, livePairs/2-1)
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			wg.Wait()
			return made, err
		case <-tick.C:
		}
		side := i % 2
		e := next[side][i/2%len(next[side])]
		b.values++
		e.value = firstValue + b.values
		made[side] = append(made[side], e)
		wg.Go(func() {
			// One that has begun is made also when ctx ends.
			if failure := in.crm[side].make(context.WithoutCancel(ctx), []edit{e}); failure != nil {
				mu.Lock()
				defer mu.Unlock()
				err = fmt.Errorf("make an edit: %w", failure)
			}
		})
	}
}

// created waits until each app has what was only in the other one.
func (in *installation) created(ctx context.Context, p population, was [2]stats) error {
	return in.progress(ctx, func() (count int64, done bool, err error) {
		done = true
		for side, c := range in.crm {
			s, err := c.stats(ctx)
			if err != nil {
				return 0, false, err
			}
			for _, object := range objects {
				_, own := p.own(side, object)
				name := named[side][object]
				made := s.Objects[name].Created - was[side].Objects[name].Created
				count += made
				done = done && made >= int64(p.total(object)-own)
			}
		}
		return count, done, nil
	})
}

// backfillAgain asks for everything once more, which must write nothing.
func (in *installation) backfillAgain(ctx context.Context) (a Again, err error) {
	_, was, err := in.measure(ctx)
	if err != nil {
		return a, err
	}
	begun := time.Now()
	for _, object := range objects {
		if err := in.askForBackfill(ctx, object); err != nil {
			return a, err
		}
	}
	if err := in.phaseDone(ctx, &a); err != nil {
		return a, err
	}
	if err := in.settled(ctx); err != nil {
		return a, err
	}
	a.Seconds = seconds(time.Since(begun))
	_, now, err := in.measure(ctx)
	a.Calls = map[string]int64{}
	for side, name := range appNames {
		a.Calls[name] = now[side].Requests - was[side].Requests
		a.Writes += now[side].Writes - was[side].Writes
		for object, n := range now[side].Objects {
			a.Writes += n.Associated - was[side].Objects[object].Associated
		}
	}
	return a, err
}

func (in *installation) askForBackfill(ctx context.Context, sync string) error {
	if _, err := in.admin.Backfill(ctx, &configv1.BackfillRequest{Workspace: "bench", Sync: sync}); err != nil {
		return fmt.Errorf("ask for a backfill of %s: %w", sync, err)
	}
	return nil
}

// phaseDone waits until every sync says that its backfill is done, and notes
// how long that took to say.
func (in *installation) phaseDone(ctx context.Context, a *Again) error {
	return in.progress(ctx, func() (count int64, done bool, err error) {
		begun := time.Now()
		resp, err := in.admin.ListSyncs(ctx, &configv1.ListSyncsRequest{Workspace: "bench"})
		if err != nil {
			return 0, false, fmt.Errorf("ask how far the backfill is: %w", err)
		}
		a.ListMillis = round(float64(time.Since(begun).Microseconds()) / 1000)
		for _, s := range resp.GetSyncs() {
			count += s.GetProgress().GetRead() - s.GetProgress().GetPending()
		}
		return count, !slices.ContainsFunc(resp.GetSyncs(), func(s *configv1.SyncStatus) bool { return s.GetProgress().GetPhase() != "done" }), nil
	})
}
