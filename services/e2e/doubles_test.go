package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// fields are values of a record as a person types them in.
type fields map[string]any

// crm is one double, seen through its control API: what a person there does,
// what the account holds, and how it misbehaves. A call that the double
// refuses fails the test.
type crm struct {
	t      testing.TB
	url    string
	object string // whose records are meant, in the app's word
}

// of is the same account, seen as its records of another object.
func (c *crm) of(object string) *crm { return &crm{c.t, c.url, object} }

// record is a record as a double dumps it.
type record struct {
	ID           int64              `json:"id"`
	Fields       map[string]value   `json:"fields"`
	Associations map[string][]int64 `json:"associations"` // HubSpot's, by object
	Created      int64              `json:"created"`
	Deleted      bool               `json:"deleted"`
	History      []struct {
		Field  string `json:"field"`
		Value  value  `json:"value"`
		Source string `json:"source"`
		At     int64  `json:"at"`
	} `json:"history"`
}

// value is a JSON value as text; null and "" are both blank. A person's list of
// addresses in Pipedrive is its primary one.
type value string

func (v *value) UnmarshalJSON(raw []byte) error {
	var s string
	var list []address
	switch {
	case json.Unmarshal(raw, &list) == nil:
		*v = ""
		for _, a := range list {
			if a.Primary {
				*v = value(a.Value)
			}
		}
	case string(raw) == "null":
		*v = ""
	case json.Unmarshal(raw, &s) == nil:
		*v = value(s)
	default:
		*v = value(raw)
	}
	return nil
}

// address is one of a person's e-mail addresses or phones in Pipedrive.
type address struct {
	Value   string `json:"value"`
	Primary bool   `json:"primary"`
}

// mail is a person's only e-mail address.
func mail(email string) []address { return []address{{email, true}} }

// option changes how a person's edit is made.
type option func(body map[string]any)

// ago dates an edit back; its webhook carries that time.
func ago(d time.Duration) option { return at(time.Now().Add(-d)) }

func at(when time.Time) option {
	return func(body map[string]any) { body["at"] = when.UnixMilli() }
}

// silently sends no webhook: only a poll or a backfill finds the edit.
func silently(body map[string]any) { body["silent"] = true }

func (c *crm) create(f fields, opts ...option) int64 {
	c.t.Helper()
	var out struct {
		ID int64 `json:"id"`
	}
	c.call(http.MethodPost, c.path(), edit(f, opts), &out)
	return out.ID
}

// bulk makes n records from a template; {{n}} stands for a record's number.
func (c *crm) bulk(n int, f fields, opts ...option) []int64 {
	c.t.Helper()
	var out struct {
		IDs []int64 `json:"ids"`
	}
	body := edit(f, opts)
	body["count"] = n
	c.call(http.MethodPost, c.path("bulk"), body, &out)
	return out.IDs
}

func (c *crm) edit(id int64, f fields, opts ...option) {
	c.t.Helper()
	c.call(http.MethodPatch, c.path(id), edit(f, opts), nil)
}

func (c *crm) remove(id int64) {
	c.t.Helper()
	c.call(http.MethodDelete, c.path(id), nil, nil)
}

func (c *crm) restore(id int64) {
	c.t.Helper()
	c.call(http.MethodPost, c.path(id, "restore"), nil, nil)
}

// merge makes one record of two: other goes into primary. It gives the id of
// the result.
func (c *crm) merge(primary, other int64) int64 {
	c.t.Helper()
	var out struct {
		ID int64 `json:"id"`
	}
	c.call(http.MethodPost, c.path("merge"), map[string]any{"primary": primary, "other": other}, &out)
	return out.ID
}

// associate links a record with one of another object, in the app's word.
func (c *crm) associate(id int64, object string, other int64) {
	c.t.Helper()
	c.call(http.MethodPost, c.path(id, "associations"), map[string]any{"object": object, "id": other}, nil)
}

// dissociate ends such a link.
func (c *crm) dissociate(id int64, object string, other int64) {
	c.t.Helper()
	c.call(http.MethodDelete, c.path(id, "associations"), map[string]any{"object": object, "id": other}, nil)
}

// path is where the control API has the object's records.
func (c *crm) path(parts ...any) string {
	path := "/records/" + c.object
	for _, p := range parts {
		path += fmt.Sprint("/", p)
	}
	return path
}

// do moves or closes a deal: what is stage, won, lost or reopen.
func (c *crm) do(id int64, what, stage string) {
	c.t.Helper()
	c.call(http.MethodPost, c.path(id, "do", what), map[string]any{"stage": stage}, nil)
}

func edit(f fields, opts []option) map[string]any {
	body := map[string]any{"fields": f}
	for _, o := range opts {
		o(body)
	}
	return body
}

func (c *crm) show(id int64) record {
	c.t.Helper()
	var r record
	c.call(http.MethodGet, c.path(id), nil, &r)
	if custom := r.Fields["custom_fields"]; custom != "" { // Pipedrive's
		if err := json.Unmarshal([]byte(custom), &r.Fields); err != nil {
			c.t.Fatalf("custom fields %s: %v", custom, err)
		}
	}
	return r
}

// dump gives every record by id, deleted ones too.
func (c *crm) dump() map[int64]record {
	c.t.Helper()
	var out struct {
		Records []record `json:"records"`
	}
	c.call(http.MethodGet, c.path(), nil, &out)
	m := make(map[int64]record, len(out.Records))
	for _, r := range out.Records {
		m[r.ID] = r
	}
	return m
}

// stats are a double's counters.
type stats struct {
	Calls []struct {
		Route  string `json:"route"`
		Status int    `json:"status"`
		Count  int    `json:"count"`
	} `json:"calls"`
	Writes    int `json:"writes"`
	Edits     int `json:"edits"`
	Delivered int `json:"webhooks_delivered"`
	Failed    int `json:"webhooks_failed"`
	Lost      int `json:"webhooks_lost"`
	Pending   int `json:"webhooks_pending"`
	// Objects counts what was done to the records of an object by our calls, such
	// as "created", and to links of two, such as "deals/contacts", "associated".
	Objects map[string]map[string]int `json:"objects"`
}

func (c *crm) stats() stats {
	c.t.Helper()
	var s stats
	c.call(http.MethodGet, "/stats", nil, &s)
	return s
}

// answered counts the calls that were answered with a status.
func (s stats) answered(status int) int {
	n := 0
	for _, call := range s.Calls {
		if call.Status == status {
			n += call.Count
		}
	}
	return n
}

// fault switches a fault on and gives its number.
func (c *crm) fault(rule map[string]any) int64 {
	c.t.Helper()
	var out struct {
		ID int64 `json:"id"`
	}
	c.call(http.MethodPost, "/faults", rule, &out)
	return out.ID
}

func (c *crm) faultOff(id int64) {
	c.t.Helper()
	c.call(http.MethodDelete, fmt.Sprint("/faults/", id), nil, nil)
}

func (c *crm) put(path string, body map[string]any) {
	c.t.Helper()
	c.call(http.MethodPut, path, body, nil)
}

func (c *crm) call(method, path string, in, out any) {
	c.t.Helper()
	if err := c.try(method, path, in, out); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crm) try(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, c.url+"/_sandbox"+path, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// accounts starts a HubSpot and a Pipedrive double for one test: accounts of
// its own, whose record ids are those of every other test's accounts too.
func accounts(t testing.TB, change func(cfg *sandbox.Config)) (hubspot, pipedrive *crm) {
	t.Helper()
	s := doubles(t, change)
	return &crm{t, s.HubSpotURL(), "deals"}, &crm{t, s.PipedriveURL(), "deals"}
}

// doubles starts the doubles of all apps, the sandbox's own apps too.
func doubles(t testing.TB, change func(cfg *sandbox.Config)) *sandbox.Sandbox {
	t.Helper()
	cfg := sandbox.Defaults()
	cfg.HubSpotAddr, cfg.PipedriveAddr, cfg.SimpleAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.SearchLagMin, cfg.SearchLagMax = 50*time.Millisecond, 200*time.Millisecond
	if change != nil {
		change(&cfg)
	}
	s := sandbox.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("sandbox: %v", err)
		}
	})
	select {
	case <-s.Ready():
	case err := <-done:
		done <- nil
		t.Fatalf("sandbox: %v", err)
	}
	return s
}

func text(id int64) string { return strconv.FormatInt(id, 10) }
