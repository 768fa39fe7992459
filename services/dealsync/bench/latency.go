package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// latency makes edits at a steady rate, on both sides in turn, each by a call of
// its own, and measures each from the edit to the arrival of our write.
func (in *installation) latency(ctx context.Context, b *run) (Latency, error) {
	n := min(int(b.Load.Seconds()*float64(b.Rate)), len(in.numbers[hub])-2)
	edits := b.edits(in, n/2, n-n/2)
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	tick := time.NewTicker(time.Second / time.Duration(b.Rate))
	defer tick.Stop()
	for i := range n {
		select {
		case <-ctx.Done():
			wg.Wait()
			return Latency{}, fmt.Errorf("make edits: %w", context.Cause(ctx))
		case <-tick.C:
		}
		side := 1 - i%2 // of an odd number, the app has one more
		e := edits[side][i/2]
		wg.Go(func() {
			if err := in.crm[side].make(ctx, []edit{e}); err != nil {
				once.Do(func() { failed = err })
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return Latency{}, fmt.Errorf("make edits: %w", failed)
	}
	if err := in.settled(ctx); err != nil {
		return Latency{}, err
	}
	return in.latencies(ctx, edits, b.Rate)
}

// latencies looks how long edits took that have all been worked off.
func (in *installation) latencies(ctx context.Context, edits [2][]edit, rate int) (Latency, error) {
	trips, err := in.trips(ctx, edits)
	if err != nil {
		return Latency{}, err
	}
	took := make([]time.Duration, len(trips))
	for i, t := range trips {
		took[i] = t.arrived.Sub(t.left)
	}
	n := len(edits[hub]) + len(edits[app])
	return Latency{Rate: rate, Edits: n, Lost: n - len(trips), Quantiles: quantiles(took)}, nil
}

// quantiles sorts what was measured.
func quantiles(took []time.Duration) Quantiles {
	if len(took) == 0 {
		return Quantiles{}
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return round3(float64(took[min(len(took)-1, int(q*float64(len(took))))].Microseconds()) / 1000)
	}
	return Quantiles{P50: at(.50), P95: at(.95), P99: at(.99)}
}
