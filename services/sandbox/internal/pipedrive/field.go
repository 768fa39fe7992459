package pipedrive

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// field is a custom field. Its code is a hash that differs in every account.
type field struct {
	Name        string
	Code        string
	Type        string
	Description string
	Options     []fieldOption
}

type fieldOption struct {
	ID    int64   `json:"id"`
	Label string  `json:"label"`
	Color *string `json:"color,omitempty"`
}

var fieldTypes = []string{
	"varchar", "varchar_auto", "text", "double", "monetary", "phone", "date", "daterange", "time", "timerange",
	"set", "enum", "address", "org", "people", "user",
}

const maxVarchar = 255

// normal checks a value of a custom field and writes it in stored form.
func (s *Server) customValue(f *field, v json.RawMessage) (string, *apiError) {
	name := "custom_fields." + f.Code
	if string(v) == "null" {
		return "", nil
	}
	switch f.Type {
	case "varchar", "varchar_auto", "phone", "text":
		t, err := textValue(name, v)
		if err == nil && f.Type != "text" && len([]rune(t)) > maxVarchar+2 {
			return "", invalid("%s: String must contain at most %d characters", name, maxVarchar)
		}
		return t, err
	case "double":
		n, ok := numberValue(v)
		if !ok {
			return "", expected(name, "number", v)
		}
		return formatNumber(n), nil
	case "date":
		return dateValue(name, v)
	case "enum":
		n, ok := numberValue(v)
		if !ok || !f.hasOption(n) {
			return "", invalid("%s: Expected the id of an option, received %s", name, v)
		}
		return formatNumber(n), nil
	case "set":
		return f.setValue(name, v)
	case "user", "org", "people":
		n, ok := numberValue(v)
		if !ok || n != math.Trunc(n) {
			return "", expected(name, "integer", v)
		}
		if !s.exists(f.Type, int64(n)) {
			return "", invalid("%s: %s %d not found", name, f.Type, int64(n))
		}
		return strconv.FormatInt(int64(n), 10), nil
	default:
		return s.objectValue(f, name, v)
	}
}

func (f *field) hasOption(id float64) bool {
	return slices.ContainsFunc(f.Options, func(o fieldOption) bool { return float64(o.ID) == id })
}

func (f *field) setValue(name string, v json.RawMessage) (string, *apiError) {
	var ids []int64
	if json.Unmarshal(v, &ids) != nil {
		return "", expected(name, "array of option ids", v)
	}
	if len(ids) == 0 {
		return "", invalid("%s: Array must contain at least 1 element(s)", name)
	}
	for _, id := range ids {
		if !f.hasOption(float64(id)) {
			return "", invalid("%s: option %d not found", name, id)
		}
	}
	return string(wire.AppendValue(nil, ids)), nil
}

// objectValue checks monetary, ranges, time and address: objects with a value.
func (s *Server) objectValue(f *field, name string, v json.RawMessage) (string, *apiError) {
	var in map[string]json.RawMessage
	if json.Unmarshal(v, &in) != nil || in["value"] == nil {
		return "", expected(name, "object with a value", v)
	}
	b := []byte{'{'}
	switch f.Type {
	case "monetary":
		n, ok := numberValue(in["value"])
		cur, isText := plain(in["currency"])
		if !ok || !isText || len(cur) != 3 {
			return "", invalid("%s: Expected a numeric value and a currency", name)
		}
		if !s.hasCurrency(cur) {
			return "", invalid("%s: Currency code %s is not supported", name, cur)
		}
		b = wire.AppendRaw(b, "value", formatNumber(n))
		b = wire.AppendStr(b, "currency", cur)
	case "daterange":
		for _, part := range []string{"value", "until"} {
			d, err := dateValue(name+"."+part, in[part])
			if err != nil {
				return "", err
			}
			b = wire.AppendRaw(b, part, d)
		}
	case "time", "timerange":
		for _, part := range []string{"value", "until"} {
			if part == "until" && f.Type == "time" {
				continue
			}
			t, _ := plain(in[part])
			if _, err := time.Parse(time.TimeOnly, t); err != nil {
				return "", invalid("%s.%s: Expected a time in the format HH:MM:SS", name, part)
			}
			b = wire.AppendStr(b, part, t)
		}
		zone, _ := plain(in["timezone_name"])
		b = wire.AppendRaw(b, "timezone_name", textOrNull(zone))
	case "address":
		b = appendAddress(b, in)
	}
	return string(append(b, '}')), nil
}

var addressParts = []string{
	"value", "country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route", "street_number", "subpremise", "postal_code",
}

// appendAddress writes all parts; those that were not sent become null.
func appendAddress(b []byte, in map[string]json.RawMessage) []byte {
	for _, part := range addressParts {
		s, _ := plain(in[part])
		b = wire.AppendRaw(b, part, textOrNull(s))
	}
	return b
}

func textOrNull(s string) string {
	if s == "" {
		return "null"
	}
	return string(wire.AppendString(nil, s))
}

// hookValue is a custom value as webhooks show it: an object that names its type.
func (f *field) hookValue(v string) string {
	if v == "" {
		return "null"
	}
	b := wire.AppendStr([]byte{'{'}, "type", f.Type)
	switch f.Type {
	case "enum", "user", "org", "people":
		b = wire.AppendRaw(b, "id", v)
	case "set":
		b = append(wire.AppendKey(b, "values"), '[')
		for id := range strings.SplitSeq(strings.Trim(v, "[]"), ",") {
			b = append(wire.AppendRaw(append(wire.Comma(b), '{'), "id", id), '}')
		}
		b = append(b, ']')
	case "monetary", "daterange", "time", "timerange", "address":
		b = f.appendHookParts(b, v)
	default:
		b = wire.AppendRaw(b, "value", v)
	}
	return string(append(b, '}'))
}

func (f *field) appendHookParts(b []byte, v string) []byte {
	var parts map[string]json.RawMessage
	if json.Unmarshal([]byte(v), &parts) != nil {
		return wire.AppendRaw(b, "value", v) // stored values are well formed
	}
	names := map[string]string{"value": "value", "currency": "currency", "until": "until", "timezone_name": "timezone_id"}
	if f.Type == "daterange" || f.Type == "timerange" {
		names["value"] = "from"
	}
	order := []string{"value", "currency", "until", "timezone_name"}
	if f.Type == "address" {
		order = addressParts
	}
	for _, part := range order {
		if raw, ok := parts[part]; ok {
			name := names[part]
			if name == "" {
				name = part
			}
			b = wire.AppendRaw(b, name, string(raw))
		}
	}
	return b
}
