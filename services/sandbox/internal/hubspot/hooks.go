package hubspot

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/deliver"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
)

const (
	maxBatch     = 100
	maxSubs      = 1000
	answerWithin = 5 * time.Second
)

// retryAfter is how long the sender waits before each further try, ten in
// about a day. The real table is unpublished; the growth and the span are not.
var retryAfter = []time.Duration{
	time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
	2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 5 * time.Hour, 8 * time.Hour,
}

// subscription is shown by the webhook API as it stands here.
type subscription struct {
	id           int64
	ID           string `json:"id"`
	EventType    string `json:"eventType"`
	PropertyName string `json:"propertyName,omitempty"`
	ObjectTypeID string `json:"objectTypeId,omitempty"`
	Active       bool   `json:"active"`
	CreatedAt    string `json:"createdAt"`
	UpdatedAt    string `json:"updatedAt"`
}

type subKey struct{ what, typeID, property string }

// hooks are the webhook settings of one app and the events on their way to it.
type hooks struct {
	srv    *Server
	app    *grant.App
	engine *deliver.Engine

	mu        sync.RWMutex
	target    string
	limit     int
	period    string
	createdAt string
	updatedAt string
	subs      map[int64]*subscription
	index     map[subKey][]*subscription // the active ones
	lastSub   int64
	active    atomic.Int32

	batchMu sync.Mutex
	batch   [][]byte
	timer   *time.Timer
}

func newHooks(s *Server, app *grant.App) *hooks {
	h := &hooks{srv: s, app: app, engine: deliver.New(s.opt.Concurrency, answerWithin)}
	h.clear()
	return h
}

func (h *hooks) clear() {
	h.mu.Lock()
	h.target, h.limit, h.period, h.createdAt = "", h.srv.opt.Concurrency, "SECONDLY", ""
	h.subs, h.index, h.lastSub = map[int64]*subscription{}, map[subKey][]*subscription{}, 6547100
	h.active.Store(0)
	h.mu.Unlock()
	h.batchMu.Lock()
	h.batch = nil
	h.batchMu.Unlock()
	h.engine.Clear()
}

// match finds the active subscriptions for an event.
func (h *hooks) match(ev *event) []*subscription {
	if h.active.Load() == 0 {
		return nil
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.index[subKey{ev.what, ev.kind.typeID, ev.property}]
}

// reindex is called with the lock held after subscriptions changed.
func (h *hooks) reindex() {
	h.index = map[subKey][]*subscription{}
	n := 0
	for _, s := range h.subs {
		if what, k := splitType(s); s.Active && k != nil {
			key := subKey{what, k.typeID, s.PropertyName}
			h.index[key] = append(h.index[key], s)
			n++
		}
	}
	if h.target == "" {
		n = 0
	}
	h.active.Store(int32(n))
}

// push adds an event to the request that is being gathered.
func (h *hooks) push(ev []byte) {
	f := h.srv.faults.Delivery()
	h.srv.stats.Events.Add(1)
	if h.srv.faults.Chance(f.DropRate) {
		h.srv.stats.Lost.Add(1)
		return
	}
	h.add(ev)
	if h.srv.faults.Chance(f.DuplicateRate) {
		h.add(ev)
	}
}

func (h *hooks) add(ev []byte) {
	h.batchMu.Lock()
	defer h.batchMu.Unlock()
	h.batch = append(h.batch, ev)
	switch len(h.batch) {
	case maxBatch:
		h.flush()
	case 1:
		if h.timer == nil {
			h.timer = time.AfterFunc(h.srv.opt.Gather, h.expire)
		} else {
			h.timer.Reset(h.srv.opt.Gather)
		}
	}
}

func (h *hooks) expire() {
	h.batchMu.Lock()
	defer h.batchMu.Unlock()
	h.flush()
}

// flush sends what was gathered; the caller holds the batch lock.
func (h *hooks) flush() {
	events := h.batch
	h.batch = nil
	if len(events) == 0 {
		return
	}
	h.mu.RLock()
	target := h.target
	h.mu.RUnlock()
	if target == "" {
		return
	}
	f := h.srv.faults
	if f.Delivery().Shuffle || h.srv.opt.Shuffle {
		f.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	signed := decodeForSignature(target)
	h.engine.Submit(&deliver.Job{
		URL:   target,
		Build: func(attempt int) (http.Header, []byte) { return h.build(events, signed, attempt) },
		Done:  h.done,
	}, f.Delay())
}

func (h *hooks) build(events [][]byte, signed string, attempt int) (http.Header, []byte) {
	size := 2
	for _, e := range events {
		size += len(e) + 4
	}
	body := append(make([]byte, 0, size), '[')
	for i, e := range events {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(strconv.AppendInt(append(body, e...), int64(attempt), 10), '}')
	}
	body = append(body, ']')
	ts := strconv.FormatInt(h.srv.clock.Milli(), 10)
	return http.Header{
		"Content-Type":                {"application/json"},
		"User-Agent":                  {"HubSpot Connect 2.0 (https://developers.hubspot.com)"},
		"X-Hubspot-Signature-V3":      {signV3(h.app.Secret, http.MethodPost, signed, body, ts)},
		"X-Hubspot-Request-Timestamp": {ts},
		"X-Hubspot-Signature":         {signV1(h.app.Secret, body)},
		"X-Hubspot-Signature-Version": {"v1"},
	}, body
}

func (h *hooks) done(attempt, status int, _ error) (again bool, after time.Duration) {
	if status >= 200 && status < 300 {
		h.srv.stats.Delivered.Add(1)
		return false, 0
	}
	h.srv.stats.Failed.Add(1)
	if attempt >= len(retryAfter) {
		h.srv.stats.Lost.Add(1)
		return false, 0
	}
	return true, h.srv.scaled(retryAfter[attempt])
}
