package core

import (
	"container/heap"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

// run plays a history until nothing is left to happen and says what is wrong.
func (w *world) run() string {
	w.poll(w.bornOn())
	at := int64(0)
	for range w.cfg.Edits {
		switch w.rng.IntN(4) {
		case 0:
			at += w.rng.Int64N(7 * 60 * 1000)
		case 1:
			at += w.rng.Int64N(300)
		default:
			at += w.rng.Int64N(10_000)
		}
		w.after(at, w.person)
	}
	for poll := int64(0); poll < at; poll += 2 * 60 * 1000 {
		for _, s := range sides {
			w.after(poll+w.rng.Int64N(60_000), func() { w.poll(s) })
		}
	}
	if p := w.drain(); p != "" {
		return p
	}
	for _, c := range w.sides {
		c.deleted, c.out, c.held = false, false, false
	}
	w.contacts = [3]bool{true, true, true}
	// Polls find what webhooks lost; the second round shows that all is quiet.
	var quiet int
	for range 4 {
		for _, s := range sides {
			w.poll(s)
		}
		if p := w.drain(); p != "" {
			return p
		}
		quiet = w.writes
	}
	for _, s := range sides {
		w.poll(s)
	}
	if p := w.drain(); p != "" {
		return p
	}
	if w.writes != quiet {
		return "writes go on although nobody edits (N4)"
	}
	return w.verdict()
}

func (w *world) bornOn() deal.Side {
	if w.sides[deal.HubSpot].exists {
		return deal.HubSpot
	}
	return deal.App
}

func (w *world) drain() string {
	for len(w.queue) > 0 {
		t := heap.Pop(&w.queue).(task)
		w.now = max(w.now, t.at)
		t.do()
		if w.broken != "" {
			return w.broken
		}
		if w.steps > 3000 || w.writes > 200 {
			return fmt.Sprintf("no end after %d steps and %d writes for %d edits (N4)", w.steps, w.writes, w.edits)
		}
	}
	w.now += 11 * 60 * 1000
	return ""
}

// verdict judges the end: R7 over the true edits, both sides equal (N3), few
// writes (N4), one create (N2).
func (w *world) verdict() string {
	if w.creates > 1 {
		return fmt.Sprintf("%d creates (N2)", w.creates)
	}
	if limit := 4*w.edits + 4 + w.rejected + w.refreshes; w.writes > limit {
		return fmt.Sprintf("%d writes for %d edits (N4)", w.writes, w.edits)
	}
	if w.pair.Status == Failing {
		return ""
	}
	if w.pair.Status != InSync {
		return fmt.Sprintf("status %q %q at the end", w.pair.Status, w.pair.Reason)
	}
	for _, u := range simUnits {
		if p := w.judge(u); p != "" {
			return p
		}
	}
	if p := w.judgeContacts(); p != "" {
		return p
	}
	return w.small()
}

func (w *world) judge(unit string) string {
	h, a := w.sides[deal.HubSpot], w.sides[deal.App]
	c := Wanted(h.truth[unit], a.truth[unit], w.policy.winner(w.policy.Direction), simWindow, w.pair.madeMs()+simSkew)
	hv, av := h.fields[unit].value, a.fields[unit].value
	found := fmt.Sprintf("%s: hubspot=%q app=%q, wanted %s's %q", unit, hv, av, c.By, w.sides[c.By].names[unit])
	// A value that only a lost window knew cannot come back. Without marks an edit
	// cannot always be told from what the app made of a write of ours.
	exact := !w.cfg.Flush && !w.lost && (w.marked() || unit != "stage" && w.asides == 0)
	if own := w.sides[c.By].names[unit]; w.sides[c.By].fields[unit].value != own && w.sides[c.By].fields[unit].value != w.store(c.By, own) && exact {
		return "the wrong edit stands (N5): " + found
	}
	if !w.policy.Direction.To(c.By.Other()) {
		return ""
	}
	if w.store(deal.App, translate(deal.HubSpot, unit, hv)) != av && translate(deal.App, unit, av) != hv {
		return "the sides differ (N3): " + found
	}
	return ""
}

// small checks that a resting pair keeps no values and a short ring.
func (w *world) small() string {
	for name, u := range w.pair.Units {
		for _, s := range sides {
			if us := u.On(s); us.Aside != nil || us.Pending != nil {
				return "values are left in " + name
			}
			if n := len(w.pair.On(s).Recent); n > recentWrites+len(simUnits) {
				return fmt.Sprintf("%d recent writes kept", n)
			}
		}
	}
	return ""
}

// simulate plays one seed, which also chooses what the history may contain.
func simulate(seed uint64, verbose bool, change ...func(*simConfig)) (problem string, w *world) {
	bits := seed * 0x9E3779B97F4A7C15 >> 40
	flag := func(i int) bool { return bits>>i&1 == 1 }
	cfg := simConfig{
		Winner: deal.HubSpot, Direction: deal.BothWays, Normalise: flag(0), Marks: !flag(1) || !flag(2), Loss: flag(3), Flush: flag(3) && flag(2),
		Refusals: flag(4) && flag(5), Exclude: flag(6) && flag(7), Edits: 2 + int(bits>>12%20),
	}
	if flag(8) {
		cfg.Winner = deal.App
	}
	switch bits >> 9 & 7 {
	case 0:
		cfg.Direction = deal.ToApp
	case 1:
		cfg.Direction = deal.ToHubSpot
	}
	for _, c := range change {
		c(&cfg)
	}
	w = newWorld(seed, cfg)
	if verbose {
		w.log = []string{fmt.Sprintf("%+v", cfg)}
	}
	return w.run(), w
}

func explain(seed uint64, change ...func(*simConfig)) string {
	_, w := simulate(seed, true, change...)
	return strings.Join(w.log, "\n")
}

// failedOnce are seeds that found a fault when the rules were made.
var failedOnce = []uint64{190656, 207933, 226563, 281152, 305410, 366319, 1425, 3653, 4421, 10007, 12559, 13899, 18286, 22740, 226744}

func TestFailedSeedsStayMended(t *testing.T) {
	t.Parallel()
	for _, seed := range failedOnce {
		if problem, _ := simulate(seed, false); problem != "" {
			t.Errorf("seed %d: %s", seed, problem)
		}
	}
}

// TestHistories plays thousands of random histories. SIM_SEEDS sets how many,
// SIM_FROM the first; a failing seed is shown step by step.
func TestHistories(t *testing.T) {
	t.Parallel()
	from, n := setting(t, "SIM_FROM", 1), setting(t, "SIM_SEEDS", 3000)
	var edits, writes, failed, asides, refreshes int
	for seed := from; seed < from+n; seed++ {
		problem, w := simulate(seed, false)
		edits, writes, asides, refreshes = edits+w.edits, writes+w.writes, asides+w.asides, refreshes+w.refreshes
		if problem == "" {
			continue
		}
		if failed++; failed == 1 {
			t.Errorf("seed %d: %s\n%s", seed, problem, explain(seed))
		} else if failed < 20 {
			t.Errorf("seed %d: %s %+v", seed, problem, w.cfg)
		}
	}
	t.Logf("seeds %d to %d: %d failed; %d edits, %d writes, %d asides, %d refreshes", from, from+n-1, failed, edits, writes, asides, refreshes)
}

func setting(t *testing.T, name string, or uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return or
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: %v", name, v, err)
	}
	return n
}

// FuzzHistories looks for seeds that break a promise.
func FuzzHistories(f *testing.F) {
	f.Add(uint64(1))
	for _, seed := range failedOnce {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if problem, _ := simulate(seed, false); problem != "" {
			t.Errorf("seed %d: %s\n%s", seed, problem, explain(seed))
		}
	})
}
