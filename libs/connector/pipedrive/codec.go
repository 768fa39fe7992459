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

// apiDeal is a deal as JSON members.
type apiDeal map[string]json.RawMessage

// custom are the custom fields by code; nil when there are none.
func (a apiDeal) custom() map[string]json.RawMessage {
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

func (a apiDeal) text(name string) string {
	text, _ := scalarText(a[name])
	return text
}

func (a apiDeal) time(names ...string) time.Time {
	for _, name := range names {
		if at, err := time.Parse(time.RFC3339Nano, a.text(name)); err == nil {
			return at
		}
	}
	return time.Time{}
}

// stage is the composite value; ok is false when a part is missing.
func (a apiDeal) stage() (string, bool) {
	pipeline, stage := a.text("pipeline_id"), a.text("stage_id")
	switch status := a.text("status"); {
	case pipeline == "":
		return "", false
	case status == "won" || status == "lost":
		return pipeline + "/" + status, true
	default:
		return pipeline + "/" + stage, stage != ""
	}
}

// fields are the deal's values under the names that they are presented by. whole
// says that what is missing is blank.
func (a apiDeal) fields(s *shape, whole bool) deal.Fields {
	f := make(deal.Fields, len(standard)+len(s.custom))
	for name := range standard {
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
	if stage, ok := a.stage(); ok {
		f[stageField] = stage
	}
	custom := a.custom()
	for code, raw := range custom {
		s.custom1(f, code, raw)
	}
	if whole {
		for code := range s.custom {
			if _, ok := custom[code]; !ok {
				s.custom1(f, code, nil)
			}
		}
	}
	return f
}

// custom1 adds one custom field, in the form of the API or of webhooks, where
// each value carries its type.
func (s *shape) custom1(f deal.Fields, code string, raw json.RawMessage) {
	kind, known := s.custom[code]
	if known && customType(kind) == "" {
		return
	}
	name := s.present(code)
	if text, ok := scalarText(raw); ok {
		f[name] = text
		if kind == "monetary" {
			f[name+currencySuffix] = ""
		}
		return
	}
	if text, ok := list(raw); ok {
		f[name] = text
		return
	}
	var o struct {
		Type     string          `json:"type"`
		Value    json.RawMessage `json:"value"`
		ID       scalar          `json:"id"`
		Values   json.RawMessage `json:"values"`
		Currency *scalar         `json:"currency"`
	}
	if json.Unmarshal(raw, &o) != nil {
		return
	}
	if !known && o.Type != "" && customType(o.Type) == "" {
		return
	}
	switch {
	case o.Currency != nil || kind == "monetary":
		f[name], _ = scalarText(o.Value)
		f[name+currencySuffix] = ""
		if o.Currency != nil {
			f[name+currencySuffix] = string(*o.Currency)
		}
	case o.Values != nil:
		f[name], _ = list(o.Values)
	case o.ID != "":
		f[name] = string(o.ID)
	case known || o.Type != "":
		if text, ok := scalarText(o.Value); ok {
			f[name] = text
		}
	}
}

func (a apiDeal) record(s *shape) connector.Record {
	r := connector.Record{
		ID: a.text("id"), Fields: a.fields(s, true),
		Created:  a.time("add_time"),
		Modified: a.time("update_time", "add_time"), // update_time may be null at first
	}
	r.Deleted = a.text("is_deleted") == "true" || a.text("status") == "deleted"
	return r
}
