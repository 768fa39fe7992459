package pipedrive

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// scalar is a JSON scalar as text: null is "", numbers keep their digits.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	text, ok := scalarText(raw)
	if !ok {
		return errors.New("value is not a scalar")
	}
	*s = scalar(text)
	return nil
}

func scalarText(raw json.RawMessage) (text string, ok bool) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", true
	case raw[0] == '{' || raw[0] == '[':
		return "", false
	case raw[0] != '"':
		return string(raw), true
	case bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw):
		return string(raw[1 : len(raw)-1]), true
	default:
		return text, json.Unmarshal(raw, &text) == nil
	}
}

// list reads an array of scalars, or of objects with an id, joined by ";".
func list(raw json.RawMessage) (string, bool) {
	var parts []json.RawMessage
	if json.Unmarshal(raw, &parts) != nil {
		return "", false
	}
	texts := make([]string, 0, len(parts))
	for _, part := range parts {
		text, ok := scalarText(part)
		if !ok {
			var o struct {
				ID scalar `json:"id"`
			}
			if json.Unmarshal(part, &o) != nil {
				return "", false
			}
			text = string(o.ID)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ";"), true
}

// apiRecord is a record as JSON members.
type apiRecord map[string]json.RawMessage

// custom are the custom fields by code; nil when there are none.
func (a apiRecord) custom() map[string]json.RawMessage {
	raw := a["custom_fields"]
	if len(raw) <= len("null") { // {} and null
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil // not an object: none that we know
	}
	return fields
}

func (a apiRecord) text(name string) string {
	text, _ := scalarText(a[name])
	return text
}

func (a apiRecord) time(names ...string) time.Time {
	for _, name := range names {
		if at, err := time.Parse(time.RFC3339Nano, a.text(name)); err == nil {
			return at
		}
	}
	return time.Time{}
}

// fields are the record's values under the names that they are presented by.
// whole says that what is missing is blank.
func (a apiRecord) fields(s *shape, whole bool) deal.Fields {
	f := make(deal.Fields, len(s.kind.fields)+len(s.custom))
	for name := range s.kind.fields {
		raw, ok := a[name]
		if !ok {
			continue
		}
		if text, ok := scalarText(raw); ok {
			f[name] = text
		} else if text, ok := list(raw); ok {
			f[name] = text
		}
	}
	s.derive(a, f)
	custom := a.custom()
	for code, raw := range custom {
		s.decode(f, code, raw)
	}
	if whole {
		for code := range s.custom {
			if _, ok := custom[code]; !ok {
				s.decode(f, code, nil)
			}
		}
	}
	return f
}

func (a apiRecord) record(s *shape) connector.Record {
	r := connector.Record{
		ID: a.text("id"), Fields: a.fields(s, true),
		Created:  a.time("add_time"),
		Modified: a.time("update_time", "add_time"), // update_time may be null at first
	}
	r.Deleted = a.text("is_deleted") == "true" || a.text("status") == "deleted"
	return r
}
