package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// fields are values of a deal as a person types them in.
type fields map[string]any

// account is one double, used through its control API: what a person there
// does, and what the account holds.
type account struct {
	side   deal.Side
	name   string
	url    string
	client *http.Client
}

// record is a deal as a double shows it.
type record struct {
	ID      int64            `json:"id"`
	Fields  map[string]value `json:"fields"`
	Created int64            `json:"created"`
	Deleted bool             `json:"deleted"`
	History []struct {
		Field string `json:"field"`
		Value value  `json:"value"`
		At    int64  `json:"at"`
	} `json:"history"`
}

// value is a JSON value as text; null and "" are both blank.
type value string

// UnmarshalJSON takes any JSON value.
func (v *value) UnmarshalJSON(raw []byte) error {
	var s string
	switch {
	case string(raw) == "null":
		*v = ""
	case json.Unmarshal(raw, &s) == nil:
		*v = value(s)
	default:
		*v = value(raw)
	}
	return nil
}

// edit is the body of what a person does. The zero time is now.
type edit struct {
	Fields fields `json:"fields,omitempty"`
	At     int64  `json:"at,omitempty"`
}

func (a *account) create(ctx context.Context, f fields) (int64, error) {
	var out struct {
		ID int64 `json:"id"`
	}
	err := a.call(ctx, http.MethodPost, "/records/deals", edit{Fields: f}, &out)
	return out.ID, err
}

func (a *account) update(ctx context.Context, id int64, e edit) error {
	return a.call(ctx, http.MethodPatch, fmt.Sprint("/records/deals/", id), e, nil)
}

// updateMany makes one edit each to many deals, in one call.
func (a *account) updateMany(ctx context.Context, f map[int64]fields) error {
	type one struct {
		ID     int64  `json:"id"`
		Fields fields `json:"fields"`
	}
	body := struct {
		Edits []one `json:"edits"`
	}{}
	for id, values := range f {
		body.Edits = append(body.Edits, one{id, values})
	}
	var out struct {
		Failed []json.RawMessage `json:"failed"`
	}
	if err := a.call(ctx, http.MethodPost, "/records/deals/edits", body, &out); err != nil {
		return err
	}
	if len(out.Failed) > 0 {
		return fmt.Errorf("%s refused %d of %d edits: %s", a.name, len(out.Failed), len(f), out.Failed[0])
	}
	return nil
}

func (a *account) remove(ctx context.Context, id int64) error {
	return a.call(ctx, http.MethodDelete, fmt.Sprint("/records/deals/", id), nil, nil)
}

func (a *account) restore(ctx context.Context, id int64) error {
	return a.call(ctx, http.MethodPost, fmt.Sprintf("/records/deals/%d/restore", id), nil, nil)
}

// do moves or closes a deal: what is stage, won, lost or reopen.
func (a *account) do(ctx context.Context, id int64, what, stage string) error {
	return a.call(ctx, http.MethodPost, fmt.Sprintf("/records/deals/%d/do/%s", id, what), map[string]string{"stage": stage}, nil)
}

func (a *account) show(ctx context.Context, id int64) (*record, error) {
	r := &record{}
	err := a.call(ctx, http.MethodGet, fmt.Sprint("/records/deals/", id), nil, r)
	return r, err
}

// dump gives every deal with an id greater than after, deleted ones too.
func (a *account) dump(ctx context.Context, after int64) ([]*record, error) {
	var out struct {
		Records []*record `json:"records"`
	}
	err := a.call(ctx, http.MethodGet, fmt.Sprint("/records/deals?after=", after), nil, &out)
	return out.Records, err
}

// counts are a double's counters: deals changed through its API, deals changed
// by people, webhooks that are still to be sent.
type counts struct {
	Writes  int64 `json:"writes"`
	Edits   int64 `json:"edits"`
	Pending int64 `json:"webhooks_pending"`
	Calls   []struct {
		Route  string `json:"route"`
		Status int    `json:"status"`
	} `json:"calls"`
}

// hooked reports whether somebody has asked for webhooks.
func (c counts) hooked() bool {
	for _, call := range c.Calls {
		if strings.HasPrefix(call.Route, "POST") && call.Status < 300 &&
			(strings.Contains(call.Route, "subscriptions") || strings.Contains(call.Route, "webhooks")) {
			return true
		}
	}
	return false
}

func (a *account) counts(ctx context.Context) (counts, error) {
	var c counts
	err := a.call(ctx, http.MethodGet, "/stats", nil, &c)
	return c, err
}

func (a *account) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+"/_sandbox"+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("the %s double: %w", a.name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("the %s double: %s %s: %w", a.name, method, path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the %s double: %s %s: %s: %s", a.name, method, path, resp.Status, bytes.TrimSpace(raw))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("the %s double: %s %s: %w", a.name, method, path, err)
	}
	return nil
}

// ago dates an edit back; the app's webhook will carry that time.
func ago(d time.Duration) int64 { return time.Now().Add(-d).UnixMilli() }
