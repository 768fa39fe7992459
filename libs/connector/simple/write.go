package simple

import (
	"context"
	"errors"
	"maps"
	"net/http"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// body is a record as it is sent. Values are text, as everywhere in this API.
type body struct {
	Key    string      `json:"external_key,omitempty"`
	Fields deal.Fields `json:"fields"`
}

// Write implements connector.Driver: one call for each record. The app keeps our
// key unique, so a repeated create answers the record that is there.
func (d *Driver) Write(ctx context.Context, object deal.Object, writes []connector.Write) ([]connector.Result, error) {
	if _, err := d.path(object); err != nil {
		return nil, err
	}
	results := make([]connector.Result, len(writes))
	for i := range writes {
		results[i] = d.writeOne(ctx, object, &writes[i])
	}
	return results, nil
}

func (d *Driver) writeOne(ctx context.Context, object deal.Object, w *connector.Write) connector.Result {
	result := connector.Result{ID: w.ID}
	fields := maps.Clone(w.Fields)
	if fields == nil {
		fields = deal.Fields{}
	}
	placed := map[string]connector.Reference{}
	for _, ref := range w.Associate {
		field := d.field(object, ref.Object)
		if field == "" {
			err := fault.New(fault.Rejected, "no_such_association", "a %s has no %s", object, ref.Object)
			result.Refused = append(result.Refused, connector.RefusedReference{Reference: ref, Err: err})
			continue
		}
		fields[field], placed[field] = ref.ID, ref
	}
	got, status, err := d.send(ctx, object, w, fields)
	for err != nil { // an association that is refused never fails the fields
		refusal, ok := errors.AsType[*apiError](err)
		if !ok {
			break
		}
		ref, ours := placed[refusal.Field]
		if !ours {
			break
		}
		result.Refused = append(result.Refused, connector.RefusedReference{Reference: ref, Err: err})
		delete(placed, refusal.Field)
		delete(fields, refusal.Field)
		got, status, err = d.send(ctx, object, w, fields)
	}
	if err != nil {
		result.Err = err
		return result
	}
	r := got.record()
	result.ID, result.Fields, result.Modified = r.ID, r.Fields, r.Modified
	result.Existed = w.ID == "" && status == http.StatusOK
	return result
}

// field finds where a record of an object refers to one of another.
func (d *Driver) field(from, to deal.Object) string {
	for _, a := range d.manifest.Associations {
		if a.From == from && a.To == to {
			return a.Field
		}
	}
	return ""
}

func (d *Driver) send(ctx context.Context, object deal.Object, w *connector.Write, fields deal.Fields) (record, int, error) {
	req := rest.Request{Call: connector.Call{Op: plurals[object] + ".create"}, Method: "POST"}
	tail := []string{}
	if w.ID != "" {
		req.Op, req.Method, tail = plurals[object]+".update", "PATCH", []string{w.ID}
	}
	req.Path, _ = d.path(object, tail...) // the object was checked
	return call[record](ctx, d, req, body{Key: w.PairKey, Fields: fields})
}
