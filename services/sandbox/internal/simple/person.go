package simple

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// person changes records as a user does in the app.
type person struct{ a *account }

func (h person) object(name string) (*object, error) {
	if name == "deals" {
		name = "orders" // what the other doubles call deals
	}
	if o := h.a.objects[name]; o != nil {
		return o, nil
	}
	return nil, control.Errorf(404, "no object type %s", name)
}

func (h person) begin(name string, in control.Edit) (*object, *edit, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, nil, err
	}
	e := &edit{fields: map[string]string{}, at: in.At, source: &crm.Source{Type: "app", UserID: in.User}}
	if e.at == 0 {
		e.at = h.a.srv.clock.Milli()
	}
	for name, raw := range in.Fields {
		var t wire.Text
		if err := t.UnmarshalJSON(raw); err != nil {
			return nil, nil, fmt.Errorf("field %s: %w", name, err)
		}
		e.fields[name] = string(t)
	}
	return o, e, nil
}

// refusal turns an API refusal into one of the control API; a nil pointer must
// not become a non-nil error.
func refusal(err *apiError) error {
	if err == nil {
		return nil
	}
	return control.Errorf(err.status, "%s", err.message)
}

func (h person) Create(name string, in control.Edit) (int64, error) {
	o, e, err := h.begin(name, in)
	if err != nil {
		return 0, err
	}
	for _, to := range in.Associations {
		field, err := h.link(o, to)
		if err != nil {
			return 0, err
		}
		e.fields[field] = strconv.FormatInt(to.ID, 10)
	}
	r, _, refused := h.a.create(o, e)
	if refused != nil {
		return 0, refusal(refused)
	}
	return r.ID, nil
}

func (h person) Update(name string, id int64, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	_, refused := h.a.update(o, id, e)
	return refusal(refused)
}

func (h person) Delete(name string, id int64, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	return refusal(h.a.remove(o, id, e))
}

func (h person) Restore(name string, id int64, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	return refusal(h.a.restore(o, id, e))
}

func (h person) Merge(name string, primary, other int64, in control.Edit) (int64, error) {
	o, e, err := h.begin(name, in)
	if err != nil {
		return 0, err
	}
	return primary, refusal(h.a.merge(o, primary, other, e))
}

// link finds the field that refers to records of a type.
func (h person) link(o *object, to control.Association) (string, error) {
	for _, f := range *o.fields.Load() {
		if f.Type == "reference" && f.References == to.Object {
			return f.Name, nil
		}
	}
	return "", control.Errorf(400, "no association of %s with %s", o.plural, to.Object)
}

func (h person) Associate(name string, id int64, to control.Association, remove bool, in control.Edit) error {
	o, err := h.object(name)
	if err != nil {
		return err
	}
	field, err := h.link(o, to)
	if err != nil {
		return err
	}
	in.Fields = map[string]json.RawMessage{field: json.RawMessage(`""`)}
	if !remove {
		in.Fields[field] = strconv.AppendInt(nil, to.ID, 10)
	}
	return h.Update(name, id, in)
}

func (h person) Define(name string, def json.RawMessage) (any, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, err
	}
	var in field
	if err := json.Unmarshal(def, &in); err != nil {
		return nil, fmt.Errorf("decode field: %w", err)
	}
	if err := h.a.addField(o, &in); err != nil {
		return nil, refusal(err)
	}
	return in, nil
}

func (h person) Examples(name string) ([]json.RawMessage, error) {
	if _, err := h.object(name); err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for _, typ := range types {
		f := field{Name: "example_" + typ, Label: "Example " + typ, Type: typ}
		switch typ {
		case "picklist", "multi_picklist":
			f.Options = []option{{"red", "Red"}, {"green", "Green"}, {"blue", "Blue"}}
		case "reference":
			f.References = "contacts"
		}
		out = append(out, wire.AppendValue(nil, f))
	}
	f := field{Name: "example_read_only", Label: "Example read-only", Type: "number", ReadOnly: true}
	return append(out, wire.AppendValue(nil, f)), nil
}

func (h person) Do(string, int64, control.Action) (map[string]json.RawMessage, error) {
	return nil, control.Errorf(400, "this app has no stages")
}

func (h person) Dump(b []byte, name string, after int64, limit int, history bool) ([]byte, int64, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, 0, err
	}
	b, next := o.dumper().Page(b, o.table.All(), after, limit, history)
	return b, next, nil
}

func (h person) Show(b []byte, name string, id int64) ([]byte, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, err
	}
	r := o.table.Get(id)
	if r == nil {
		return nil, control.Errorf(404, "no record %d among %s", id, o.plural)
	}
	return o.dumper().Record(b, r, true), nil
}

func (o *object) dumper() control.Dumper {
	return control.Dumper{
		Fields: func(b []byte, r *crm.Record) []byte {
			b = o.appendFields(b, r)
			return wire.AppendStr(b, keyValue, r.Values[keyValue])
		},
		Change: func(b []byte, c crm.Change) []byte {
			b = wire.AppendStr(b, "value", c.Value)
			return wire.AppendStr(b, "old", c.Old)
		},
	}
}
