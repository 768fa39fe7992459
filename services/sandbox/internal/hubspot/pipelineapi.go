package hubspot

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const maxStages = 100

type stageInput struct {
	ID           string               `json:"stageId"`
	Label        *string              `json:"label"`
	DisplayOrder *int                 `json:"displayOrder"`
	Metadata     map[string]wire.Text `json:"metadata"`
}

type pipelineInput struct {
	ID           string       `json:"pipelineId"`
	Label        *string      `json:"label"`
	DisplayOrder *int         `json:"displayOrder"`
	Stages       []stageInput `json:"stages"`
}

// schema finds the object type for calls about its definitions.
func (c *call) schema(write bool) (*object, *apiError) {
	o := c.p.object(c.r.PathValue("type"))
	if o == nil {
		return nil, invalid("Unable to infer object type from: %s", c.r.PathValue("type"))
	}
	if write {
		return o, c.need("crm.schemas." + o.name + ".write")
	}
	return o, c.need("crm.schemas."+o.name+".read", "crm.objects."+o.name+".read")
}

func (c *call) line(write bool) (*object, *pipeline, *apiError) {
	o, err := c.schema(write)
	if err != nil {
		return nil, nil, err
	}
	l := o.line(c.r.PathValue("pid"))
	if l == nil {
		return nil, nil, notFound()
	}
	return o, l, nil
}

func listPipelines(c *call) *apiError {
	o, err := c.schema(false)
	if err != nil {
		return err
	}
	lines := o.pipelines()
	if c.s.hideLines.Load() {
		lines = []*pipeline{}
	}
	return c.replyValue(200, map[string]any{"results": lines})
}

func getPipeline(c *call) *apiError {
	_, l, err := c.line(false)
	if err != nil {
		return err
	}
	return c.replyValue(200, l)
}

func (c *call) newStage(in *stageInput, order int) (*stage, *apiError) {
	prob := string(in.Metadata["probability"])
	f, perr := strconv.ParseFloat(prob, 64)
	if in.Label == nil || *in.Label == "" {
		return nil, invalid("Stage label is required")
	}
	if perr != nil || f < 0 || f > 1 {
		return nil, invalid("Stage probability is required and must be between 0.0 and 1.0, found %q", prob)
	}
	id := in.ID
	if id == "" {
		id = c.p.nextDefID()
	}
	if in.DisplayOrder != nil {
		order = *in.DisplayOrder
	}
	return newStage(id, *in.Label, order, prob, crm.ISO(c.s.clock.Milli())), nil
}

func (p *Portal) nextDefID() string { return strconv.FormatInt(p.lastDefID.Add(1), 10) }

func createPipeline(c *call) *apiError {
	o, err := c.schema(true)
	if err != nil {
		return err
	}
	var in pipelineInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Label == nil || *in.Label == "" || len(in.Stages) == 0 {
		return invalid("label and at least one stage are required")
	}
	if len(in.Stages) > maxStages {
		return invalid("A pipeline can have at most %d stages", maxStages)
	}
	now := crm.ISO(c.s.clock.Milli())
	l := &pipeline{ID: in.ID, Label: *in.Label, CreatedAt: now, UpdatedAt: now, DisplayOrder: len(o.pipelines())}
	if l.ID == "" {
		l.ID = c.p.nextDefID()
	}
	if in.DisplayOrder != nil {
		l.DisplayOrder = *in.DisplayOrder
	}
	for i := range in.Stages {
		s, err := c.newStage(&in.Stages[i], i)
		if err != nil {
			return err
		}
		l.Stages = append(l.Stages, s)
	}
	if err := o.changeLines(func(lines []*pipeline) ([]*pipeline, *apiError) {
		for _, other := range lines {
			if strings.EqualFold(other.Label, l.Label) || other.ID == l.ID {
				return nil, fail(409, catConflict, "Pipeline %q already exists", l.Label)
			}
		}
		return append(lines, l), nil
	}); err != nil {
		return err
	}
	return c.replyValue(http.StatusCreated, l)
}

// changeLines replaces the pipelines by what f makes of a copy of them.
func (o *object) changeLines(f func([]*pipeline) ([]*pipeline, *apiError)) *apiError {
	o.mu.Lock()
	defer o.mu.Unlock()
	next, err := f(slices.Clone(o.pipelines()))
	if err == nil {
		o.lines.Store(&next)
	}
	return err
}

// changeLine replaces one pipeline by what f makes of a copy of it.
func (c *call) changeLine(f func(l *pipeline) *apiError) (*pipeline, *apiError) {
	o, old, err := c.line(true)
	if err != nil {
		return nil, err
	}
	var next pipeline
	err = o.changeLines(func(lines []*pipeline) ([]*pipeline, *apiError) {
		i := slices.IndexFunc(lines, func(l *pipeline) bool { return l.ID == old.ID })
		if i < 0 {
			return nil, notFound()
		}
		next = *lines[i]
		next.Stages = slices.Clone(next.Stages)
		next.UpdatedAt = crm.ISO(c.s.clock.Milli())
		if err := f(&next); err != nil {
			return nil, err
		}
		lines[i] = &next
		return lines, nil
	})
	return &next, err
}

func patchPipeline(c *call) *apiError {
	var in pipelineInput
	if err := c.body(&in); err != nil {
		return err
	}
	l, err := c.changeLine(func(l *pipeline) *apiError {
		if in.Label != nil {
			l.Label = *in.Label
		}
		if in.DisplayOrder != nil {
			l.DisplayOrder = *in.DisplayOrder
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.replyValue(200, l)
}

func replacePipeline(c *call) *apiError {
	var in pipelineInput
	if err := c.body(&in); err != nil {
		return err
	}
	l, err := c.changeLine(func(l *pipeline) *apiError {
		if in.Label == nil || len(in.Stages) == 0 {
			return invalid("label and stages are required")
		}
		l.Label = *in.Label
		l.Stages = nil
		for i := range in.Stages {
			s, err := c.newStage(&in.Stages[i], i)
			if err != nil {
				return err
			}
			l.Stages = append(l.Stages, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.replyValue(200, l)
}

// validateUse says whether a definition in use may not be deleted: the default
// from version 2026-09 on, and on request before.
func (c *call) validateUse() bool {
	q := c.r.URL.Query()
	for _, name := range []string{"validateDealStageUsagesBeforeDelete", "validateReferencesBeforeDelete"} {
		if v := q.Get(name); v != "" {
			return v == "true"
		}
	}
	return c.v == "2026-09"
}

func (c *call) inUse(o *object, stages []string) *apiError {
	if !c.validateUse() {
		return nil
	}
	var ids []string
	for _, r := range o.table.All() {
		if !r.Archived && slices.Contains(stages, r.Values["dealstage"]) {
			ids = append(ids, strconv.FormatInt(r.ID, 10))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	s, d := "["+strings.Join(stages, ", ")+"]", "["+strings.Join(ids, ", ")+"]"
	e := invalid("Stage IDs: %s are being referenced by object IDs: %s", s, d)
	e.SubCategory = "PipelineError.STAGE_ID_IN_USE"
	e.Context = map[string][]string{"stageIds": {s}, "objectIds": {d}}
	return e
}

func deletePipeline(c *call) *apiError {
	o, l, err := c.line(true)
	if err != nil {
		return err
	}
	var ids []string
	for _, s := range l.Stages {
		ids = append(ids, s.ID)
	}
	if err := c.inUse(o, ids); err != nil {
		return err
	}
	if err := o.changeLines(func(lines []*pipeline) ([]*pipeline, *apiError) {
		return slices.DeleteFunc(lines, func(x *pipeline) bool { return x.ID == l.ID }), nil
	}); err != nil {
		return err
	}
	return c.noContent()
}

func listStages(c *call) *apiError {
	_, l, err := c.line(false)
	if err != nil {
		return err
	}
	return c.replyValue(200, map[string]any{"results": l.Stages})
}

func getStage(c *call) *apiError {
	_, l, err := c.line(false)
	if err != nil {
		return err
	}
	if s := l.stage(c.r.PathValue("sid")); s != nil {
		return c.replyValue(200, s)
	}
	return notFound()
}

func createStage(c *call) *apiError {
	var in stageInput
	if err := c.body(&in); err != nil {
		return err
	}
	var made *stage
	if _, err := c.changeLine(func(l *pipeline) (err *apiError) {
		if len(l.Stages) >= maxStages {
			return invalid("A pipeline can have at most %d stages", maxStages)
		}
		if made, err = c.newStage(&in, len(l.Stages)); err != nil {
			return err
		}
		l.Stages = append(l.Stages, made)
		return nil
	}); err != nil {
		return err
	}
	return c.replyValue(http.StatusCreated, made)
}

func patchStage(c *call) *apiError   { return c.changeStage(false) }
func replaceStage(c *call) *apiError { return c.changeStage(true) }

func (c *call) changeStage(whole bool) *apiError {
	var in stageInput
	if err := c.body(&in); err != nil {
		return err
	}
	var next stage
	if _, err := c.changeLine(func(l *pipeline) *apiError {
		i := slices.IndexFunc(l.Stages, func(s *stage) bool { return s.ID == c.r.PathValue("sid") })
		if i < 0 {
			return notFound()
		}
		next = *l.Stages[i]
		if err := next.apply(&in, whole); err != nil {
			return err
		}
		next.UpdatedAt = crm.ISO(c.s.clock.Milli())
		l.Stages[i] = &next
		return nil
	}); err != nil {
		return err
	}
	return c.replyValue(200, &next)
}

func (s *stage) apply(in *stageInput, whole bool) *apiError {
	if whole && (in.Label == nil || in.Metadata["probability"] == "") {
		return invalid("label and metadata.probability are required")
	}
	if in.Label != nil {
		s.Label = *in.Label
	}
	if in.DisplayOrder != nil {
		s.DisplayOrder = *in.DisplayOrder
	}
	if p := string(in.Metadata["probability"]); p != "" {
		if f, err := strconv.ParseFloat(p, 64); err != nil || f < 0 || f > 1 {
			return invalid("%s", fmt.Sprintf("Stage probability must be between 0.0 and 1.0, found %q", p))
		}
		s.setProbability(p)
	}
	return nil
}

func deleteStage(c *call) *apiError {
	o, l, err := c.line(true)
	if err != nil {
		return err
	}
	sid := c.r.PathValue("sid")
	if l.stage(sid) == nil {
		return notFound()
	}
	if err := c.inUse(o, []string{sid}); err != nil {
		return err
	}
	if _, err := c.changeLine(func(l *pipeline) *apiError {
		l.Stages = slices.DeleteFunc(l.Stages, func(s *stage) bool { return s.ID == sid })
		return nil
	}); err != nil {
		return err
	}
	return c.noContent()
}
