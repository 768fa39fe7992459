package pipedrive

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// Associate sets or clears the field that links two records.
func (h person) Associate(name string, id int64, to control.Association, remove bool, in control.Edit) error {
	fields, err := h.link(name, to, remove)
	if err != nil {
		return err
	}
	in.Fields = fields
	return h.Update(name, id, in)
}

// link turns an association into the field that holds it.
func (h person) link(name string, to control.Association, remove bool) (map[string]json.RawMessage, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, err
	}
	other, err := h.entity(to.Object)
	if err != nil {
		return nil, err
	}
	field := map[*entity]string{h.s.persons: "person_id", h.s.orgs: "org_id"}[other]
	if field == "" || e.byName[field] == nil {
		return nil, control.Errorf(400, "no association of %s with %s", e.plural, other.plural)
	}
	v := json.RawMessage("null")
	if !remove {
		v = strconv.AppendInt(nil, to.ID, 10)
	}
	return map[string]json.RawMessage{field: v}, nil
}

// Define adds a custom field.
func (h person) Define(name string, def json.RawMessage) (any, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, err
	}
	var in fieldInput
	if err := json.Unmarshal(def, &in); err != nil {
		return nil, fmt.Errorf("decode field: %w", err)
	}
	f, aerr := h.s.addField(e, &in)
	if aerr != nil {
		return nil, refusal(aerr)
	}
	return f.view(nil), nil
}

// Examples are definitions of one custom field of every type, named after it.
func (h person) Examples(name string) ([]json.RawMessage, error) {
	if _, err := h.entity(name); err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for _, typ := range fieldTypes {
		b := wire.AppendStr([]byte{'{'}, "field_name", "Example "+typ)
		b = wire.AppendStr(b, "field_type", typ)
		if typ == "enum" || typ == "set" {
			b = wire.AppendRaw(b, "options", `[{"label":"Red"},{"label":"Green"},{"label":"Blue"}]`)
		}
		out = append(out, append(b, '}'))
	}
	return out, nil
}
