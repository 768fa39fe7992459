package pipedrive

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/deliver"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// Delivery rules (guide for webhooks v2).
const (
	answerWithin = 10 * time.Second
	banAfter     = 10 // events whose first try failed
	banFor       = 30 * time.Minute
	goneAfter    = 3 * 24 * time.Hour // without any success
	maxPerUser   = 40
)

var retryAfter = []time.Duration{3 * time.Second, 30 * time.Second, 150 * time.Second}

// webhook is a subscription, shown by the API as it stands here.
type webhook struct {
	ID           int64   `json:"id"`
	CompanyID    int64   `json:"company_id"`
	OwnerID      int64   `json:"owner_id"`
	UserID       int64   `json:"user_id"`
	EventAction  string  `json:"event_action"`
	EventObject  string  `json:"event_object"`
	URL          string  `json:"subscription_url"`
	Version      string  `json:"version"`
	IsActive     int     `json:"is_active"`
	AddTime      string  `json:"add_time"`
	RemoveTime   *string `json:"remove_time"`
	Type         string  `json:"type"`
	AuthUser     *string `json:"http_auth_user"`
	AuthPassword *string `json:"http_auth_password"`
	RemoveReason *string `json:"remove_reason"`
	LastDelivery *string `json:"last_delivery_time"`
	LastStatus   *int    `json:"last_http_status"`
	AdminID      int64   `json:"admin_id"`
	Name         string  `json:"name"`

	mu          sync.Mutex
	failures    int
	bannedUntil time.Time
	lastSuccess time.Time
}

// hooks are all webhooks of the company and the deliveries on their way.
type hooks struct {
	srv    *Server
	engine *deliver.Engine

	mu     sync.RWMutex
	list   []*webhook
	lastID int64
	any    atomic.Bool
}

func newHooks(s *Server) *hooks {
	return &hooks{srv: s, engine: deliver.New(s.opt.Concurrency, answerWithin)}
}

func (h *hooks) clear() {
	h.mu.Lock()
	h.list, h.lastID = nil, 90000
	h.any.Store(false)
	h.mu.Unlock()
	h.engine.Clear()
	h.engine.SetLimit(h.srv.opt.Concurrency)
}

// publish tells every webhook that wants it what happened to a record.
func (h *hooks) publish(e *entity, action string, was, is *crm.Record, ed *edit) {
	if ed.silent || !h.any.Load() {
		return
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	var tail []byte
	for _, w := range h.list {
		if w.EventAction != "*" && w.EventAction != action || w.EventObject != "*" && w.EventObject != e.name {
			continue
		}
		h.srv.stats.Events.Add(1)
		if tail == nil {
			tail = appendState(e, action, was, is)
		}
		h.send(w, e, action, is, ed, tail)
	}
}

// appendState writes what follows the meta part: the record now and before.
func appendState(e *entity, action string, was, is *crm.Record) []byte {
	b := append(make([]byte, 0, 1536), `,"data":`...)
	switch action {
	case "create":
		b = append(e.appendHook(b, is, true), `,"previous":null}`...)
	case "delete":
		b = append(b, `null,"previous":`...)
		b = append(e.appendHook(b, was, false), '}')
	default:
		b = append(e.appendHook(b, is, false), `,"previous":`...)
		b = append(e.appendPrevious(b, was, is), '}')
	}
	return b
}

func (h *hooks) send(w *webhook, e *entity, action string, is *crm.Record, ed *edit, tail []byte) {
	f := h.srv.faults
	d := f.Delivery()
	if w.banned(h.srv.clock.Now()) || f.Chance(d.DropRate) {
		h.srv.stats.Lost.Add(1)
		return
	}
	head, rest := h.meta(w, e, action, is, ed)
	times := 1
	if f.Chance(d.DuplicateRate) {
		times = 2
	}
	for range times {
		h.engine.Submit(&deliver.Job{
			URL: w.URL,
			Build: func(attempt int) (http.Header, []byte) {
				body := append(make([]byte, 0, len(head)+len(rest)+len(tail)+4), head...)
				body = strconv.AppendInt(body, int64(attempt)+1, 10)
				return w.header(), append(append(body, rest...), tail...)
			},
			Done: func(attempt, status int, _ error) (bool, time.Duration) { return h.done(w, attempt, status) },
		}, h.delay())
	}
}

// delay is the wait before the first try; mixing the order means a short
// random one.
func (h *hooks) delay() time.Duration {
	d := h.srv.faults.Delay()
	if h.srv.faults.Delivery().Shuffle {
		h.srv.rngMu.Lock()
		d += time.Duration(h.srv.rng.IntN(20)) * time.Millisecond
		h.srv.rngMu.Unlock()
	}
	return d
}

// meta writes the meta part up to the attempt number, and what follows that.
func (h *hooks) meta(w *webhook, e *entity, action string, is *crm.Record, ed *edit) (head, rest []byte) {
	b := append(make([]byte, 0, 640), `{"meta":{`...)
	id := func(name string, n int64) { b = wire.AppendRaw(b, name, `"`+strconv.FormatInt(n, 10)+`"`) }
	b = wire.AppendStr(b, "action", action)
	b = wire.AppendStr(b, "entity", e.name)
	id("entity_id", is.ID)
	switch {
	case ed.into != 0 && action == "delete":
		id("merged_to_id", ed.into)
	case ed.into != 0:
		id("merged_from_id", ed.from)
	}
	eventID := wire.UUID()
	if h.srv.faults.Delivery().SameEventID {
		eventID = "00000000-0000-4000-8000-000000000001"
	}
	b = wire.AppendStr(b, "id", eventID)
	id("company_id", h.srv.opt.Company)
	id("user_id", ed.source.UserID)
	id("webhook_id", w.ID)
	id("webhook_owner_id", w.OwnerID)
	if ed.flow == "" {
		ed.flow = wire.UUID()
	}
	b = wire.AppendStr(b, "correlation_id", ed.flow)
	b = wire.AppendStr(b, "change_source", ed.source.Type)
	head = wire.AppendKey(b, "attempt")

	b = append(make([]byte, 0, 256), ',')
	b = append(b, `"is_bulk_edit":`...)
	b = strconv.AppendBool(b, ed.bulk)
	b = wire.AppendStr(b, "type", w.Type)
	b = wire.AppendStr(b, "version", "2.0")
	b = wire.AppendStr(b, "host", h.srv.opt.Host)
	b = wire.AppendStr(b, "timestamp", time.UnixMilli(ed.at).UTC().Format("2006-01-02T15:04:05.000Z"))
	b = append(wire.AppendKey(b, "permitted_user_ids"), '[')
	for _, u := range *h.srv.users.Load() {
		if u.Active {
			b = append(wire.Comma(b), `"`+strconv.FormatInt(u.ID, 10)+`"`...)
		}
	}
	return head, append(b, "]}"...)
}

func (w *webhook) header() http.Header {
	hd := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Pipedrive Webhooks"}}
	if w.AuthUser != nil && *w.AuthUser != "" {
		pass := ""
		if w.AuthPassword != nil {
			pass = *w.AuthPassword
		}
		hd.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(*w.AuthUser+":"+pass)))
	}
	return hd
}

func (w *webhook) banned(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Before(w.bannedUntil)
}

// done settles one try: further tries after 3, 30 and 150 seconds, a ban after
// ten events that failed at first, the end after three days without success.
func (h *hooks) done(w *webhook, attempt, status int) (again bool, after time.Duration) {
	now := h.srv.clock.Now()
	at := now.UTC().Format("2006-01-02T15:04:05.000Z")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.LastDelivery, w.LastStatus = &at, &status
	if status >= 200 && status < 300 {
		h.srv.stats.Delivered.Add(1)
		w.lastSuccess = now
		return false, 0
	}
	h.srv.stats.Failed.Add(1)
	if attempt == 0 {
		if w.failures++; w.failures >= banAfter {
			w.failures, w.bannedUntil = 0, now.Add(h.srv.scaled(banFor))
		}
	}
	if now.Sub(w.lastSuccess) > goneAfter {
		go h.remove(w.ID) // takes the list's lock, which must not be taken under w's
	}
	if attempt >= len(retryAfter) {
		h.srv.stats.Lost.Add(1)
		return false, 0
	}
	return true, h.srv.scaled(retryAfter[attempt])
}

func (h *hooks) add(w *webhook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastID++
	w.ID, w.lastSuccess = h.lastID, h.srv.clock.Now()
	h.list = append(slices.Clone(h.list), w)
	h.any.Store(true)
}

func (h *hooks) remove(id int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.list)
	h.list = slices.DeleteFunc(slices.Clone(h.list), func(w *webhook) bool { return w.ID == id })
	h.any.Store(len(h.list) > 0)
	return len(h.list) < n
}
