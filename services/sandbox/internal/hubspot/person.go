package hubspot

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// person changes the records of a portal as its users do in the web app.
type person struct{ p *Portal }

func (h person) object(name string) (*object, error) {
	if o := h.p.object(name); o != nil {
		return o, nil
	}
	return nil, control.Errorf(404, "no object type %s", name)
}

func (h person) edit(in control.Edit) (*edit, error) {
	e := &edit{at: in.At, silent: in.Silent, values: make(map[string]string, len(in.Fields))}
	if e.at == 0 {
		e.at = h.p.srv.clock.Milli()
	}
	user := in.User
	if user == 0 {
		user = 9586501
	}
	e.source = &crm.Source{Type: "CRM_UI", ID: "userId:" + strconv.FormatInt(user, 10), UserID: user}
	if in.Bulk {
		e.source.Type = "CRM_UI_BULK_ACTION"
	}
	for name, raw := range in.Fields {
		var t wire.Text
		if err := t.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		e.values[name] = string(t)
	}
	return e, nil
}

// begin reads what every change is about.
func (h person) begin(name string, in control.Edit) (*object, *edit, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, nil, err
	}
	e, err := h.edit(in)
	return o, e, err
}

// refusal turns an API refusal into one of the control API; a nil pointer must
// not become a non-nil error.
func refusal(err *apiError) error {
	if err == nil {
		return nil
	}
	return control.Errorf(err.status, "%s", err.Message)
}

func (h person) Create(name string, in control.Edit) (int64, error) {
	o, e, err := h.begin(name, in)
	if err != nil {
		return 0, err
	}
	rec, aerr := h.p.create(o, e)
	if aerr != nil {
		return 0, refusal(aerr)
	}
	return rec.ID, h.associate(o, rec.ID, in.Associations, e)
}

func (h person) Update(name string, id int64, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	rec, aerr := h.p.update(o, id, e, false)
	if aerr == nil && rec == nil {
		return control.Errorf(404, "no live %s %d", o.singular, id)
	}
	return refusal(aerr)
}

func (h person) Delete(name string, id int64, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	if !h.p.archive(o, id, e) {
		return control.Errorf(404, "no live %s %d", o.singular, id)
	}
	return nil
}

func (h person) Restore(name string, id int64, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	done, aerr := h.p.restore(o, id, e)
	if aerr == nil && !done {
		return control.Errorf(404, "no archived %s %d", o.singular, id)
	}
	return refusal(aerr)
}

func (h person) Merge(name string, primary, other int64, in control.Edit) (int64, error) {
	o, e, err := h.begin(name, in)
	if err != nil {
		return 0, err
	}
	rec, aerr := h.p.merge(o, primary, other, e)
	if aerr != nil {
		return 0, refusal(aerr)
	}
	return rec.ID, nil
}

func (h person) Do(name string, id int64, a control.Action) (map[string]json.RawMessage, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, err
	}
	r := o.table.Get(id)
	if r == nil {
		return nil, control.Errorf(404, "no %s %d", o.singular, id)
	}
	out := map[string]json.RawMessage{}
	lineID := r.Values["pipeline"]
	if a.Pipeline != "" {
		lineID = a.Pipeline
		out["pipeline"] = wire.AppendString(nil, a.Pipeline)
	}
	stageID := a.Stage
	if a.Name != "stage" {
		l := o.line(lineID)
		if l == nil {
			return nil, control.Errorf(400, "no pipeline %s", lineID)
		}
		for _, s := range l.Stages {
			if a.Name == "won" && s.won() || a.Name == "lost" && s.closed() && !s.won() || a.Name == "reopen" && !s.closed() {
				stageID = s.ID
				break
			}
		}
	}
	if stageID == "" {
		return nil, control.Errorf(400, "no stage for %s", a.Name)
	}
	out["dealstage"] = wire.AppendString(nil, stageID)
	if a.Reason != "" {
		out["closed_lost_reason"] = wire.AppendString(nil, a.Reason)
	}
	return out, nil
}

func (h person) Dump(b []byte, name string, after int64, limit int, history bool) ([]byte, int64, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, 0, err
	}
	b, next := h.dumper(o).Page(b, o.table.All(), after, limit, history)
	return b, next, nil
}

func (h person) Show(b []byte, name string, id int64) ([]byte, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, err
	}
	r := o.table.Get(id)
	if r == nil {
		return nil, control.Errorf(404, "no %s %d", o.singular, id)
	}
	return h.dumper(o).Record(b, r, true), nil
}

func (h person) dumper(o *object) control.Dumper {
	return control.Dumper{
		Fields: func(b []byte, r *crm.Record) []byte {
			b = append(appendProperties(append(b, '{'), nil, r, nil), '}')
			return h.p.appendTo(b, o, r.ID)
		},
		Change: func(b []byte, c crm.Change) []byte {
			b = wire.AppendStr(b, "value", c.Value)
			b = wire.AppendStr(b, "old", c.Old)
			return wire.AppendStr(b, "source_id", c.Source.ID)
		},
	}
}
