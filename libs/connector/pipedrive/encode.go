package pipedrive

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// encode makes the body of a POST or PATCH. The API takes no numbers or
// booleans as text.
func (s *shape) encode(d draft) (map[string]any, error) {
	body := make(map[string]any, len(d.fields)+2)
	custom := map[string]any{}
	for name, v := range d.fields {
		if s.composed[name] || d.create && v == "" { // a new record is blank already
			continue
		}
		if err := s.encodeField(body, custom, name, v, d.fields); err != nil {
			return nil, err
		}
	}
	if err := s.compose(body, d); err != nil {
		return nil, err
	}
	if len(custom) > 0 {
		body["custom_fields"] = custom
	}
	return body, nil
}

func (s *shape) encodeField(body, custom map[string]any, name, v string, all deal.Fields) error {
	f, ok := s.kind.fields[name]
	switch {
	case !ok:
		return s.encodeCustom(custom, name, v, all)
	case f.ReadOnly:
		return notWritable(name)
	case v == "" && neverBlank(body, name):
		return nil
	default:
		return encodeValue(body, name, f.Type, v)
	}
}

// neverBlank knows the fields that every record has: a blank amount is 0, and a
// blank owner, currency, visibility or name leaves the one that it has.
func neverBlank(body map[string]any, name string) bool {
	switch name {
	case "value":
		body[name] = 0
		return true
	case "currency", "owner_id", "visible_to", nameField:
		return true
	default:
		return false
	}
}

// encodeValue adds a value in the API's type. Numbers keep their digits.
func encodeValue(into map[string]any, name string, t deal.Type, v string) error {
	if v == "" {
		into[name] = nil
		if name == "label_ids" {
			into[name] = []int64{}
		}
		return nil
	}
	canon, ok := deal.Canonical(t, v)
	if !ok {
		return badValue(name, t, v)
	}
	switch t {
	case deal.Number:
		into[name] = json.Number(canon)
	case deal.Bool:
		into[name] = canon == "true"
	case deal.Owner, deal.Reference:
		return encodeInt(into, name, v)
	case deal.Multi:
		var ids []int64
		for part := range strings.SplitSeq(canon, ";") {
			id, err := strconv.ParseInt(part, 10, 64)
			if err != nil {
				return badValue(name, t, v)
			}
			ids = append(ids, id)
		}
		into[name] = ids
	case deal.Picklist:
		if name != "currency" {
			return encodeInt(into, name, v)
		}
		into[name] = v
	default:
		into[name] = canon
	}
	return nil
}

func encodeInt(into map[string]any, name, v string) error {
	id, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return badValue(name, "id", v)
	}
	into[name] = id
	return nil
}

func badValue(name string, t deal.Type, v string) error {
	return fault.New(fault.Rejected, "bad_value", "%s: %q is no %s", name, v, t)
}

func notWritable(name string) error {
	return fault.New(fault.Rejected, "read_only", "%s: the field is read-only", name)
}
