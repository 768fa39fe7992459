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
			if err := a.update(s.ctx, deals, d.ids[index(inHubSpot)], edit{Fields: fields{"amount": 50000 + n}}); err != nil {
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
	c, err := s.on(side).counts(s.ctx)
	if s.err = err; err != nil {
		return 0
	}
	return c.Writes
}
