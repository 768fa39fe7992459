package pipedrive

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// dealRules applies what Pipedrive does with status, stage and archive fields:
// it refuses what does not fit together, and adds to vals what follows. old is
// nil for a new deal.
func (s *Server) dealRules(old *crm.Record, vals map[string]string, at int64) *apiError {
	before := map[string]string{}
	if old != nil {
		before = old.Values
	}
	if err := archiveRules(before, vals, at); err != nil {
		return err
	}
	if vals["is_deleted"] == "true" {
		return invalid("is_deleted: a deal is deleted with DELETE")
	}
	delete(vals, "is_deleted")
	if err := s.stageRules(old, before, vals, at); err != nil {
		return err
	}
	return statusRules(before, vals, at)
}

func archiveRules(before, vals map[string]string, at int64) *apiError {
	flag, sent := vals["is_archived"]
	if before["is_archived"] == "true" && (flag != "false" || len(vals) > 1) {
		return fail(400, "Deal is archived and cannot be edited; send is_archived: false first")
	}
	if sent && flag == "true" && vals["archive_time"] == "" {
		vals["archive_time"] = str(crm.Seconds(at))
	}
	if flag == "false" {
		vals["is_archived"], vals["archive_time"] = "", ""
	}
	return nil
}

// stageRules keeps stage and pipeline together. A stage alone brings its
// pipeline with it; a pipeline alone means its first stage.
func (s *Server) stageRules(old *crm.Record, before, vals map[string]string, at int64) *apiError {
	stageID, pipeID := vals["stage_id"], vals["pipeline_id"]
	l := s.lines.Load()
	if stageID == "" && pipeID == "" {
		if old != nil {
			return nil
		}
		pipeID = strconv.FormatInt(l.pipelines[0].ID, 10)
	}
	if stageID != "" {
		st := l.stage(num(stageID))
		if st == nil {
			return fail(400, "Stage %s not found", stageID)
		}
		if pipeID != "" && num(pipeID) != st.PipelineID {
			return fail(400, "Stage %s does not belong to pipeline %s", stageID, pipeID)
		}
		vals["pipeline_id"] = strconv.FormatInt(st.PipelineID, 10)
	} else if pipeID != before["pipeline_id"] {
		st := l.first(num(pipeID))
		if l.pipeline(num(pipeID)) == nil || st == nil {
			return fail(400, "Pipeline %s not found", pipeID)
		}
		vals["pipeline_id"], vals["stage_id"] = pipeID, strconv.FormatInt(st.ID, 10)
	}
	if old != nil && vals["stage_id"] != "" && vals["stage_id"] != before["stage_id"] {
		vals["stage_change_time"] = str(crm.Seconds(at))
	}
	return nil
}

func statusRules(before, vals map[string]string, at int64) *apiError {
	status := before["status"]
	if v, sent := vals["status"]; sent {
		status = v
		if v != `"open"` && v != `"won"` && v != `"lost"` {
			return invalid("status: Invalid enum value. Expected 'open' | 'won' | 'lost', received %s", v)
		}
	}
	for name, want := range map[string]string{"lost_reason": `"lost"`, "lost_time": `"lost"`, "won_time": `"won"`} {
		if vals[name] != "" && status != want {
			return fail(400, "%s can only be set when status is %s", name, bare(want))
		}
	}
	if vals["close_time"] != "" && status == `"open"` {
		return fail(400, "close_time can only be set when status is won or lost")
	}
	if status == before["status"] {
		return nil
	}
	now := str(crm.Seconds(at))
	fill := func(name string) {
		if vals[name] == "" {
			vals[name] = now
		}
	}
	switch status {
	case `"won"`:
		fill("won_time")
		vals["close_time"] = first(vals["close_time"], vals["won_time"])
		vals["lost_time"], vals["lost_reason"] = "", ""
		if before["first_won_time"] == "" {
			vals["first_won_time"] = vals["won_time"]
		}
	case `"lost"`:
		fill("lost_time")
		vals["close_time"] = first(vals["close_time"], vals["lost_time"])
		vals["won_time"] = ""
	default:
		vals["won_time"], vals["lost_time"], vals["close_time"], vals["lost_reason"] = "", "", "", ""
	}
	return nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// normalRaw checks fields that are lists of contact details or an address.
func normalRaw(name string, v json.RawMessage) (string, *apiError) {
	if name == "address" {
		if string(v) == "null" {
			return "", nil
		}
		var in map[string]json.RawMessage
		if json.Unmarshal(v, &in) != nil {
			return "", expected(name, "object", v)
		}
		return string(append(appendAddress([]byte{'{'}, in), '}')), nil
	}
	var list []struct {
		Value   string `json:"value"`
		Primary bool   `json:"primary"`
		Label   string `json:"label"`
	}
	if json.Unmarshal(v, &list) != nil {
		return "", expected(name, "array of objects with a value", v)
	}
	b := []byte{'['}
	for i, it := range list {
		if strings.TrimSpace(it.Value) == "" {
			continue
		}
		if it.Label == "" {
			it.Label = "work"
		}
		b = append(wire.Comma(b), '{')
		b = wire.AppendStr(b, "value", it.Value)
		b = wire.AppendBool(b, "primary", it.Primary || i == 0 && len(list) == 1)
		b = append(wire.AppendStr(b, "label", it.Label), '}')
	}
	return string(append(b, ']')), nil
}
