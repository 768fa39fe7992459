package configure

import (
	"cmp"
	"context"
	"time"

	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Phases of a backfill.
const (
	phaseWaiting  = "waiting"
	phaseReading  = "reading"
	phaseApplying = "applying"
	phaseDone     = "done"
	phasePaused   = "paused"
)

// progress is how far the backfill of a sync is (R13). matched is the cursor of
// the matching; nil while there is none.
func (s *Service) progress(ctx context.Context, sync *configv1.Sync, cursors map[string]*ledgerv1.Cursor, matched *ledgerv1.Cursor) (*configv1.Progress, error) {
	var pending int64
	if len(cursors) > 0 {
		var err error
		if pending, err = s.pending(ctx, sync, cursors, matched); err != nil {
			return nil, err
		}
	}
	return progressOf(sync, cursors, matched, pending, time.Now()), nil
}

// progressOf puts the sides' cursors together. A cursor of an earlier run counts
// for nothing: the run that was asked for has yet to begin.
func progressOf(sync *configv1.Sync, cursors map[string]*ledgerv1.Cursor, matched *ledgerv1.Cursor, pending int64, now time.Time) *configv1.Progress {
	p := &configv1.Progress{Pending: pending}
	asked := max(sync.GetActivatedMs(), sync.GetBackfillMs())
	begun, done, told := 0, 0, 0
	var started int64
	sides := settings.Scanned(sync)
	for _, side := range sides {
		c := cursors[side.String()]
		if c == nil || number(c) < asked {
			continue
		}
		begun++
		p.Read += c.GetRead()
		switch {
		case c.GetDone():
			done++
			told++
			p.Total += c.GetRead()
		case c.GetTotal() > 0:
			told++
			p.Total += max(c.GetTotal(), c.GetRead())
		}
		if at := c.GetStartedMs(); started == 0 || (at > 0 && at < started) {
			started = at
		}
	}
	if told < len(sides) {
		p.Total = 0
	}
	// Existing records are paired once all are known, and all are offered for it
	// (R15): before that nobody knows what is still to be done.
	paired := len(sync.GetMatch()) == 0 || matched.GetDone() && matched.GetSinceMs() >= asked
	p.Phase = phaseOf(sync, len(sides), begun, done, pending, paired)
	if p.GetPhase() == phaseReading || p.GetPhase() == phaseApplying {
		p.LeftMs = left(p, started, now)
	}
	return p
}

// number is the run that a cursor is of: the moment at which it was asked for.
func number(c *ledgerv1.Cursor) int64 {
	_, asked := ledger.SplitRun(c.GetRun())
	return cmp.Or(asked, c.GetStartedMs())
}

func phaseOf(sync *configv1.Sync, sides, begun, done int, pending int64, paired bool) string {
	switch {
	case sync.GetPaused():
		return phasePaused
	case begun == 0:
		return phaseWaiting
	case done < sides:
		return phaseReading
	case pending > 0, !paired:
		return phaseApplying
	default:
		return phaseDone
	}
}

// left estimates the milliseconds left from what has gone all the way so far:
// read, and no longer pending. 0 is not known.
func left(p *configv1.Progress, startedMs int64, now time.Time) int64 {
	elapsed := now.UnixMilli() - startedMs
	settled := p.GetRead() - p.GetPending()
	if p.GetTotal() == 0 || startedMs == 0 || elapsed <= 0 || settled <= 0 {
		return 0
	}
	return int64(float64(elapsed) / float64(settled) * float64(p.GetTotal()-settled))
}
