package bench

import (
	"context"
	"fmt"
	"time"
)

// How long nothing may move before a wait is given up, and how long in a first
// sync, where reading thousands of records takes its time.
const (
	patience     = 30 * time.Second
	longPatience = 5 * time.Minute
)

// progress asks again and again until it hears that all is done. It gives up
// when the count it hears stays the same for long.
func (in *installation) progress(ctx context.Context, ask func() (count int64, done bool, err error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last, moved, patience := int64(-1), time.Now(), patience
	if in.patient {
		patience = longPatience
	}
	for {
		count, done, err := ask()
		if err != nil || done {
			return err
		}
		if count != last {
			last, moved = count, time.Now()
		}
		if time.Since(moved) > patience {
			return fmt.Errorf("nothing has moved for %s, at a count of %d", patience, count)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// stages are the work queues of the pipeline.
var stages = []string{"DEALSYNC_NOTICES", "DEALSYNC_CHANGES", "DEALSYNC_PROPOSALS", "DEALSYNC_WRITES"}

// settled waits until no webhook and no message is under way. A message is
// gone from its queue only after what it led to is in the next one, so an empty
// pipeline seen from the end to the beginning twice is empty.
func (in *installation) settled(ctx context.Context) error { return in.quiet(ctx, 0) }

// quiet is the same with a few webhooks and messages under way that come and go.
func (in *installation) quiet(ctx context.Context, few int64) error {
	quiet := 0
	return in.progress(ctx, func() (int64, bool, error) {
		var open int64
		for _, c := range in.crm {
			s, err := c.stats(ctx)
			if err != nil {
				return 0, false, err
			}
			open += int64(s.Pending)
		}
		for _, name := range stages {
			st, err := in.js.Stream(ctx, name)
			if err != nil {
				return 0, false, fmt.Errorf("look at %s: %w", name, err)
			}
			open += int64(st.CachedInfo().State.Msgs)
		}
		if quiet++; open > few {
			quiet = 0
		}
		return open, quiet == 3, nil
	})
}
