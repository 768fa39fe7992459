package pipedrive

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// encode makes the body of a POST or PATCH. The API takes no numbers or
// booleans as text.
func (s *shape) encode(fields deal.Fields, create bool) (map[string]any, error) {
	body := make(map[string]any, len(fields)+2)
	custom := map[string]any{}
	for name, v := range fields {
		if err := s.encodeField(body, custom, name, v, fields, create); err != nil {
			return nil, err
		}
	}
	if stage, ok := fields[stageField]; ok {
		dropUnfit(body, stage)
	}
	if len(custom) > 0 {
		body["custom_fields"] = custom
	}
	return body, nil
}

func (s *shape) encodeField(body, custom map[string]any, name, v string, all deal.Fields, create bool) error {
	if create && v == "" {
		return nil // a new deal is blank already
	}
	if name == stageField {
		return encodeStage(body, v, create)
	}
	if f, ok := standard[name]; ok {
		if v == "" && neverBlank(body, name) {
			return nil
		}
		return encodeValue(body, name, f.Type, v)
	}
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
	if !ok || code == "" {
		return fault.New(fault.Rejected, "unknown_field", "%s: the account has no such deal field", name)
	}
	if kind == "monetary" && v != "" {
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
	if kind == "enum" {
		return encodeInt(custom, code, v)
	}
	return encodeValue(custom, code, customType(kind), v)
}

// neverBlank knows the fields that every deal has: a blank amount is 0, and a
// blank owner, currency or visibility leaves the one that it has.
func neverBlank(body map[string]any, name string) bool {
	switch name {
	case "value":
		body[name] = 0
		return true
	case "currency", "owner_id", "visible_to":
		return true
	default:
		return false
	}
}

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
		if name == "visible_to" {
			return encodeInt(into, name, v)
		}
		into[name] = v
	default:
		into[name] = canon
	}
	return nil
}

func encodeInt(into map[string]any, name, v string) error {
	if v == "" {
		into[name] = nil
		return nil
	}
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

// encodeStage: an open stage is written with its pipeline and the status, so
// that a closed deal opens again. Closing leaves pipeline and stage alone; a
// new deal is told its pipeline.
func encodeStage(body map[string]any, v string, create bool) error {
	pipeline, stage, ok := splitStage(v)
	if !ok {
		return badValue(stageField, "stage (pipeline/stage)", v)
	}
	switch stage {
	case "won", "lost":
		body["status"] = stage
		if create {
			body["pipeline_id"] = pipeline
		}
	default:
		id, err := strconv.ParseInt(stage, 10, 64)
		if err != nil {
			return badValue(stageField, "stage (pipeline/stage)", v)
		}
		body["pipeline_id"], body["stage_id"] = pipeline, id
		if !create {
			body["status"] = "open"
		}
	}
	return nil
}

func splitStage(v string) (pipeline int64, stage string, ok bool) {
	p, stage, ok := strings.Cut(v, "/")
	pipeline, err := strconv.ParseInt(p, 10, 64)
	return pipeline, stage, ok && err == nil && stage != ""
}

// dropUnfit takes out what the app holds only for deals that are closed in a
// certain way, and refuses otherwise: a reason of loss for lost ones, and so on.
func dropUnfit(body map[string]any, stage string) {
	_, status, _ := strings.Cut(stage, "/")
	if status != "lost" {
		delete(body, "lost_reason")
		delete(body, "lost_time")
	}
	if status != "won" {
		delete(body, "won_time")
	}
	if status != "won" && status != "lost" {
		delete(body, "close_time")
	}
}
