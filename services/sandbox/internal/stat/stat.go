// Package stat counts what a double was asked to do and what it sent out.
package stat

import (
	"sync"
	"sync/atomic"
)

// Counters of one double. The zero value is ready.
type Counters struct {
	calls     sync.Map // "METHOD /path/{template} status" -> *atomic.Int64
	objects   sync.Map // deed -> *atomic.Int64
	Requests  atomic.Int64
	Writes    atomic.Int64 // records changed through the API
	Edits     atomic.Int64 // records changed through the control API
	BytesIn   atomic.Int64
	BytesOut  atomic.Int64
	Events    atomic.Int64 // webhook events made
	Delivered atomic.Int64 // webhook requests answered with 2xx
	Failed    atomic.Int64 // webhook attempts that failed
	Lost      atomic.Int64 // webhook requests given up, or dropped during a ban
}

// Call counts one API call.
func (c *Counters) Call(pattern string, status int) {
	type key struct {
		pattern string
		status  int
	}
	n, ok := c.calls.Load(key{pattern, status})
	if !ok {
		n, _ = c.calls.LoadOrStore(key{pattern, status}, &call{pattern: pattern, status: status})
	}
	n.(*call).n.Add(1)
	c.Requests.Add(1)
}

type call struct {
	pattern string
	status  int
	n       atomic.Int64
}

// CallCount is how often one route answered with one status.
type CallCount struct {
	Route  string `json:"route"`
	Status int    `json:"status"`
	Count  int64  `json:"count"`
}

// Snapshot is the state of the counters at one moment.
type Snapshot struct {
	Calls     []CallCount `json:"calls"`
	Requests  int64       `json:"requests"`
	Writes    int64       `json:"writes"`
	Edits     int64       `json:"edits"`
	BytesIn   int64       `json:"bytes_in"`
	BytesOut  int64       `json:"bytes_out"`
	Events    int64       `json:"webhook_events"`
	Delivered int64       `json:"webhooks_delivered"`
	Failed    int64       `json:"webhooks_failed"`
	Lost      int64       `json:"webhooks_lost"`
	// Objects counts by object type and deed; associations stand under both of
	// their types, as in "deals/contacts".
	Objects map[string]map[string]int64 `json:"objects"`
}

// Snapshot reads all counters.
func (c *Counters) Snapshot() Snapshot {
	s := Snapshot{
		Calls: []CallCount{}, Requests: c.Requests.Load(), Writes: c.Writes.Load(), Edits: c.Edits.Load(),
		BytesIn: c.BytesIn.Load(), BytesOut: c.BytesOut.Load(), Events: c.Events.Load(),
		Delivered: c.Delivered.Load(), Failed: c.Failed.Load(), Lost: c.Lost.Load(),
	}
	c.calls.Range(func(_, v any) bool {
		n := v.(*call)
		s.Calls = append(s.Calls, CallCount{n.pattern, n.status, n.n.Load()})
		return true
	})
	s.Objects = c.deeds()
	return s
}

// Reset puts all counters back to zero.
func (c *Counters) Reset() {
	c.calls.Clear()
	c.objects.Clear()
	for _, n := range []*atomic.Int64{
		&c.Requests, &c.Writes, &c.Edits, &c.BytesIn, &c.BytesOut,
		&c.Events, &c.Delivered, &c.Failed, &c.Lost,
	} {
		n.Store(0)
	}
}
