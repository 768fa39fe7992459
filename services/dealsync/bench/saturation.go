package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// usage is the processor time each process has used, by name; ours is the
// maker of the edits.
type usage map[string]time.Duration

const self = "bench"

func (in *installation) usage() (usage, error) {
	own, err := cpu(os.Getpid())
	if err != nil {
		return nil, err
	}
	u := usage{self: own}
	for _, p := range in.procs {
		if u[p.name], err = cpu(p.cmd.Process.Pid); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return u, nil
}

func (u usage) total() (sum time.Duration) {
	for _, used := range u {
		sum += used
	}
	return sum
}

// perItem is in milliseconds.
func perItem(d time.Duration, n int) float64 {
	return round3(float64(d.Microseconds()) / 1000 / float64(n))
}

// peaks is the most memory that each process had resident at once, in MB.
func (in *installation) peaks() map[string]float64 {
	m := map[string]float64{}
	for _, p := range in.procs {
		m[p.name] = round(peak(p.cmd.Process.Pid))
	}
	return m
}

// edits chooses deals to edit: those with even numbers in HubSpot, those with
// odd ones in Pipedrive. So a deal is only ever edited on one side, and there
// is no conflict to decide.
func (b *run) edits(in *installation, hubspot, pipedrive int) [2][]edit {
	var list [2][]edit
	for side, n := range [2]int{hubspot, pipedrive} {
		for i := range n {
			b.values++
			list[side] = append(list[side], edit{in.numbers[side][2*i+2-side], firstValue + b.values})
		}
	}
	return list
}

// firstValue is above every seeded amount.
const firstValue = 1_000_000_000

// saturate makes all edits at once and measures how long they take to arrive.
// Processor time counts until everything that followed from them is over.
func (in *installation) saturate(ctx context.Context, edits [2][]edit) (Saturation, error) {
	total := len(edits[hub]) + len(edits[app])
	before, stats, err := in.measure(ctx)
	if err != nil {
		return Saturation{}, err
	}
	streams, err := in.stored(ctx)
	if err != nil {
		return Saturation{}, err
	}
	if err := in.makeAll(ctx, edits); err != nil {
		return Saturation{}, err
	}
	err = in.progress(ctx, func() (int64, bool, error) {
		h, err := in.crm[hub].stats(ctx)
		if err != nil {
			return 0, false, err
		}
		a, err := in.crm[app].stats(ctx)
		h.Writes, a.Writes = h.Writes-stats[hub].Writes, a.Writes-stats[app].Writes
		return h.Writes + a.Writes, h.Writes >= int64(len(edits[app])) && a.Writes >= int64(len(edits[hub])), err
	})
	if err != nil {
		return Saturation{}, fmt.Errorf("wait for %d edits to arrive: %w", total, err)
	}
	if err := in.settled(ctx); err != nil {
		return Saturation{}, err
	}
	after, now, err := in.measure(ctx)
	if err != nil {
		return Saturation{}, err
	}
	stored, err := in.stored(ctx)
	if err != nil {
		return Saturation{}, err
	}
	trips, err := in.trips(ctx, edits)
	if err != nil {
		return Saturation{}, err
	}
	s := Saturation{Edits: total, Lost: total - len(trips), CPU: map[string]float64{}, Calls: map[string]float64{}, Messages: map[string]float64{}}
	for name, n := range stored {
		if n > streams[name] {
			s.Messages[name] = round3(float64(n-streams[name]) / float64(total))
		}
	}
	if took := span(trips); took > 0 {
		s.PerSecond = round(float64(len(trips)) / took.Seconds())
	}
	for name, used := range after {
		s.CPU[name] = perItem(used-before[name], total)
	}
	all := after.total() - before.total()
	doubles := after["sandbox"] + after[self] - before["sandbox"] - before[self]
	s.CPUPerEdit, s.CPUOfServices = perItem(all, total), perItem(all-doubles, total)
	for side, name := range appNames {
		s.Calls[name] = round(float64(now[side].Requests-stats[side].Requests) * 1000 / float64(total))
	}
	return s, nil
}

var appNames = [2]string{"hubspot", "pipedrive"}

func (in *installation) measure(ctx context.Context) (u usage, s [2]stats, err error) {
	for side, c := range in.crm {
		if s[side], err = c.stats(ctx); err != nil {
			return nil, s, err
		}
	}
	u, err = in.usage()
	return u, s, err
}

// stored is how many messages and documents each stream has ever been given.
func (in *installation) stored(ctx context.Context) (map[string]uint64, error) {
	m := map[string]uint64{}
	list := in.js.ListStreams(ctx)
	for info := range list.Info() {
		m[info.Config.Name] = info.State.LastSeq
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	return m, nil
}

func (in *installation) makeAll(ctx context.Context, edits [2][]edit) error {
	var wg sync.WaitGroup
	var failed [2]error
	for side := range edits {
		wg.Go(func() { failed[side] = in.crm[side].make(ctx, edits[side]) })
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return fmt.Errorf("make edits: %w", err)
		}
	}
	return nil
}

// trip is an edit's way from one app to the other, in the doubles' time.
type trip struct{ left, arrived time.Time }

// trips finds the edits that have arrived.
func (in *installation) trips(ctx context.Context, edits [2][]edit) ([]trip, error) {
	var at [2]map[int64]time.Time
	for side, c := range in.crm {
		var err error
		if at[side], err = c.arrivals(ctx, firstValue); err != nil {
			return nil, fmt.Errorf("look for the edits: %w", err)
		}
	}
	var list []trip
	for side := range edits {
		for _, e := range edits[side] {
			left, made := at[side][e.value]
			arrived, ok := at[1-side][e.value]
			if made && ok {
				list = append(list, trip{left, arrived})
			}
		}
	}
	return list, nil
}

// span is the time from the first edit to the last arrival.
func span(trips []trip) time.Duration {
	if len(trips) == 0 {
		return 0
	}
	first, last := trips[0].left, trips[0].arrived
	for _, t := range trips {
		if t.left.Before(first) {
			first = t.left
		}
		if t.arrived.After(last) {
			last = t.arrived
		}
	}
	return last.Sub(first)
}
