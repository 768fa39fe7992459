package pipedrive

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Write implements connector.Driver: one call for each record. The API has
// neither batches nor idempotent creates; a create of unknown outcome is an
// error with CodeUncertain and is never repeated here.
func (d *Driver) Write(ctx context.Context, object deal.Object, writes []connector.Write) ([]connector.Result, error) {
	if err := supported(object); err != nil {
		return nil, err
	}
	results := make([]connector.Result, len(writes))
	for i := range writes {
		results[i] = d.writeOne(ctx, &writes[i])
	}
	return results, nil
}

func (d *Driver) writeOne(ctx context.Context, w *connector.Write) connector.Result {
	s, err := d.knownShape(ctx)
	if err != nil {
		return connector.Result{ID: w.ID, Err: err}
	}
	var got apiDeal
	if w.ID == "" {
		got, err = d.create(ctx, w)
	} else {
		got, err = d.update(ctx, s, w)
	}
	if err != nil {
		if schemaViolation(err) {
			d.shape.Store(nil) // a custom field may be gone: look again next time
		}
		return connector.Result{ID: w.ID, Err: err}
	}
	if now := d.shape.Load(); now != nil {
		s = now
	}
	r := got.record(s)
	return connector.Result{ID: r.ID, Fields: r.Fields, Modified: r.Modified}
}

func (d *Driver) create(ctx context.Context, w *connector.Write) (apiDeal, error) {
	s, err := d.keyedShape(ctx)
	if err != nil {
		return nil, err
	}
	fields := w.Fields
	if w.PairKey != "" {
		fields = make(deal.Fields, len(w.Fields)+1)
		for name, v := range w.Fields {
			fields[name] = v
		}
		fields[deal.PairKeyField] = w.PairKey
	}
	body, err := s.encode(fields, true)
	if err != nil {
		return nil, err
	}
	answer, err := call[apiDeal](ctx, d, rest.Request{
		Call: connector.Call{Op: "deals.create", Cost: costWrite}, Method: "POST", Path: pathDeals,
	}, body)
	if schemaViolation(err) && strings.Contains(err.Error(), s.pairCode) {
		// Somebody has removed the field since we saw it; the next try makes it
		// anew. Nothing was created.
		return nil, &fault.Error{Kind: fault.Transient, Code: "key_missing", Err: err}
	}
	if err == nil && answer.Data.text("id") == "" {
		err = fault.New(fault.Transient, "malformed_answer", "pipedrive deals.create: answer without an id")
	}
	return answer.Data, uncertain(err)
}

func (d *Driver) update(ctx context.Context, s *shape, w *connector.Write) (apiDeal, error) {
	body, err := s.encode(w.Fields, false)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 { // blanks that leave what is there: answer that
		answer, err := call[apiDeal](ctx, d, get("deals.get", costGet, pathDeals+"/"+url.PathEscape(w.ID), nil), nil)
		return answer.Data, err
	}
	got, err := d.patch(ctx, w.ID, body)
	if err != nil {
		return nil, err
	}
	// Closing does not move a deal to another pipeline, and a pipeline sent to a
	// deal that is in it already might reset its stage: move it only if need be.
	pipeline, stage, ok := splitStage(w.Fields[stageField])
	if ok && (stage == "won" || stage == "lost") && got.text("pipeline_id") != strconv.FormatInt(pipeline, 10) {
		return d.patch(ctx, w.ID, map[string]any{"pipeline_id": pipeline})
	}
	return got, nil
}

func (d *Driver) patch(ctx context.Context, id string, body map[string]any) (apiDeal, error) {
	answer, err := call[apiDeal](ctx, d, rest.Request{
		Call: connector.Call{Op: "deals.update", Cost: costWrite}, Method: "PATCH", Path: pathDeals + "/" + url.PathEscape(id),
	}, body)
	return answer.Data, err
}

// Provision implements connector.Driver: it makes the custom field that carries
// the pair key. Its code differs in every account; the name is how it is found.
func (d *Driver) Provision(ctx context.Context, object deal.Object) error {
	if err := supported(object); err != nil {
		return err
	}
	_, err := d.keyedShape(ctx)
	return err
}

func (d *Driver) keyedShape(ctx context.Context) (*shape, error) {
	if s := d.shape.Load(); s != nil && s.pairCode != "" {
		return s, nil
	}
	s, err := d.loadShape(ctx)
	if err != nil || s.pairCode != "" {
		return s, err
	}
	_, err = call[apiField](ctx, d, rest.Request{
		Call: connector.Call{Op: "deal_fields.create", Cost: costWrite}, Method: "POST", Path: pathFields,
	}, map[string]string{"field_name": deal.PairKeyField, "field_type": "varchar"})
	if err != nil {
		return nil, fmt.Errorf("provision field %s: %w", deal.PairKeyField, err)
	}
	if s, err = d.loadShape(ctx); err != nil {
		return nil, err
	}
	if s.pairCode == "" {
		return nil, fault.New(fault.Transient, "not_listed_yet", "field %s was made and is not listed yet", deal.PairKeyField)
	}
	return s, nil
}
