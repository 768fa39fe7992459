package budget

import (
	"context"
	"sync"
	"time"
)

const (
	// slots is into how many parts Per is cut for counting. A part is counted
	// until it has left the stretch as a whole, which costs one part of the rate.
	slots = 40
	// leaseShare is the largest part of a limit that one replica may hold back
	// for its next calls.
	leaseShare = 20
	// maxRefusal bounds how long a refusal is believed without asking again.
	maxRefusal = time.Second
)

// request is what calls have in common that may share a lease.
type request struct {
	limit Limit
	lane  Lane
	cost  int
}

// slot is how long a lease is good for.
func (r request) slot() time.Duration { return r.limit.Per / slots }

// most is the largest lease, in calls.
func (r request) most() int {
	n := r.limit.Calls / leaseShare
	if r.limit.Daily > 0 && r.cost > 0 {
		n = min(n, r.limit.Daily/leaseShare/r.cost)
	}
	return max(1, n)
}

// account is what this replica knows of an account's budget. The mutex is
// never held while Redis is asked.
type account struct {
	name string

	mu     sync.Mutex
	paused time.Time
	leases map[request]*lease
}

// lease is calls that are granted already, so that a busy replica does not ask
// Redis for each of them. They are used within one slot or given back.
type lease struct {
	grant
	left    int
	until   time.Time
	refused time.Time // before it there is no point in asking
	asking  *asking   // the question under way
	waiting int       // who waits for its answer

	// Demand since the last answer sizes the next question.
	since         time.Time
	served, asked int
}

type asking struct {
	done chan struct{} // closed after err is set
	err  error
}

func (a *account) take(ctx context.Context, b *Budgets, r request) (time.Duration, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.leases[r]
	if !ok {
		l = &lease{since: b.now()}
		a.leases[r] = l
	}
	for {
		now := b.now()
		switch {
		case a.paused.After(now):
			return ceil(a.paused.Sub(now)), nil
		case l.left > 0 && now.Before(l.until):
			l.left--
			l.served++
			return 0, nil
		case l.refused.After(now):
			return ceil(l.refused.Sub(now)), nil
		case l.asking == nil:
			if granted, err := a.ask(ctx, b, r, l, now); err != nil || granted {
				return 0, err
			}
		default:
			if err := a.wait(ctx, l); err != nil {
				return 0, err
			}
		}
	}
}

// wait waits for the answer to somebody else's question. The mutex is held,
// but not while waiting.
func (a *account) wait(ctx context.Context, l *lease) error {
	q := l.asking
	l.waiting++
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		l.waiting--
	}()
	select {
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return down("wait for budget of "+a.name, ctx.Err())
	}
}

// ask asks Redis for the caller, for those who wait, and for what the demand of
// late makes likely. It answers whether the caller has its call. The mutex is
// held, but not while Redis answers.
func (a *account) ask(ctx context.Context, b *Budgets, r request, l *lease, now time.Time) (granted bool, err error) {
	l.asked = l.want(now, r)
	unused := l.grant.unused(l.left)
	l.left = 0
	q := &asking{done: make(chan struct{})}
	l.asking = q
	a.mu.Unlock()

	// The answer is for others too, so the caller's end does not end it.
	g, wait, paused, err := b.grant(context.WithoutCancel(ctx), a.name, r, l.asked, unused)

	a.mu.Lock()
	l.asking = nil
	q.err = err
	close(q.done)
	if err != nil {
		return false, err
	}
	if paused {
		if until := b.now().Add(wait); until.After(a.paused) {
			a.paused = until
		}
		return false, nil
	}
	l.since, l.served = now, 0
	if g.calls == 0 {
		l.refused = b.now().Add(min(wait, maxRefusal))
		return false, nil
	}
	// The lease's time began before Redis granted it, to be on the safe side.
	l.grant, l.left, l.until = g, g.calls-1, now.Add(r.slot())
	l.served++
	return true, nil
}

// want is how many calls to ask for: enough for who waits now, or for half a
// slot of the late demand, growing step by step.
func (l *lease) want(now time.Time, r request) int {
	likely := 0
	if elapsed := now.Sub(l.since); elapsed > 0 {
		likely = int(int64(l.served) * int64(r.slot()) / int64(2*elapsed))
	}
	n := max(1+l.waiting, min(likely, 2*l.asked))
	return min(n, r.most())
}

func (a *account) pause(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if until.After(a.paused) {
		a.paused = until
	}
}

// ceil rounds up to milliseconds, so that who waits does not come too early.
func ceil(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
