package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// tally is what the script measured.
type tally struct {
	latencies []time.Duration // from a person's edit to its arrival
	lost      []string        // edits that should have arrived and did not
	conflict  couple          // the deal whose journal is shown
}

// stageplay is one scene being played. The first error ends it: what follows
// is then skipped, so that a scene reads as a list of what happens.
type stageplay struct {
	*demo
	ctx   context.Context //nolint:containedctx // lives as long as one scene
	begun time.Time       // when the last edit was made
	err   error
}

func (d *demo) play(ctx context.Context) error {
	d.out.heading("People at work on both sides")
	for _, sc := range script {
		d.out.scene(sc.title, sc.expect)
		s := &stageplay{demo: d, ctx: ctx}
		sc.play(s)
		if s.err != nil {
			return fmt.Errorf("scene %q: %w", sc.title, s.err)
		}
	}
	return nil
}

// deal takes a deal born on a side that nobody has touched yet.
func (s *stageplay) deal(born deal.Side) couple {
	list := s.deals(born, 1)
	if s.err != nil {
		return couple{}
	}
	s.out.cast(list[0].name + " (" + list[0].mark + ")")
	return list[0]
}

func (s *stageplay) deals(born deal.Side, n int) []couple {
	if s.err != nil {
		return nil
	}
	var list []couple
	list, s.err = s.stock.take(born, n)
	return list
}

// act makes a person's act in an account; said tells it.
func (s *stageplay) act(side deal.Side, said string, do func(a *account) error) {
	if s.err != nil {
		return
	}
	s.out.act(s.on(side).name, said)
	s.begun = time.Now()
	s.err = do(s.on(side))
}

// edit changes fields of a deal, now.
func (s *stageplay) edit(side deal.Side, c couple, f fields) { s.editAt(side, c, f, 0) }

// editAt dates the edit: its webhook carries that time. 0 is now.
func (s *stageplay) editAt(side deal.Side, c couple, f fields, ago time.Duration) {
	e, said := edit{Fields: f}, f.String()
	if ago > 0 {
		e.At = time.Now().Add(-ago).UnixMilli()
		said += fmt.Sprintf("   (made %s ago)", short(ago))
	}
	s.act(side, said, func(a *account) error { return a.update(s.ctx, c.ids[index(side)], e) })
}

// do moves or closes a deal with the buttons of the app.
func (s *stageplay) do(side deal.Side, c couple, what, stage string) {
	said := what
	if stage != "" {
		said += " " + stage
	}
	s.act(side, said, func(a *account) error { return a.do(s.ctx, c.ids[index(side)], what, stage) })
}

func (s *stageplay) remove(side deal.Side, c couple) {
	s.act(side, "deletes the deal", func(a *account) error { return a.remove(s.ctx, c.ids[index(side)]) })
}

func (s *stageplay) restore(side deal.Side, c couple) {
	s.act(side, "takes the deal out of the bin", func(a *account) error { return a.restore(s.ctx, c.ids[index(side)]) })
}

// create makes a new deal.
func (s *stageplay) create(side deal.Side, f fields) couple {
	c := couple{}
	s.act(side, "new deal: "+f.String(), func(a *account) (err error) {
		c.ids[index(side)], err = a.create(s.ctx, f)
		return err
	})
	return c
}

// arrives waits until an account's deal holds values, and takes the time from
// the last edit to the moment at which that account stored them.
func (s *stageplay) arrives(side deal.Side, c couple, want fields) {
	if took, ok := s.wait(side, c.ids[index(side)], want); ok {
		s.tally.latencies = append(s.tally.latencies, took)
		s.out.arrived(s.on(side).name, want.String(), took)
	}
}

// catchesUp waits in the same way, but for an edit that was held back: its
// time is none of the latencies.
func (s *stageplay) catchesUp(side deal.Side, c couple, want fields) {
	if took, ok := s.wait(side, c.ids[index(side)], want); ok {
		s.out.arrived(s.on(side).name, want.String(), took)
	}
}

// wait is false when the values did not come; they are lost then.
func (s *stageplay) wait(side deal.Side, id int64, want fields) (time.Duration, bool) {
	var last *record
	ok := s.until(func() (bool, error) {
		r, err := s.on(side).show(s.ctx, id)
		if err != nil {
			return false, err
		}
		last = r
		return want.in(r), nil
	})
	if !ok {
		if s.err == nil {
			s.missed(fmt.Sprintf("%s deal %d never held %s", s.on(side).name, id, want))
		}
		return 0, false
	}
	return last.stored(want, s.begun), true
}

// appears waits for the counterpart of a new deal.
func (s *stageplay) appears(side deal.Side, c *couple, m string) {
	var found *record
	ok := s.until(func() (bool, error) {
		dump, err := s.on(side).dump(s.ctx, s.stock.last[index(side)])
		for _, r := range dump {
			if mark(side, r) == m {
				found = r
			}
		}
		return found != nil, err
	})
	if !ok {
		if s.err == nil {
			s.missed(fmt.Sprintf("%s never got the new deal %s", s.on(side).name, m))
		}
		return
	}
	c.ids[index(side)] = found.ID
	took := since(s.begun, found.Created)
	s.tally.latencies = append(s.tally.latencies, took)
	s.out.arrived(s.on(side).name, fmt.Sprintf("new deal %d", found.ID), took)
}

// becomes waits until Dealsync says of a deal's pair what is expected. An edit
// that must not travel is known to be dealt with then.
func (s *stageplay) becomes(side deal.Side, c couple, state string) {
	got := ""
	ok := s.until(func() (bool, error) {
		resp, err := s.admin.GetPair(s.ctx, &configv1.GetPairRequest{Workspace: s.rules.workspace, Pair: fmt.Sprint(c.ids[index(side)])})
		switch {
		case status.Code(err) == codes.NotFound:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("ask for the pair: %w", err)
		}
		got = stateOf(resp.GetPair().GetPair())
		return got == state, nil
	})
	switch {
	case ok:
		s.out.says(state)
	case s.err == nil:
		s.missed(fmt.Sprintf("deal %d is %q and should be %q", c.ids[index(side)], got, state))
	}
}

// keeps checks that a deal still holds values.
func (s *stageplay) keeps(side deal.Side, c couple, want fields) {
	if s.err != nil {
		return
	}
	r, err := s.on(side).show(s.ctx, c.ids[index(side)])
	switch {
	case err != nil:
		s.err = err
	case want.in(r):
		s.out.kept(s.on(side).name, want.String())
	default:
		s.missed(fmt.Sprintf("%s deal %d was changed: %s is not there any more", s.on(side).name, c.ids[index(side)], want))
	}
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
