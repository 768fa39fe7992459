package simple

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// record is a record as the API shows it; a blank field is null.
type record struct {
	ID         string      `json:"id"`
	Key        string      `json:"external_key"`
	Fields     deal.Fields `json:"fields"`
	Created    time.Time   `json:"created_at"`
	Updated    time.Time   `json:"updated_at"`
	Deleted    bool        `json:"deleted"`
	MergedInto string      `json:"merged_into"`
	MergedFrom []string    `json:"merged_from"`
}

func (r *record) record() connector.Record {
	fields := deal.Fields{deal.PairKeyField: r.Key}
	for name, v := range r.Fields {
		fields[name] = v
	}
	return connector.Record{
		ID: r.ID, Fields: fields, Created: r.Created, Modified: r.Updated,
		Deleted: r.Deleted, MergedInto: r.MergedInto, MergedFrom: r.MergedFrom,
	}
}

func recordsOf(list []record) []connector.Record {
	out := make([]connector.Record, len(list))
	for i := range list {
		out[i] = list[i].record()
	}
	return out
}

// call sends a request and decodes a 2xx answer into a T.
func call[T any](ctx context.Context, d *Driver, req rest.Request, in any) (out T, status int, err error) {
	if in != nil {
		if req.Body, err = json.Marshal(in); err != nil {
			return out, 0, fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode %s: %w", req.Op, err))
		}
	}
	res, err := d.rest.Do(ctx, req)
	if err != nil {
		return out, 0, fmt.Errorf("%s: %w", req.Op, err)
	}
	if !res.OK() {
		return out, res.Status, refusal(req.Op, res)
	}
	if err := json.Unmarshal(res.Body, &out); err != nil {
		return out, res.Status, fault.Wrap(fault.Transient, "malformed_answer", fmt.Errorf("%s: decode answer: %w", req.Op, err))
	}
	return out, res.Status, nil
}

// apiError is the app's own refusal.
type apiError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field"` // which the refusal is about, if any
	status  int
}

func (e *apiError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("the app answered %d %s", e.status, http.StatusText(e.status))
	}
	return e.Message
}

// AppMessage implements connector.AppMessager.
func (e *apiError) AppMessage() string { return e.Error() }

// refusal says what an answer that is not 2xx means. A gateway's may not be JSON.
func refusal(op string, res *rest.Response) error {
	var in struct {
		Error apiError `json:"error"`
	}
	if json.Unmarshal(res.Body, &in) != nil {
		in.Error = apiError{}
	}
	e := &in.Error
	e.status = res.Status
	f := &fault.Error{Kind: fault.Rejected, Code: e.Code, After: res.RetryAfter(), Err: fmt.Errorf("%s: %w", op, e)}
	switch s := res.Status; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		f.Kind = fault.Auth
	case s == http.StatusNotFound:
		f.Kind = fault.NotFound
	case s == http.StatusTooManyRequests:
		f.Kind, f.After = fault.RateLimited, max(f.After, time.Second)
	case s == http.StatusRequestTimeout || s >= http.StatusInternalServerError:
		f.Kind, f.Code = fault.Transient, "app_unavailable"
	}
	if f.Code == "" {
		f.Code = "refused"
	}
	return f
}
