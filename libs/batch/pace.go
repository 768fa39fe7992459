package batch

import "time"

// pace keeps batches apart while load is heavy. It looks at time in rounds of
// the length every: a round is busy when a good part of a batch came in the ones
// before it, and in a busy round what comes is kept until the round is over or
// a batch is full. The first round of a burst is therefore as quick as light
// load, and the pace ends with the load.
type pace struct {
	every  time.Duration // 0: no pace
	busy   int           // items of a round that make the next one busy
	begun  time.Time     // when this round began
	came   int           // items that have come in it
	before int           // and in the rounds before it, fading: a hiccup does not end the pace
	timer  *time.Timer   // running while items wait for the round's end
}

// busyPart of a batch within a round is heavy load.
const busyPart = 6

// Pace makes batches under heavy load go out when they are full or when the
// one before has been gone for every, and returns the batcher. It is for calls
// that a rate limit allows no more often anyway: calls that are saved while
// they are not needed are there when they are. Call it before the first Do.
func (b *Batcher[In, Out]) Pace(every time.Duration) *Batcher[In, Out] {
	b.pace = pace{every: every, busy: atLeast(2, b.max/busyPart)}
	return b
}

// Steady makes batches go out when they are full or every so often, light load
// too, and returns the batcher. It is for what nobody waits for. Call it before
// the first Do.
func (b *Batcher[In, Out]) Steady(every time.Duration) *Batcher[In, Out] {
	b.pace = pace{every: every}
	return b
}

// hold reports whether the queue, which fills no batch, is kept for the end of
// this round. The mutex is held.
func (b *Batcher[In, Out]) hold() bool {
	p := &b.pace
	if p.every <= 0 || b.closed {
		return false
	}
	if p.timer != nil {
		return true
	}
	now := time.Now()
	switch age := now.Sub(p.begun); {
	case age >= 2*p.every:
		p.begun, p.came, p.before = now, 0, 0
	case age >= p.every:
		p.begun, p.came, p.before = now, 0, max(p.came, p.before/2)
		return false // this batch is the round that is over
	}
	if p.before < p.busy {
		return false
	}
	p.timer = time.AfterFunc(p.every-now.Sub(p.begun), b.round)
	return true
}

// round sends what has waited for the end of a round.
func (b *Batcher[In, Out]) round() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pace.timer = nil
	b.launch()
}

func (p *pace) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
