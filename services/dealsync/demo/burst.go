package demo

import (
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// burstEdits come as fast as the double takes them.
const burstEdits = 25

// burst edits one deal again and again. Only the last value must arrive.
func burst(s *stageplay) {
	d := s.deal(inHubSpot)
	before := s.writes(inApp)
	s.act(inHubSpot, fmt.Sprintf("%d edits of the amount, one after the other", burstEdits), func(a *account) error {
		for n := range burstEdits {
			s.begun = time.Now() // the last one is measured
			if err := a.update(s.ctx, d.ids[index(inHubSpot)], edit{Fields: fields{"amount": 50000 + n}}); err != nil {
				return err
			}
		}
		return nil
	})
	s.arrives(inApp, d, fields{"value": 50000 + burstEdits - 1})
	s.out.fact("%d edits made %d writes", burstEdits, s.writes(inApp)-before)
}

// writes counts the deals that have been written through an account's API.
func (s *stageplay) writes(side deal.Side) int64 {
	if s.err != nil {
		return 0
	}
	var c counts
	c, s.err = s.on(side).counts(s.ctx)
	return c.Writes
}

// awaited is one edit of a wave that has to arrive.
type awaited struct {
	id    int64
	want  fields
	begun time.Time
}

// wave edits many deals in both accounts at the same time, and waits for all.
func wave(s *stageplay) {
	n := max(2, min(40, s.opt.Deals/8))
	toApp := s.many(inHubSpot, "amount", "value", n, 70000)
	toHubSpot := s.many(inApp, "value", "amount", n, 80000)
	s.all(inApp, toApp)
	s.all(inHubSpot, toHubSpot)
}

// many changes one number in n deals with one call.
func (s *stageplay) many(side deal.Side, own, other string, n, from int) []awaited {
	edits := map[int64]fields{}
	var list []awaited
	for i, c := range s.deals(side, n) {
		edits[c.ids[index(side)]] = fields{own: from + i}
		list = append(list, awaited{id: c.ids[1-index(side)], want: fields{other: from + i}})
	}
	s.act(side, fmt.Sprintf("%d deals get a new %s at once", n, own), func(a *account) error { return a.updateMany(s.ctx, edits) })
	for i := range list {
		list[i].begun = s.begun
	}
	return list
}

// all waits for every edit of a wave. The times come from the account's own
// history, so it does not matter that they are looked at one by one.
func (s *stageplay) all(side deal.Side, list []awaited) {
	arrived, longest := 0, time.Duration(0)
	for _, a := range list {
		s.begun = a.begun
		if took, ok := s.wait(side, a.id, a.want); ok {
			s.tally.latencies = append(s.tally.latencies, took)
			arrived, longest = arrived+1, max(longest, took)
		}
	}
	if s.err == nil {
		s.out.arrived(s.on(side).name, fmt.Sprintf("%d of %d", arrived, len(list)), longest)
	}
}
