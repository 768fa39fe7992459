package bus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestDispose(t *testing.T) {
	t.Parallel()
	of := func(k fault.Kind, after time.Duration) error {
		return fmt.Errorf("write deal: %w", &fault.Error{Kind: k, After: after, Err: errors.New("no")})
	}
	again := func(d time.Duration) bus.Disposition { return bus.Disposition{Action: bus.Retry, After: d} }
	done, park := bus.Disposition{Action: bus.Ack}, bus.Disposition{Action: bus.Park}
	for name, tt := range map[string]struct {
		err     error
		attempt int
		want    bus.Disposition
	}{
		"success is acknowledged":                             {nil, 1, done},
		"a transient error is soon tried again":               {of(fault.Transient, 0), 1, again(50 * time.Millisecond)},
		"and later less often":                                {of(fault.Transient, 0), 4, again(400 * time.Millisecond)},
		"but at least every ten seconds, for ever":            {of(fault.Transient, 0), 1000, again(10 * time.Second)},
		"a transient error may ask for more time":             {of(fault.Transient, time.Minute), 1, again(time.Minute)},
		"a rate limit waits as long as it says":               {of(fault.RateLimited, 7*time.Second), 1, again(7 * time.Second)},
		"a rate limit that says nothing backs off":            {of(fault.RateLimited, 0), 2, again(100 * time.Millisecond)},
		"a lost race looks again at once":                     {of(fault.Conflict, 0), 1, again(2 * time.Millisecond)},
		"and never waits long":                                {of(fault.Conflict, 0), 50, again(250 * time.Millisecond)},
		"refused credentials are tried slowly":                {of(fault.Auth, 0), 1, again(time.Second)},
		"every half minute at most":                           {of(fault.Auth, 0), 30, again(30 * time.Second)},
		"a bug gets a second chance":                          {errors.New("oops"), 1, again(100 * time.Millisecond)},
		"and a third":                                         {errors.New("oops"), 2, again(200 * time.Millisecond)},
		"then it is parked":                                   {errors.New("oops"), 3, park},
		"running out of time is transient, whoever says so":   {fmt.Errorf("read: %w", context.DeadlineExceeded), 9, again(10 * time.Second)},
		"a record that the app refuses is parked":             {of(fault.Rejected, 0), 1, park},
		"input that nobody understands is parked":             {of(fault.Invalid, 0), 1, park},
		"something missing is parked":                         {of(fault.NotFound, 0), 1, park},
		"a classified error keeps its kind over its deadline": {fault.Wrap(fault.Rejected, "", context.DeadlineExceeded), 1, park},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bus.Dispose(tt.err, tt.attempt); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
