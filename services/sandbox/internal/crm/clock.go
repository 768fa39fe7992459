package crm

import (
	"sync/atomic"
	"time"
)

// Clock is wall-clock time plus an offset that tests move forward; it can be
// stopped. The zero value shows the wall clock.
type Clock struct {
	offset  atomic.Int64
	stopped atomic.Pointer[time.Time]
}

// Now is the sandbox's time.
func (c *Clock) Now() time.Time {
	now := time.Now()
	if at := c.stopped.Load(); at != nil {
		now = *at
	}
	return now.Add(time.Duration(c.offset.Load()))
}

// Stop holds the clock, which then moves only by Advance; or lets it run again.
func (c *Clock) Stop(on bool) {
	if !on {
		c.stopped.Store(nil)
		return
	}
	now := time.Now()
	c.stopped.Store(&now)
}

// Milli is Now in milliseconds since 1970.
func (c *Clock) Milli() int64 { return c.Now().UnixMilli() }

// Advance moves the clock forward (or back, if d is negative).
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// Reset puts the clock back to wall-clock time.
func (c *Clock) Reset() {
	c.offset.Store(0)
	c.stopped.Store(nil)
}

// ISO writes milliseconds since 1970 as UTC with a Z. Like HubSpot it leaves
// the milliseconds out when they are zero.
func ISO(ms int64) string {
	t := time.UnixMilli(ms).UTC()
	if ms%1000 == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// Seconds writes milliseconds since 1970 as RFC 3339 with whole seconds.
func Seconds(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05Z") }
