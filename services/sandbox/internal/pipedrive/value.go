package pipedrive

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// normal checks a value for a native field and writes it in the one form in
// which it is stored; null is stored as "". Types are strict: no text for a
// number, no 1 for true.
func (n *native) normal(v json.RawMessage) (string, *apiError) {
	if string(v) == "null" {
		if !n.nullable {
			return "", invalid("%s: Expected a value, received null", n.name)
		}
		return "", nil
	}
	switch n.kind {
	case text:
		return textValue(n.name, v)
	case integer:
		f, ok := numberValue(v)
		if !ok || f != math.Trunc(f) {
			return "", expected(n.name, "integer", v)
		}
		return strconv.FormatInt(int64(f), 10), nil
	case number:
		f, ok := numberValue(v)
		if !ok {
			return "", expected(n.name, "number", v)
		}
		return formatNumber(f), nil
	case boolean:
		if s := string(v); s != "true" && s != "false" {
			return "", expected(n.name, "boolean", v)
		}
		return string(v), nil
	case date:
		return dateValue(n.name, v)
	case instant:
		return instantValue(n.name, v)
	case ints:
		var list []int64
		if json.Unmarshal(v, &list) != nil {
			return "", expected(n.name, "array of integers", v)
		}
		return string(wire.AppendValue(nil, list)), nil
	default:
		return compact(v), nil
	}
}

func expected(name, what string, v json.RawMessage) *apiError {
	return invalid("%s: Expected %s, received %s", name, what, typeName(v))
}

func typeName(v json.RawMessage) string {
	switch v = bytes.TrimSpace(v); {
	case len(v) == 0:
		return "nothing"
	case v[0] == '"':
		return "string"
	case v[0] == '{':
		return "object"
	case v[0] == '[':
		return "array"
	case v[0] == 't' || v[0] == 'f':
		return "boolean"
	case v[0] == 'n':
		return "null"
	default:
		return "number"
	}
}

func textValue(name string, v json.RawMessage) (string, *apiError) {
	s, ok := plain(v)
	if !ok {
		return "", expected(name, "string", v)
	}
	return string(wire.AppendString(nil, s)), nil
}

func plain(v json.RawMessage) (string, bool) {
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(v, &s) == nil
}

func numberValue(v json.RawMessage) (float64, bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func dateValue(name string, v json.RawMessage) (string, *apiError) {
	s, ok := plain(v)
	if _, err := time.Parse(time.DateOnly, s); !ok || err != nil {
		return "", invalid("%s: Expected a date in the format YYYY-MM-DD", name)
	}
	return `"` + s + `"`, nil
}

func instantValue(name string, v json.RawMessage) (string, *apiError) {
	s, ok := plain(v)
	if ok {
		for _, layout := range []string{time.RFC3339, time.DateTime} {
			if t, err := time.Parse(layout, s); err == nil {
				return `"` + crm.Seconds(t.UnixMilli()) + `"`, nil
			}
		}
	}
	return "", invalid("%s: Expected a date and time in the format YYYY-MM-DDTHH:MM:SSZ", name)
}

func compact(v json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return string(v) // came out of a decoder, so it is valid
	}
	return b.String()
}
