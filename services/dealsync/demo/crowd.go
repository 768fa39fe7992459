package demo

import (
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// awaited is one edit among many that has to arrive.
type awaited struct {
	id    int64
	want  fields
	begun time.Time
}

// crowd are deals of a side that are edited again and again, always in the
// account where they were born, so that no conflict comes of it.
func (s *stageplay) crowd(born deal.Side) []couple {
	list := &s.stock.crowd[index(born)]
	if *list == nil {
		*list = s.take(deals, born, max(2, min(40, s.opt.Deals/8)))
	}
	return *list
}

// pace is the time between two edits of a steady flow.
const pace = 25 * time.Millisecond

// steady makes one edit after the other, by turns in both accounts.
func steady(s *stageplay) {
	inH, inA := s.crowd(inHubSpot), s.crowd(inApp)
	n := min(len(inH), len(inA))
	s.out.act("Both", fmt.Sprintf("%d edits, one every %d ms", 4*n, pace.Milliseconds()))
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var toApp, toHubSpot []awaited
	for i := range 2 * n {
		date := time.Date(2027, 7, 1+i%28, 0, 0, 0, 0, time.UTC)
		inHubSpot, inPipedrive := fields{"amount": 60000 + i}, fields{"value": 61000 + i}
		if i >= n { // the second round is about the date
			inHubSpot = fields{"closedate": date.Format(time.RFC3339)}
			inPipedrive = fields{"expected_close_date": date.Format(time.DateOnly)}
		}
		toApp = append(toApp, s.quietly(deal.HubSpot, inH[i%n], inHubSpot, tick))
		toHubSpot = append(toHubSpot, s.quietly(deal.App, inA[i%n], inPipedrive, tick))
	}
	s.all(inApp, toApp)
	s.all(inHubSpot, toHubSpot)
}

// quietly makes one edit of a steady flow when its time has come.
func (s *stageplay) quietly(side deal.Side, c couple, f fields, tick *time.Ticker) awaited {
	select {
	case <-tick.C:
	case <-s.ctx.Done():
	}
	a := awaited{id: c.ids[1-index(side)], want: f.other(), begun: time.Now()}
	if s.err == nil {
		s.err = s.on(side).update(s.ctx, deals, c.ids[index(side)], edit{Fields: f})
	}
	return a
}

// wave edits many deals in both accounts at the same time, and waits for all.
func wave(s *stageplay) {
	toApp := s.many(inHubSpot, "amount", 70000)
	toHubSpot := s.many(inApp, "value", 80000)
	s.all(inApp, toApp)
	s.all(inHubSpot, toHubSpot)
}

// many changes a number in the whole crowd of a side with one call.
func (s *stageplay) many(side deal.Side, field string, from int) []awaited {
	edits := map[int64]fields{}
	var list []awaited
	for i, c := range s.crowd(side) {
		f := fields{field: from + i}
		edits[c.ids[index(side)]] = f
		list = append(list, awaited{id: c.ids[1-index(side)], want: f.other()})
	}
	s.act(side, fmt.Sprintf("%d deals get a new %s at once", len(list), field), func(a *account) error { return a.updateMany(s.ctx, edits) })
	for i := range list {
		list[i].begun = s.begun
	}
	return list
}

// all waits for every edit. The times come from the account's own history, so
// it does not matter that they are looked at one by one.
func (s *stageplay) all(side deal.Side, list []awaited) {
	var times []time.Duration
	for _, a := range list {
		s.begun = a.begun
		if took, ok := s.wait(side, deals, a.id, a.want); ok {
			times = append(times, took)
		}
	}
	s.tally.latencies = append(s.tally.latencies, times...)
	if s.err == nil {
		s.out.arrived(s.on(side).name, fmt.Sprintf("%d of %d; half of them within", len(times), len(list)), percentile(times, .5))
	}
}
