package hubspot

import (
	"fmt"
	"strconv"
	"strings"
)

// pipeline and stage are shown by the Pipelines API as they stand here.
type pipeline struct {
	ID           string   `json:"id"`
	Label        string   `json:"label"`
	DisplayOrder int      `json:"displayOrder"`
	Stages       []*stage `json:"stages"`
	CreatedAt    string   `json:"createdAt"`
	UpdatedAt    string   `json:"updatedAt"`
	Archived     bool     `json:"archived"`
}

type stage struct {
	ID               string            `json:"id"`
	Label            string            `json:"label"`
	DisplayOrder     int               `json:"displayOrder"`
	Metadata         map[string]string `json:"metadata"`
	WritePermissions string            `json:"writePermissions"`
	CreatedAt        string            `json:"createdAt"`
	UpdatedAt        string            `json:"updatedAt"`
	Archived         bool              `json:"archived"`
}

func newStage(id, label string, order int, probability, at string) *stage {
	s := &stage{ID: id, Label: label, DisplayOrder: order, WritePermissions: "CRM_PERMISSIONS_ENFORCEMENT", CreatedAt: at, UpdatedAt: at}
	s.setProbability(probability)
	return s
}

func (s *stage) setProbability(p string) {
	f, _ := strconv.ParseFloat(p, 64) // checked by the caller; the seed is right
	s.Metadata = map[string]string{"probability": p, "isClosed": strconv.FormatBool(f == 0 || f == 1)}
}

func (s *stage) probability() float64 {
	f, _ := strconv.ParseFloat(s.Metadata["probability"], 64)
	return f
}

func (s *stage) closed() bool { return s.Metadata["isClosed"] == "true" }
func (s *stage) won() bool    { return s.closed() && s.probability() == 1 }

func (l *pipeline) stage(id string) *stage {
	for _, s := range l.Stages {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// line finds a pipeline by id, or nil.
func (o *object) line(id string) *pipeline {
	for _, l := range o.pipelines() {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// checkStage looks at pipeline and stage together. A new deal without a
// pipeline goes to the default one.
func (o *object) checkStage(values map[string]string, old map[string]string) *badValue {
	newLine, lineSent := values["pipeline"]
	newStage, stageSent := values["dealstage"]
	if o.name != "deals" || !lineSent && !stageSent && old != nil {
		return nil
	}
	lineID, stageID := old["pipeline"], old["dealstage"]
	if lineSent {
		lineID = newLine
	}
	if stageSent {
		stageID = newStage
	}
	if lineID == "" {
		lineID = o.pipelines()[0].ID
		values["pipeline"] = lineID
	}
	l := o.line(lineID)
	if l == nil {
		return &badValue{"pipeline", "INVALID_OPTION", fmt.Sprintf("%s is not a valid pipeline ID. Valid options are: [%s]", lineID, strings.Join(lineIDs(o.pipelines()), ", "))}
	}
	if stageID == "" || l.stage(stageID) != nil {
		return nil
	}
	ids := make([]string, len(l.Stages))
	for i, s := range l.Stages {
		ids[i] = s.ID
	}
	return &badValue{"dealstage", "INVALID_OPTION", fmt.Sprintf("%s is not a valid pipeline stage ID. Valid options are: pipelineId=%s : [%s]", stageID, lineID, strings.Join(ids, ", "))}
}

func lineIDs(lines []*pipeline) []string {
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.ID
	}
	return ids
}
