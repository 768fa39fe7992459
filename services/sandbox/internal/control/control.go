// Package control is the API under /_sandbox/: it acts as a person in the CRM
// would, switches faults on and off, moves the clock, counts, dumps and resets.
// Both doubles have one, each for its own records. It is no part of either
// vendor's API, and no fault or rate limit applies to it.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/fault"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// Edit is what a person does to one record.
type Edit struct {
	Fields map[string]json.RawMessage `json:"fields"`
	User   int64                      `json:"user"`   // who; 0: the first user
	At     int64                      `json:"at"`     // when, milliseconds since 1970; 0: now
	Silent bool                       `json:"silent"` // no webhooks
	Bulk   bool                       `json:"bulk"`   // done to many records at once in the UI
	// Associations of a new record.
	Associations []Association `json:"associations"`
}

// Association is the far end of an association between two records.
type Association struct {
	Object  string `json:"object"`
	ID      int64  `json:"id"`
	Primary bool   `json:"primary"` // HubSpot: the primary company
}

// Records are one account's records, as a person there may change them.
type Records interface {
	Create(object string, e Edit) (int64, error)
	Update(object string, id int64, e Edit) error
	Delete(object string, id int64, e Edit) error
	Restore(object string, id int64, e Edit) error
	Merge(object string, primary, other int64, e Edit) (int64, error)
	// Associate makes an association, or removes it.
	Associate(object string, id int64, to Association, remove bool, e Edit) error
	// Define adds a field as an admin does, defined in the API's own form; of
	// every type that the app has. It answers the field as the API shows it.
	Define(object string, field json.RawMessage) (any, error)
	// Examples are definitions of one field of every type, for Define.
	Examples(object string) ([]json.RawMessage, error)
	// Do turns stage, won, lost or reopen into the fields to change.
	Do(object string, id int64, action Action) (map[string]json.RawMessage, error)
	// Dump appends records whose id is greater than after, as JSON objects
	// separated by commas, at most limit of them; next is 0 after the last one.
	Dump(b []byte, object string, after int64, limit int, history bool) (out []byte, next int64, err error)
	// Show appends one record with its history.
	Show(b []byte, object string, id int64) ([]byte, error)
}

// Action is the body of a stage, won, lost or reopen call.
type Action struct {
	Name     string
	Stage    string `json:"stage"`
	Pipeline string `json:"pipeline"`
	Reason   string `json:"reason"`
}

// Throttling are the rate limits; nil members stay as they are.
type Throttling struct {
	On     *bool `json:"on,omitempty"`
	Burst  *int  `json:"burst,omitempty"`
	Search *int  `json:"search,omitempty"`
	Daily  *int  `json:"daily,omitempty"`
}

// Double is what the control API needs from an API double.
type Double interface {
	Records(account string) (Records, error)
	Reset()
	Throttle(t Throttling) Throttling
	// Settings changes what only this double has and returns what is set.
	Settings(raw json.RawMessage) (any, error)
	Pending() int // webhook requests that are queued, in flight or to be tried again
	Faults() *fault.Set
	Stats() *stat.Counters
	Grants() *grant.Store
	Advanced() // hears that the clock was moved
}

// Error is an answer other than 200.
type Error struct {
	Status  int
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(status int, format string, args ...any) *Error {
	return &Error{status, fmt.Sprintf(format, args...)}
}

type api struct {
	d     Double
	clock *crm.Clock
}

// Routes puts the control API of a double on a mux.
func Routes(mux *http.ServeMux, d Double, clock *crm.Clock) {
	a := &api{d, clock}
	for pattern, h := range map[string]func(r *http.Request) (any, error){
		"GET /_sandbox/health":          func(*http.Request) (any, error) { return map[string]bool{"ok": true}, nil },
		"GET /_sandbox/stats":           func(*http.Request) (any, error) { return a.stats(), nil },
		"DELETE /_sandbox/stats":        func(*http.Request) (any, error) { d.Stats().Reset(); return a.stats(), nil },
		"POST /_sandbox/reset":          a.reset,
		"GET /_sandbox/faults":          func(*http.Request) (any, error) { return map[string]any{"faults": d.Faults().Rules()}, nil },
		"POST /_sandbox/faults":         a.addFault,
		"DELETE /_sandbox/faults":       func(*http.Request) (any, error) { d.Faults().Remove(0); return map[string]any{}, nil },
		"DELETE /_sandbox/faults/{id}":  a.removeFault,
		"GET /_sandbox/delivery":        func(*http.Request) (any, error) { return d.Faults().Delivery(), nil },
		"PUT /_sandbox/delivery":        a.setDelivery,
		"PUT /_sandbox/down":            a.setDown,
		"GET /_sandbox/throttling":      func(*http.Request) (any, error) { return d.Throttle(Throttling{}), nil },
		"PUT /_sandbox/throttling":      a.throttle,
		"GET /_sandbox/settings":        func(*http.Request) (any, error) { return d.Settings(nil) },
		"PUT /_sandbox/settings":        a.settings,
		"GET /_sandbox/clock":           func(*http.Request) (any, error) { return a.now(), nil },
		"POST /_sandbox/clock/advance":  a.advance,
		"PUT /_sandbox/clock/stopped":   a.stopClock,
		"POST /_sandbox/tokens/expire":  func(*http.Request) (any, error) { d.Grants().ExpireAll(); return map[string]any{}, nil },
		"POST /_sandbox/tokens/rotate":  a.rotate,
		"POST /_sandbox/apps/uninstall": a.uninstall,

		"POST /_sandbox/records/{object}":                a.create,
		"POST /_sandbox/records/{object}/bulk":           a.bulk,
		"POST /_sandbox/records/{object}/edits":          a.edits,
		"POST /_sandbox/records/{object}/merge":          a.merge,
		"PATCH /_sandbox/records/{object}/{id}":          a.update,
		"DELETE /_sandbox/records/{object}/{id}":         a.remove,
		"POST /_sandbox/records/{object}/{id}/restore":   a.restore,
		"POST /_sandbox/records/{object}/{id}/do/{what}": a.do,

		"POST /_sandbox/records/{object}/{id}/associations":   func(r *http.Request) (any, error) { return a.associate(r, false) },
		"DELETE /_sandbox/records/{object}/{id}/associations": func(r *http.Request) (any, error) { return a.associate(r, true) },
		"POST /_sandbox/fields/{object}":                      a.define,
		"POST /_sandbox/fields/{object}/examples":             a.examples,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { answer(w, r, h) })
	}
	mux.HandleFunc("GET /_sandbox/records/{object}", a.dump)
	mux.HandleFunc("GET /_sandbox/records/{object}/{id}", a.show)
}

func answer(w http.ResponseWriter, r *http.Request, h func(*http.Request) (any, error)) {
	out, err := h(r)
	if err != nil {
		fail(w, err)
		return
	}
	wire.ReplyValue(w, http.StatusOK, out)
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	var e *Error
	if errors.As(err, &e) {
		status = e.Status
	}
	wire.ReplyValue(w, status, map[string]string{"error": err.Error()})
}

// read decodes an optional JSON body.
func read(r *http.Request, v any) error {
	raw, err := wire.Body(r)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode body: %w", err)
	}
	return nil
}

func (a *api) now() map[string]any {
	now := a.clock.Now()
	return map[string]any{"now": now.UTC().Format(time.RFC3339Nano), "ms": now.UnixMilli()}
}

func (a *api) stats() any {
	return struct {
		stat.Snapshot
		Pending int `json:"webhooks_pending"`
	}{a.d.Stats().Snapshot(), a.d.Pending()}
}

func (a *api) reset(*http.Request) (any, error) {
	a.clock.Reset()
	a.d.Reset()
	return map[string]any{}, nil
}

func (a *api) addFault(r *http.Request) (any, error) {
	var rule fault.Rule
	if err := read(r, &rule); err != nil {
		return nil, err
	}
	rule, err := a.d.Faults().Add(rule)
	if err != nil {
		return nil, fmt.Errorf("add fault: %w", err)
	}
	return rule, nil
}

func (a *api) removeFault(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id == 0 {
		return nil, Errorf(404, "no fault %s", r.PathValue("id"))
	}
	a.d.Faults().Remove(id)
	return map[string]any{}, nil
}

func (a *api) setDelivery(r *http.Request) (any, error) {
	d := a.d.Faults().Delivery()
	if err := read(r, &d); err != nil {
		return nil, err
	}
	a.d.Faults().SetDelivery(d)
	return d, nil
}

func (a *api) setDown(r *http.Request) (any, error) {
	var in struct {
		Down bool `json:"down"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	a.d.Faults().SetDown(in.Down)
	return in, nil
}

func (a *api) throttle(r *http.Request) (any, error) {
	var t Throttling
	if err := read(r, &t); err != nil {
		return nil, err
	}
	return a.d.Throttle(t), nil
}

func (a *api) settings(r *http.Request) (any, error) {
	var raw json.RawMessage
	if err := read(r, &raw); err != nil {
		return nil, err
	}
	return a.d.Settings(raw)
}

func (a *api) advance(r *http.Request) (any, error) {
	var in struct {
		By string `json:"by"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(in.By)
	if err != nil {
		return nil, fmt.Errorf("read by: %w", err)
	}
	a.clock.Advance(d)
	a.d.Advanced()
	return a.now(), nil
}

func (a *api) stopClock(r *http.Request) (any, error) {
	var in struct {
		Stopped bool `json:"stopped"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	a.clock.Stop(in.Stopped)
	return a.now(), nil
}

func (a *api) rotate(r *http.Request) (any, error) {
	var in struct {
		On bool `json:"on"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	a.d.Grants().Rotate(in.On)
	return in, nil
}

func (a *api) uninstall(r *http.Request) (any, error) {
	var in struct {
		App     int64 `json:"app"`
		Account int64 `json:"account"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	a.d.Grants().Uninstall(in.App, in.Account)
	return map[string]any{}, nil
}
