package connector

import (
	"context"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

const (
	// tries is how often work is tried before it goes back to its lane.
	tries = 3
	// quick is the longest wait between tries; longer ones are the lane's.
	quick = 1500 * time.Millisecond
	// firstWait doubles with every try.
	firstWait = 100 * time.Millisecond
)

// repeat runs fn until it succeeds, fails for good or would have to wait long.
// fn must be safe to repeat.
func (c *Connector) repeat(ctx context.Context, op string, fn func() error) error {
	for try := 1; ; try++ {
		err := fn()
		if err == nil {
			return nil
		}
		if kind := fault.KindOf(err); kind != fault.Transient && kind != fault.RateLimited {
			return err
		}
		if !c.pauseFor(ctx, op, err, try) {
			return err
		}
	}
}

// pauseFor obeys an error's wish to wait, for all replicas when the app limits
// the rate, and reports whether the work may be tried again now.
func (c *Connector) pauseFor(ctx context.Context, op string, err error, try int) bool {
	after := fault.RetryAfter(err)
	if fault.Is(err, fault.RateLimited) && fault.CodeOf(err) != "budget_spent" {
		c.add(ctx, c.meters.pauses, 1)
		g := c.all
		if fault.CodeOf(err) == CodeSearchLimit {
			g = c.search
		}
		if g.limiter != nil && after > 0 {
			// A pause that can't be shared is kept by the wait below alone.
			_ = g.limiter.Pause(ctx, g.account, after)
		}
	}
	wait := firstWait << (try - 1)
	wait += rand.N(wait / 2) //nolint:gosec // jitter, not a secret
	if after > 0 {
		wait = after
	}
	if try >= tries || wait > quick || sleep(ctx, wait) != nil {
		return false
	}
	c.add(ctx, c.meters.retries, 1, attribute.String(names.Op, op))
	return true
}

// CodeSearchLimit is the code of a rate limit that binds searches only.
const CodeSearchLimit = "search_limit"
