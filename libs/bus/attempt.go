package bus

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/dealsync/dealsync/libs/fault"
)

// attempt tries one message once and says what came of it.
func (o *owner) attempt(it *item) outcome {
	if o.lost.Load() {
		return outcome{abandon: true}
	}
	if !o.fresh() {
		return outcome{retry: o.c.b.cfg.LeaseTTL / 20} // proven again, or lost, by then
	}
	if it.doomed != nil {
		return o.park(it, it.doomed)
	}
	if o.hold(it) {
		return outcome{settled: true}
	}
	d := it.open(o)
	if it.invalid != nil {
		return o.park(it, it.invalid)
	}
	m, x := o.c.b.metrics, o.c.b.metrics.of(o.c.stage, it.lane)
	m.inFlight.Add(o.work, 1, x.add...)
	begin := time.Now()
	ctx, span := o.c.b.startProcess(o.work, d)
	err := guard(ctx, o.c.handle, d)
	endSpan(span, err)
	m.duration.Record(o.work, time.Since(begin).Seconds(), x.record...)
	m.inFlight.Add(o.work, -1, x.add...)
	if o.work.Err() != nil && err != nil {
		return outcome{abandon: true} // it failed because we stopped it
	}
	return o.conclude(it, err)
}

func (o *owner) conclude(it *item, err error) outcome {
	m, x := o.c.b.metrics, o.c.b.metrics.of(o.c.stage, it.lane)
	what := Dispose(err, it.d.Attempt)
	o.lanes.pressure.heard(it.place.connection, err)
	if what.Action == Retry && it.tooOld(o.c.b.cfg.GiveUpAfter, what.After) {
		what.Action = Park
	}
	switch what.Action {
	case Ack:
		m.consumed.Add(o.work, 1, x.add...)
		if !it.parked {
			o.ack(it)
		}
		return outcome{settled: true}
	case Retry:
		m.retried.Add(o.work, 1, x.kinds[kind(err)]...)
		o.c.log.DebugContext(o.work, "bus.retry", "stage", o.c.stage, "subject", it.d.Subject.String(), "id", it.d.ID,
			"attempt", it.d.Attempt, "after_ms", what.After.Milliseconds(), "kind", kind(err).String(), "error", err.Error())
		return outcome{retry: jitter(what.After)}
	}
	return o.park(it, err)
}

// tooOld reports whether another try would come after the age to give up at.
// A message that only waited that long, behind an outage, is first tried for a
// twenty-fourth of it: an hour of a day.
func (it *item) tooOld(limit, wait time.Duration) bool {
	return time.Since(it.published)+wait > limit && time.Since(it.firstTry) > limit/24
}

// park gives a message up. While that is not possible the message waits.
func (o *owner) park(it *item, reason error) outcome {
	it.doomed = reason
	if err := o.c.b.Park(o.work, it.d, reason); err != nil {
		o.c.log.WarnContext(o.work, "bus.park_failed", "stage", o.c.stage, "sequence", it.seq, "error", err.Error())
		it.d.Attempt++
		return outcome{retry: jitter(backoff(50*time.Millisecond, 10*time.Second, it.d.Attempt))}
	}
	return outcome{settled: true}
}

// ack tells the server that the message is done. A lost ack costs a repeat.
func (o *owner) ack(it *item) {
	if err := o.lanes.handle(it).Ack(); err != nil {
		o.c.log.Debug("bus.ack_failed", "stage", o.c.stage, "sequence", it.seq, "error", err.Error())
	}
}

// jitter spreads retries; it never shortens a wait that an app asked for.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/4+1) }

// bulkTurns is the part of a handler's turns that bulk messages have beside the
// live ones. A backfill always has messages waiting: with all the turns it would
// have every live message wait behind it.
const bulkTurns = 4

// AtMost is h with at most n calls for live messages running at once, and n/4
// for bulk ones, which never take a live message's turn. What waits for its turn
// has not been unpacked and costs little; so a handler that calls nothing slow
// needs memory for so many messages, not for all that are in hand. A message
// between two tries takes nobody's turn.
func AtMost(n int, h Handler) Handler {
	live, bulk := make(chan struct{}, max(n, 1)), make(chan struct{}, max(n/bulkTurns, 1))
	return func(ctx context.Context, d *Delivery) error {
		turns := live
		if d.Subject.Lane == Bulk {
			turns = bulk
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return fault.Wrap(fault.Transient, "stopping", ctx.Err())
		}
		defer func() { <-turns }()
		return h(ctx, d)
	}
}

// panicked is a handler's panic as an error.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("handler panicked: %v", p.value) }

// guard calls h and turns a panic into an error of kind Bug.
func guard(ctx context.Context, h Handler, d *Delivery) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.Wrap(fault.Bug, "panic", &panicked{v, debug.Stack()})
		}
	}()
	return h(ctx, d)
}
