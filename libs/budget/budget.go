// Package budget shares an account's rate limit among all replicas (N7). It
// lives in Redis and runs on Redis' clock: in no stretch of Limit.Per, wherever
// it begins, are more than Limit.Calls granted, nor more than Limit.Daily units
// in any 24 hours, which holds for a day of every time zone.
//
// It never waits and never makes a call: it grants, or says how long to wait.
package budget

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/fault"
)

// CodeDown marks errors while Redis cannot be asked: wait, never guess.
const CodeDown = "redis_down"

// Lane says who a call is for.
type Lane string

// Lanes. Live may use all but a twentieth of a limit; Bulk leaves another fifth
// to Live, so that backfill only takes what live edits leave; the twentieth is
// for People who are waiting at a screen (tests of a connection, previews).
const (
	Live   Lane = "live"
	Bulk   Lane = "bulk"
	People Lane = "people"
)

// Limit is what an account allows. To be exact at any moment about 5 % of
// Calls and 4 % of Daily stay unused in a steady flow.
type Limit struct {
	// Calls in every Per; 0 is no limit.
	Calls int
	Per   time.Duration
	// Daily units in any 24 hours; 0 is no limit.
	Daily int
}

// part is how much of total a lane may use; at least 1, so that the smallest
// limit still moves.
func (l Lane) part(total int) int {
	people, live := total/20, max(1, total/5)
	switch l {
	case People:
		return total
	case Live:
		return max(1, total-people)
	default:
		return max(1, total-people-live)
	}
}

// Budgets are the budgets of all accounts. It is safe for concurrent use.
type Budgets struct {
	rdb redis.UniversalClient
	now func() time.Time

	mu       sync.Mutex
	accounts map[string]*account
}

// New keeps budgets in rdb, which stays the caller's.
func New(rdb redis.UniversalClient) *Budgets {
	return &Budgets{rdb: rdb, now: time.Now, accounts: make(map[string]*account)}
}

// Take asks for one call that costs the account cost daily units. A wait of 0
// grants it; otherwise wait that long and ask again. The call should begin at
// once: a grant counts for its moment. While Redis is down the error is
// fault.Transient and nothing is granted.
func (b *Budgets) Take(ctx context.Context, account string, limit Limit, lane Lane, cost int) (wait time.Duration, err error) {
	switch {
	case lane != Live && lane != Bulk && lane != People:
		return 0, fault.New(fault.Invalid, "bad_lane", "lane %q: want live, bulk or people", lane)
	case limit.Calls < 0, limit.Daily < 0, cost < 0, limit.Calls > 0 && limit.Per < 40*time.Millisecond:
		return 0, fault.New(fault.Invalid, "bad_limit", "budget of %d calls per %s, %d daily, for a cost of %d", limit.Calls, limit.Per, limit.Daily, cost)
	}
	if limit.Calls == 0 {
		limit.Calls, limit.Per = 1<<40, 10*time.Second
	}
	return b.account(account).take(ctx, b, request{limit, lane, cost})
}

// Pause stops all grants of the account for d, for all replicas: what a 429
// with Retry-After asks for. A shorter pause never ends a longer one. Calls
// that another replica holds a lease for, for at most Per/40, still go out.
func (b *Budgets) Pause(ctx context.Context, account string, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	b.account(account).pause(b.now().Add(d))
	if err := pause.Run(ctx, b.rdb, []string{key(account)}, d.Microseconds()).Err(); err != nil {
		return down("pause budget of "+account, err)
	}
	return nil
}

// Limiter is one limit's view of the budgets, as a connector wants it.
type Limiter struct {
	budgets *Budgets
	limit   Limit
}

// Limiter binds limit.
func (b *Budgets) Limiter(limit Limit) *Limiter { return &Limiter{b, limit} }

// Take is [Budgets.Take].
func (l *Limiter) Take(ctx context.Context, account, lane string, cost int) (wait time.Duration, err error) {
	return l.budgets.Take(ctx, account, l.limit, Lane(lane), cost)
}

// Pause is [Budgets.Pause].
func (l *Limiter) Pause(ctx context.Context, account string, d time.Duration) error {
	return l.budgets.Pause(ctx, account, d)
}

func (b *Budgets) account(name string) *account {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.accounts[name]
	if !ok {
		a = &account{name: name, leases: make(map[request]*lease)}
		b.accounts[name] = a
	}
	return a
}

func down(doing string, err error) error {
	return fault.Wrap(fault.Transient, CodeDown, fmt.Errorf("%s: %w", doing, err))
}
