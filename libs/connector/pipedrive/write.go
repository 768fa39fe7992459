package pipedrive

import (
	"context"
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
// error with CodeUncertain and is never repeated here. Associations travel in
// the same call; only those that the app refuses make a second one, without
// them.
func (d *Driver) Write(ctx context.Context, object deal.Object, writes []connector.Write) ([]connector.Result, error) {
	e, err := d.entity(object)
	if err != nil {
		return nil, err
	}
	results := make([]connector.Result, len(writes))
	for i := range writes {
		results[i] = d.writeOne(ctx, e, &writes[i])
	}
	return results, nil
}

func (d *Driver) writeOne(ctx context.Context, e *entity, w *connector.Write) connector.Result {
	result := connector.Result{ID: w.ID}
	s, body, err := d.prepare(ctx, e, w)
	if err != nil {
		result.Err = err
		return result
	}
	in, refused := e.place(body, w.Associate)
	got, err := d.send(ctx, s, w, body)
	for back := in.takeBack(body, err); len(back) > 0; back = in.takeBack(body, err) {
		refused = append(refused, back...)
		got, err = d.send(ctx, s, w, body)
	}
	if err != nil {
		if schemaViolation(err) {
			e.shape.Store(nil) // a custom field may be gone: look again next time
		}
		result.Err = err
		return result
	}
	r := got.record(s)
	return connector.Result{ID: r.ID, Fields: r.Fields, Modified: r.Modified, Refused: refused}
}

// prepare makes the body of a write, without its associations.
func (d *Driver) prepare(ctx context.Context, e *entity, w *connector.Write) (s *shape, body map[string]any, err error) {
	if w.ID != "" {
		if s, err = d.knownShape(ctx, e); err != nil {
			return nil, nil, err
		}
		held, err := d.held(ctx, e, w)
		if err != nil {
			return nil, nil, err
		}
		body, err = s.encode(draft{fields: w.Fields, held: held})
		return s, body, err
	}
	if s, err = d.keyedShape(ctx, e); err != nil {
		return nil, nil, err
	}
	fields := w.Fields
	if w.PairKey != "" {
		fields = make(deal.Fields, len(w.Fields)+1)
		for name, v := range w.Fields {
			fields[name] = v
		}
		fields[deal.PairKeyField] = w.PairKey
	}
	body, err = s.encode(draft{fields: fields, create: true})
	return s, body, err
}

func (d *Driver) send(ctx context.Context, s *shape, w *connector.Write, body map[string]any) (apiRecord, error) {
	if w.ID == "" {
		return d.create(ctx, s, body)
	}
	return d.update(ctx, s.kind, w, body)
}

// held is the record as it is, where fields are written that are a part of what
// the API takes as a whole. One record costs a tenth of a list of them.
func (d *Driver) held(ctx context.Context, e *entity, w *connector.Write) (apiRecord, error) {
	for name := range w.Fields {
		if e.readFirst[name] {
			return d.get(ctx, e.kind, w.ID)
		}
	}
	return nil, nil //nolint:nilnil // nothing has to be known
}

func (d *Driver) create(ctx context.Context, s *shape, body map[string]any) (apiRecord, error) {
	answer, err := call[apiRecord](ctx, d, rest.Request{
		Call: connector.Call{Op: s.plural + ".create", Cost: costWrite}, Method: "POST", Path: s.path(),
	}, body)
	if schemaViolation(err) && strings.Contains(err.Error(), s.pairCode) {
		// Somebody has removed the field since we saw it; the next try makes it
		// anew. Nothing was created.
		return nil, &fault.Error{Kind: fault.Transient, Code: "key_missing", Err: err}
	}
	if err == nil && answer.Data.text("id") == "" {
		err = fault.New(fault.Transient, "malformed_answer", "pipedrive %s.create: answer without an id", s.plural)
	}
	return answer.Data, uncertain(err)
}

func (d *Driver) update(ctx context.Context, k *kind, w *connector.Write, body map[string]any) (apiRecord, error) {
	if len(body) == 0 { // nothing that changes what is there: answer that
		return d.get(ctx, k, w.ID)
	}
	got, err := d.patch(ctx, k, w.ID, body)
	if err != nil {
		return nil, err
	}
	// Closing does not move a deal to another pipeline, and a pipeline sent to a
	// deal that is in it already might reset its stage: move it only if need be.
	pipeline, stage, ok := splitStage(w.Fields[stageField])
	if ok && (stage == "won" || stage == "lost") && got.text("pipeline_id") != strconv.FormatInt(pipeline, 10) {
		return d.patch(ctx, k, w.ID, map[string]any{"pipeline_id": pipeline})
	}
	return got, nil
}

func (d *Driver) get(ctx context.Context, k *kind, id string) (apiRecord, error) {
	answer, err := call[apiRecord](ctx, d, get(k.plural+".get", costGet, k.path()+"/"+url.PathEscape(id), nil), nil)
	return answer.Data, err
}

func (d *Driver) patch(ctx context.Context, k *kind, id string, body map[string]any) (apiRecord, error) {
	answer, err := call[apiRecord](ctx, d, rest.Request{
		Call: connector.Call{Op: k.plural + ".update", Cost: costWrite}, Method: "PATCH", Path: k.path() + "/" + url.PathEscape(id),
	}, body)
	return answer.Data, err
}
