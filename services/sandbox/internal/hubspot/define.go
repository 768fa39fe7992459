package hubspot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
)

// Associate links two records as a person does on a record's page.
func (h person) Associate(name string, id int64, to control.Association, remove bool, in control.Edit) error {
	o, e, err := h.begin(name, in)
	if err != nil {
		return err
	}
	if !o.live(id) {
		return control.Errorf(404, "no live %s %d", o.singular, id)
	}
	t, err := h.target(o, to)
	if err != nil {
		return err
	}
	if remove {
		h.p.unlink(o, id, t.o, t.id, nil, e)
		return nil
	}
	h.p.link(o, id, t, e)
	return nil
}

func (h person) target(o *object, to control.Association) (target, error) {
	other, err := h.object(to.Object)
	if err != nil {
		return target{}, err
	}
	types := pairTypes(o.kind, other.kind)
	t := target{o: other, id: to.ID, types: []int{types.unlabeled}}
	if to.Primary {
		t.types = append(t.types, types.primary)
	}
	if types.unlabeled == 0 || slices.Contains(t.types, 0) {
		return t, control.Errorf(400, "no such association of %s with %s", o.name, other.name)
	}
	if !other.live(to.ID) {
		return t, control.Errorf(404, "no live %s %d", other.singular, to.ID)
	}
	return t, nil
}

// associate links a new record.
func (h person) associate(o *object, id int64, list []control.Association, e *edit) error {
	for _, to := range list {
		t, err := h.target(o, to)
		if err != nil {
			return err
		}
		h.p.link(o, id, t, e)
	}
	return nil
}

// Define adds a property; of a type that only HubSpot itself can make, too.
func (h person) Define(name string, def json.RawMessage) (any, error) {
	o, err := h.object(name)
	if err != nil {
		return nil, err
	}
	var in property
	if err := json.Unmarshal(def, &in); err != nil {
		return nil, fmt.Errorf("decode property: %w", err)
	}
	if in.GroupName == "" {
		in.GroupName = o.group
	}
	if in.Label == "" {
		in.Label = in.Name
	}
	if aerr := h.p.addProperty(o, &in, true); aerr != nil {
		return nil, refusal(aerr)
	}
	return &in, nil
}

// exampleTypes are one property of every type, by its name.
var exampleTypes = [][3]string{
	{"example_text", "string", "text"},
	{"example_textarea", "string", "textarea"},
	{"example_phone", "string", "phonenumber"},
	{"example_number", "number", "number"},
	{"example_date", "date", "date"},
	{"example_datetime", "datetime", "date"},
	{"example_checkbox", "bool", "booleancheckbox"},
	{"example_radio", "enumeration", "radio"},
	{"example_dropdown", "enumeration", "select"},
	{"example_checkboxes", "enumeration", "checkbox"},
	{"example_calculation", "number", "calculation_equation"},
	{"example_score", "number", "calculation_score"},
	{"example_owner", "enumeration", "select"},
}

// Examples are definitions of one property of every type.
func (h person) Examples(name string) ([]json.RawMessage, error) {
	if _, err := h.object(name); err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for _, t := range exampleTypes {
		d := property{Name: t[0], Type: t[1], FieldType: t[2], Label: label(t[0])}
		switch {
		case t[0] == "example_owner":
			d.ExternalOptions, d.ReferencedObjectType = true, "OWNER"
		case t[1] == "enumeration":
			for i, word := range []string{"red", "green", "blue"} {
				d.Options = append(d.Options, option{Label: label(word), Value: word, DisplayOrder: i})
			}
		}
		raw, err := json.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("encode property %s: %w", t[0], err)
		}
		out = append(out, raw)
	}
	return out, nil
}

// appendTo shows the associations of a record in a dump: ids by object type.
func (p *Portal) appendTo(b []byte, o *object, id int64) []byte {
	b = append(b, `,"associations":{`...)
	first := true
	for _, k := range kinds {
		ls := p.liveLinks(o, id, p.objects[k.name])
		if len(ls) == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), k.name...), `":[`...)
		for i, l := range ls {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, l.id, 10)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
