package pipedrive

import (
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// stage is the composite value; ok is false when a part is missing.
func (a apiRecord) stage() (string, bool) {
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

func deriveDeal(r apiRecord, into deal.Fields) {
	if stage, ok := r.stage(); ok {
		into[stageField] = stage
	}
}

func composeDeal(body map[string]any, d draft) error {
	stage, ok := d.fields[stageField]
	if !ok || d.create && stage == "" {
		return nil
	}
	if err := encodeStage(body, stage, d.create); err != nil {
		return err
	}
	dropUnfit(body, stage)
	return nil
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
