package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// arrives waits until an account's deal holds values, and takes the time from
// the last edit to the moment at which that account stored them.
func (s *stageplay) arrives(side deal.Side, c couple, want fields) {
	if took, ok := s.wait(side, c.kind, c.ids[index(side)], want); ok {
		s.tally.latencies = append(s.tally.latencies, took)
		s.out.arrived(s.on(side).name, want.String(), took)
	}
}

// catchesUp waits in the same way, but for an edit that was held back: its
// time is none of the latencies.
func (s *stageplay) catchesUp(side deal.Side, c couple, want fields) {
	if took, ok := s.wait(side, c.kind, c.ids[index(side)], want); ok {
		s.out.arrived(s.on(side).name, want.String(), took)
	}
}

// wait is false when the values did not come; they are lost then.
func (s *stageplay) wait(side deal.Side, k *kind, id int64, want fields) (time.Duration, bool) {
	var last *record
	ok := s.until(func() (bool, error) {
		r, err := s.on(side).show(s.ctx, k, id)
		if err != nil {
			return false, err
		}
		last = r
		return want.in(r), nil
	})
	if !ok {
		if s.err == nil {
			s.missed(fmt.Sprintf("%s %s %d never held %s", s.on(side).name, k.one, id, want))
		}
		return 0, false
	}
	return last.stored(want, s.begun), true
}

// appears waits for the counterpart of a new record.
func (s *stageplay) appears(side deal.Side, c *couple) {
	var found *record
	ok := s.until(func() (bool, error) {
		dump, err := s.on(side).dump(s.ctx, c.kind, s.stock.last[c.kind][index(side)])
		for _, r := range dump {
			if c.kind.mark(side, r) == c.mark {
				found = r
			}
		}
		return found != nil, err
	})
	if !ok {
		if s.err == nil {
			s.missed(fmt.Sprintf("%s never got the new %s %s", s.on(side).name, c.kind.one, c.mark))
		}
		return
	}
	c.ids[index(side)] = found.ID
	took := since(s.begun, found.Created)
	s.tally.latencies = append(s.tally.latencies, took)
	s.out.arrived(s.on(side).name, fmt.Sprintf("new %s %d", c.kind.one, found.ID), took)
}

// associated waits until a deal has a contact on a side. HubSpot keeps no history
// of associations, so the time is that at which it was seen; it is asked every
// 2 ms.
func (s *stageplay) associated(side deal.Side, c, with couple) {
	t := &ties[1]
	id := fmt.Sprint(with.ids[index(side)])
	var took time.Duration
	ok := s.until(func() (bool, error) {
		r, err := s.on(side).show(s.ctx, c.kind, c.ids[index(side)])
		if err != nil {
			return false, err
		}
		took = time.Since(s.begun)
		return slices.Contains(t.in(side, r), id), nil
	})
	switch {
	case ok:
		s.tally.latencies = append(s.tally.latencies, took)
		s.out.arrived(s.on(side).name, "the deal has the contact", took)
	case s.err == nil:
		s.missed(fmt.Sprintf("%s deal %d never got the contact %s", s.on(side).name, c.ids[index(side)], with.mark))
	}
}

// becomes waits until Dealsync says of a deal's pair what is expected. An edit
// that must not travel is known to be dealt with then.
func (s *stageplay) becomes(side deal.Side, c couple, state string) {
	got := ""
	ok := s.until(func() (bool, error) {
		p, err := s.pairOf(s.ctx, side, c)
		if p == nil {
			return false, err
		}
		got = stateOf(p.GetPair())
		return got == state, nil
	})
	switch {
	case ok:
		s.out.says(state)
	case s.err == nil:
		s.missed(fmt.Sprintf("deal %d is %q and should be %q", c.ids[index(side)], got, state))
	}
}

// pairOf finds a record's pair; nil when there is none yet.
func (d *demo) pairOf(ctx context.Context, side deal.Side, c couple) (*configv1.PairRow, error) {
	resp, err := d.admin.ListPairs(ctx, &configv1.ListPairsRequest{
		Workspace: workspace, Sync: d.rules[c.kind].sync, Record: fmt.Sprint(c.ids[index(side)]), PageSize: 1, PageToken: "",
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the pair: %w", err)
	}
	for _, p := range resp.GetPairs() {
		return p, nil
	}
	return nil, nil
}

// keeps checks that a deal still holds values.
func (s *stageplay) keeps(side deal.Side, c couple, want fields) {
	if s.err != nil {
		return
	}
	r, err := s.on(side).show(s.ctx, c.kind, c.ids[index(side)])
	switch {
	case err != nil:
		s.err = err
	case want.in(r):
		s.out.kept(s.on(side).name, want.String())
	default:
		s.missed(fmt.Sprintf("%s deal %d was changed: %s is not there any more", s.on(side).name, c.ids[index(side)], want))
	}
}

// mature is how long ago a counterpart was made at least, before an edit is
// surely one of its own time: clocks may differ, and what a deal held before it
// had a counterpart cannot be in conflict with anything.
const mature = 3 * time.Second

// matures waits until a deal's counterpart on a side is old enough for a conflict.
func (s *stageplay) matures(side deal.Side, c couple) {
	s.until(func() (bool, error) {
		r, err := s.on(side).show(s.ctx, c.kind, c.ids[index(side)])
		return err == nil && time.Since(time.UnixMilli(r.Created)) >= mature, err
	})
}

func (s *stageplay) missed(what string) {
	s.tally.lost = append(s.tally.lost, what)
	s.out.problem(what)
}

// until asks every 2 ms; false when patience ended, or the scene did.
func (s *stageplay) until(check func() (bool, error)) bool {
	if s.err != nil {
		return false
	}
	ctx, cancel := context.WithTimeoutCause(s.ctx, s.opt.Patience, errPatience)
	defer cancel()
	err := until(ctx, 2*time.Millisecond, check)
	if err != nil && !errors.Is(err, errPatience) {
		s.err = err
	}
	return err == nil
}

var errPatience = errors.New("it did not come")
