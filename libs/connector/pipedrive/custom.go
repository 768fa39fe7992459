package pipedrive

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// customValue is a custom field's value that is no scalar: in the API an object
// without its type, in webhooks always an object with it. The main value is
// under another name in each.
type customValue struct {
	Type     string          `json:"type"`
	Value    json.RawMessage `json:"value"`
	From     json.RawMessage `json:"from"`
	ID       scalar          `json:"id"`
	Values   json.RawMessage `json:"values"`
	Currency *scalar         `json:"currency"`
}

// decode adds one custom field, in the form of the API or of webhooks.
func (s *shape) decode(f deal.Fields, code string, raw json.RawMessage) {
	kind, known := s.custom[code]
	if t, _ := customType(kind); known && t == "" {
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
	var v customValue
	if json.Unmarshal(raw, &v) != nil {
		return
	}
	if t, _ := customType(v.Type); !known && v.Type != "" && t == "" {
		return
	}
	switch {
	case v.Currency != nil || kind == "monetary":
		f[name], _ = scalarText(v.Value)
		f[name+currencySuffix] = ""
		if v.Currency != nil {
			f[name+currencySuffix] = string(*v.Currency)
		}
	case v.Values != nil:
		f[name], _ = list(v.Values)
	case v.ID != "":
		f[name] = string(v.ID)
	case known || v.Type != "":
		main := v.Value
		if isNull(main) {
			main = v.From // a range in a webhook
		}
		if text, ok := scalarText(main); ok {
			f[name] = text
		}
	}
}

// encodeCustom adds one custom field to those of a body; all are the values that
// are written with it.
func (s *shape) encodeCustom(custom map[string]any, name, v string, all deal.Fields) error {
	code := name
	if name == deal.PairKeyField {
		code = s.pairCode
	}
	if base, ok := strings.CutSuffix(code, currencySuffix); ok && s.custom[base] == "monetary" {
		if _, both := all[base]; !both {
			return fault.New(fault.Rejected, "currency_alone", "%s: a currency is written together with its amount", name)
		}
		return nil
	}
	kind, ok := s.custom[code]
	t, readOnly := customType(kind)
	switch {
	case !ok || code == "":
		return fault.New(fault.Rejected, "unknown_field", "%s: the account has no such %s field", name, s.kind.name)
	case readOnly || t == "":
		return notWritable(name)
	case kind != "monetary" || v == "":
		return encodeValue(custom, code, t, v)
	}
	amount := map[string]any{}
	if err := encodeValue(amount, "value", deal.Number, v); err != nil {
		return err
	}
	if c := cmp.Or(all[name+currencySuffix], s.currency); c != "" {
		amount["currency"] = c
	}
	custom[code] = amount
	return nil
}
