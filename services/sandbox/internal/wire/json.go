// Package wire holds the small HTTP and JSON tools that both API doubles use:
// appending JSON without reflection, reading loosely typed values, and
// answering. It knows neither HubSpot nor Pipedrive.
package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string.
func AppendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			q, err := json.Marshal(s)
			if err != nil { // json.Marshal of a string cannot fail
				panic(fmt.Sprintf("marshal string: %v", err))
			}
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// AppendKey appends "key": and, unless the object was just opened, a comma before it.
func AppendKey(b []byte, key string) []byte {
	if n := len(b); n > 0 && b[n-1] != '{' && b[n-1] != '[' {
		b = append(b, ',')
	}
	b = AppendString(b, key)
	return append(b, ':')
}

// AppendStr appends a string member to an object.
func AppendStr(b []byte, key, val string) []byte { return AppendString(AppendKey(b, key), val) }

// AppendInt appends an integer member to an object.
func AppendInt(b []byte, key string, val int64) []byte {
	return strconv.AppendInt(AppendKey(b, key), val, 10)
}

// AppendBool appends a boolean member to an object.
func AppendBool(b []byte, key string, val bool) []byte {
	return strconv.AppendBool(AppendKey(b, key), val)
}

// AppendRaw appends a member whose value is already JSON.
func AppendRaw(b []byte, key, raw string) []byte { return append(AppendKey(b, key), raw...) }

// AppendValue appends v as encoding/json writes it. v must be a value that
// always can be written: no channels, functions or cycles.
func AppendValue(b []byte, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal %T: %v", v, err))
	}
	return append(b, raw...)
}

// Comma appends a comma unless b ends with an opening bracket.
func Comma(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != '[' && b[n-1] != '{' {
		b = append(b, ',')
	}
	return b
}

// Text is a value that may come as a JSON string, number, boolean or null and
// is kept in its text form: 1500.00 stays "1500.00", null becomes "".
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		*t = ""
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("read text value: %w", err)
		}
		*t = Text(s)
	case raw[0] == '{' || raw[0] == '[':
		return fmt.Errorf("read text value: found an object or a list")
	default:
		*t = Text(raw)
	}
	return nil
}

// Map turns loosely typed members into plain strings.
func Map(in map[string]Text) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[k] = string(v)
	}
	return out
}
