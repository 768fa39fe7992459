package bus

import (
	"context"
	"errors"
	"time"

	"github.com/dealsync/dealsync/libs/fault"
)

// Action is what becomes of a message.
type Action uint8

// The actions.
const (
	Ack   Action = iota // done, forget it
	Retry               // keep it in its lane and try again
	Park                // give up, with the reason
)

// Disposition is an action and, for Retry, the time to wait first.
type Disposition struct {
	Action Action
	After  time.Duration
}

// bugTries is how often an unclassified error may happen before the message is
// parked: a race or a hiccup nobody classified deserves a second look.
const bugTries = 3

// Dispose says what happens to a message after its handler returned err on the
// given attempt, the first being 1. It is the only place that knows; handlers
// just return errors. It sets no limit to retries that may still succeed: age
// does, in the lane ([Config.GiveUpAfter]).
func Dispose(err error, attempt int) Disposition {
	switch kind(err) {
	case fault.None:
		return Disposition{Action: Ack}
	case fault.Transient, fault.RateLimited:
		return retry(max(fault.RetryAfter(err), backoff(50*time.Millisecond, 10*time.Second, attempt)))
	case fault.Conflict:
		// Somebody else was faster; looking again at once usually settles it.
		return retry(backoff(2*time.Millisecond, 250*time.Millisecond, attempt))
	case fault.Auth:
		return retry(max(fault.RetryAfter(err), backoff(time.Second, 30*time.Second, attempt)))
	case fault.Bug:
		if attempt < bugTries {
			return retry(backoff(100*time.Millisecond, time.Second, attempt))
		}
	}
	return Disposition{Action: Park}
}

// kind is the error's kind; running out of time passes by itself, also when
// nobody said so.
func kind(err error) fault.Kind {
	k := fault.KindOf(err)
	if k == fault.Bug && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return fault.Transient
	}
	return k
}

func retry(after time.Duration) Disposition { return Disposition{Action: Retry, After: after} }

// backoff doubles from first up to limit.
func backoff(first, limit time.Duration, attempt int) time.Duration {
	if attempt > 20 {
		return limit
	}
	return min(limit, first<<max(attempt-1, 0))
}
