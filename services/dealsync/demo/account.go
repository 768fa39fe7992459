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

// edit is the body of what a person does. The zero time is now.
type edit struct {
	Fields       fields   `json:"fields,omitempty"`
	Associations []linked `json:"associations,omitempty"`
	At           int64    `json:"at,omitempty"`
}

// linked is a record that another one is associated with.
type linked struct {
	Object string `json:"object"`
	ID     int64  `json:"id"`
}

// path is where a kind's records are, or one of them with what is done to it.
func (a *account) path(k *kind, rest ...any) string {
	return "/records/" + k.on(a.side) + strings.Join(append([]string{""}, texts(rest)...), "/")
}

func texts(of []any) []string {
	list := make([]string, len(of))
	for i, x := range of {
		list[i] = fmt.Sprint(x)
	}
	return list
}

func (a *account) create(ctx context.Context, k *kind, e edit) (int64, error) {
	var out struct {
		ID int64 `json:"id"`
	}
	err := a.call(ctx, http.MethodPost, a.path(k), a.typed(e), &out)
	return out.ID, err
}

func (a *account) update(ctx context.Context, k *kind, id int64, e edit) error {
	return a.call(ctx, http.MethodPatch, a.path(k, id), a.typed(e), nil)
}

// typed is an edit in the account's own names.
func (a *account) typed(e edit) edit {
	if a.side == deal.App {
		e.Fields = typed(e.Fields)
	}
	return e
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
	if err := a.call(ctx, http.MethodPost, a.path(deals, "edits"), body, &out); err != nil {
		return err
	}
	if len(out.Failed) > 0 {
		return fmt.Errorf("%s refused %d of %d edits: %s", a.name, len(out.Failed), len(f), out.Failed[0])
	}
	return nil
}

func (a *account) remove(ctx context.Context, k *kind, id int64) error {
	return a.call(ctx, http.MethodDelete, a.path(k, id), nil, nil)
}

func (a *account) restore(ctx context.Context, k *kind, id int64) error {
	return a.call(ctx, http.MethodPost, a.path(k, id, "restore"), nil, nil)
}

// associate links a record with another one; where only one can be, it takes its
// place.
func (a *account) associate(ctx context.Context, k *kind, id int64, with linked) error {
	return a.call(ctx, http.MethodPost, a.path(k, id, "associations"), with, nil)
}

// do moves or closes a deal: what is stage, won, lost or reopen.
func (a *account) do(ctx context.Context, id int64, what, stage string) error {
	return a.call(ctx, http.MethodPost, a.path(deals, id, "do", what), map[string]string{"stage": stage}, nil)
}

func (a *account) show(ctx context.Context, k *kind, id int64) (*record, error) {
	r := &record{}
	if err := a.call(ctx, http.MethodGet, a.path(k, id), nil, r); err != nil {
		return nil, err
	}
	r.present()
	return r, nil
}

// dump gives every record with an id greater than after, deleted ones too,
// without history.
func (a *account) dump(ctx context.Context, k *kind, after int64) ([]*record, error) {
	return a.list(ctx, k, fmt.Sprint("after=", after))
}

// histories gives every record with its history.
func (a *account) histories(ctx context.Context, k *kind) ([]*record, error) {
	return a.list(ctx, k, "history=true")
}

func (a *account) list(ctx context.Context, k *kind, query string) ([]*record, error) {
	var out struct {
		Records []*record `json:"records"`
	}
	if err := a.call(ctx, http.MethodGet, a.path(k)+"?"+query, nil, &out); err != nil {
		return nil, err
	}
	for _, r := range out.Records {
		r.present()
	}
	return out.Records, nil
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
