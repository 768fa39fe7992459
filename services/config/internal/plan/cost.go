package plan

import (
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// Account is what an account's API takes, as its manifest declares it.
type Account struct {
	// WriteBatch is how many records one call creates or updates.
	WriteBatch int
	// AssociateBatch is how many associations one call makes; 0: they are part of
	// the record.
	AssociateBatch int
	// CallsPerSecond is the rate limit; 0: none.
	CallsPerSecond float64
}

// WriteCalls is how many calls the writes of a side take at best.
func (r *Result) WriteCalls(s deal.Side, a Account) int {
	side := r.On(s)
	calls := batches(side.Creates, a.WriteBatch) + batches(side.Updates, a.WriteBatch)
	if a.AssociateBatch > 0 {
		calls += batches(side.Associations, a.AssociateBatch)
	}
	return calls
}

func batches(n, size int) int {
	size = max(1, size)
	return (n + size - 1) / size
}

// Takes is how long calls take within the rate limit.
func (a Account) Takes(calls int) time.Duration {
	if a.CallsPerSecond <= 0 {
		return 0
	}
	return time.Duration(float64(calls) / a.CallsPerSecond * float64(time.Second))
}
