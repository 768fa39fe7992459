package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// tally is what the script measured.
type tally struct {
	latencies []time.Duration // from a person's edit to its arrival
	lost      []string        // edits that should have arrived and did not
	conflict  couple          // the deal whose journal is shown
	firstSync time.Duration
	held      map[string]int // pairs that wait for a person after the first sync, by reason
	plan      PlanReview
	read      int64 // records that the last backfills have read
	again     SecondBackfill
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
	list := s.take(deals, born, 1)
	if s.err != nil {
		return couple{}
	}
	s.out.cast(list[0].name + " (" + list[0].mark + ")")
	return list[0]
}

// contact takes one in the same way.
func (s *stageplay) contact(born deal.Side) couple {
	list := s.take(contacts, born, 1)
	if s.err != nil {
		return couple{}
	}
	s.out.cast(list[0].mark)
	return list[0]
}

func (s *stageplay) take(k *kind, born deal.Side, n int) []couple {
	if s.err != nil {
		return nil
	}
	var list []couple
	list, s.err = s.stock.take(k, born, n)
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

// edit changes fields of a record, now.
func (s *stageplay) edit(side deal.Side, c couple, f fields) { s.editAt(side, c, f, 0) }

// editAt dates the edit: its webhook carries that time. 0 is now.
func (s *stageplay) editAt(side deal.Side, c couple, f fields, ago time.Duration) {
	e, said := edit{Fields: f}, f.String()
	if ago > 0 {
		e.At = time.Now().Add(-ago).UnixMilli()
		said += fmt.Sprintf("   (made %s ago)", short(ago))
	}
	s.act(side, said, func(a *account) error { return a.update(s.ctx, c.kind, c.ids[index(side)], e) })
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
	s.act(side, "deletes the deal", func(a *account) error { return a.remove(s.ctx, c.kind, c.ids[index(side)]) })
}

func (s *stageplay) restore(side deal.Side, c couple) {
	s.act(side, "takes the deal out of the bin", func(a *account) error { return a.restore(s.ctx, c.kind, c.ids[index(side)]) })
}

// associate links a deal with a contact.
func (s *stageplay) associate(side deal.Side, c, with couple) {
	s.act(side, "the deal gets the contact "+with.mark, func(a *account) error {
		return a.associate(s.ctx, c.kind, c.ids[index(side)], linked{with.kind.on(side), with.ids[index(side)]})
	})
}

// create makes a new record, which may be associated with others.
func (s *stageplay) create(k *kind, side deal.Side, f fields, with ...couple) couple {
	c, e := couple{kind: k}, edit{Fields: f}
	r := &record{Fields: map[string]value{}}
	for name, v := range f {
		r.Fields[name] = value(fmt.Sprint(v))
	}
	c.mark = k.mark(side, r)
	said := "new " + k.one + ": " + k.title(side, r)
	for _, to := range with {
		e.Associations = append(e.Associations, linked{to.kind.on(side), to.ids[index(side)]})
		said += ", with " + to.mark
	}
	s.act(side, said, func(a *account) (err error) {
		c.ids[index(side)], err = a.create(s.ctx, k, e)
		return err
	})
	return c
}
