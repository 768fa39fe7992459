package pipedrive

import (
	"encoding/json"
	"maps"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// person changes records as a user does in the web app.
type person struct{ s *Server }

func (h person) entity(name string) (*entity, error) {
	for _, e := range h.s.entities() {
		if e.plural == name || e.name == name {
			return e, nil
		}
	}
	return nil, control.Errorf(404, "no object type %s", name)
}

func (h person) edit(in control.Edit) *edit {
	ed := &edit{fields: in.Fields, at: in.At, silent: in.Silent, bulk: in.Bulk, source: &crm.Source{Type: "app", UserID: in.User}}
	if ed.at == 0 {
		ed.at = h.s.clock.Milli()
	}
	if in.User == 0 {
		ed.source.UserID = 501
	}
	return ed
}

// refusal turns an API refusal into one of the control API; a nil pointer must
// not become a non-nil error.
func refusal(err *apiError) error {
	if err == nil {
		return nil
	}
	return control.Errorf(err.status, "%s", err.text)
}

func (h person) Create(name string, in control.Edit) (int64, error) {
	e, err := h.entity(name)
	if err != nil {
		return 0, err
	}
	for _, to := range in.Associations {
		fields, err := h.link(name, to, false)
		if err != nil {
			return 0, err
		}
		maps.Copy(fields, in.Fields)
		in.Fields = fields
	}
	r, aerr := h.s.create(e, h.edit(in))
	if aerr != nil {
		return 0, refusal(aerr)
	}
	return r.ID, nil
}

func (h person) Update(name string, id int64, in control.Edit) error {
	e, err := h.entity(name)
	if err != nil {
		return err
	}
	_, aerr := h.s.update(e, id, h.edit(in))
	return refusal(aerr)
}

func (h person) Delete(name string, id int64, in control.Edit) error {
	e, err := h.entity(name)
	if err != nil {
		return err
	}
	return refusal(h.s.remove(e, id, h.edit(in)))
}

func (h person) Restore(name string, id int64, in control.Edit) error {
	e, err := h.entity(name)
	if err != nil {
		return err
	}
	return refusal(h.s.restore(e, id, h.edit(in)))
}

func (h person) Merge(name string, primary, other int64, in control.Edit) (int64, error) {
	e, err := h.entity(name)
	if err != nil {
		return 0, err
	}
	_, aerr := h.s.merge(e, primary, other, h.edit(in))
	return primary, refusal(aerr)
}

func (h person) Do(name string, _ int64, a control.Action) (map[string]json.RawMessage, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	switch {
	case e != h.s.deals:
		return nil, control.Errorf(400, "only deals can be moved or closed")
	case a.Name == "won":
		out["status"] = json.RawMessage(`"won"`)
	case a.Name == "lost":
		out["status"] = json.RawMessage(`"lost"`)
		if a.Reason != "" {
			out["lost_reason"] = wire.AppendString(nil, a.Reason)
		}
	case a.Name == "reopen":
		out["status"] = json.RawMessage(`"open"`)
	case a.Name == "stage" && a.Stage != "":
		out["stage_id"] = json.RawMessage(a.Stage)
		if a.Pipeline != "" {
			out["pipeline_id"] = json.RawMessage(a.Pipeline)
		}
	default:
		return nil, control.Errorf(400, "unknown action %q, or no stage", a.Name)
	}
	return out, nil
}

func (h person) Dump(b []byte, name string, after int64, limit int, history bool) ([]byte, int64, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, 0, err
	}
	b, next := e.dumper().Page(b, e.table.All(), after, limit, history)
	return b, next, nil
}

func (h person) Show(b []byte, name string, id int64) ([]byte, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, err
	}
	r := e.table.Get(id)
	if r == nil {
		return nil, control.Errorf(404, "no %s %d", e.name, id)
	}
	return e.dumper().Record(b, r, true), nil
}

func (e *entity) dumper() control.Dumper {
	return control.Dumper{
		Fields: func(b []byte, r *crm.Record) []byte { return e.appendRecord(b, r, shape{}) },
		Change: func(b []byte, c crm.Change) []byte {
			b = wire.AppendRaw(b, "value", orNull(c.Value))
			b = wire.AppendRaw(b, "old", orNull(c.Old))
			return wire.AppendInt(b, "user", c.Source.UserID)
		},
	}
}
