package pipedrive

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// changeLines replaces pipelines and stages by what f makes of a copy.
func (s *Server) changeLines(f func(l *lines) *apiError) *apiError {
	for {
		old := s.lines.Load()
		next := &lines{slices.Clone(old.pipelines), slices.Clone(old.stages)}
		if err := f(next); err != nil {
			return err
		}
		if s.lines.CompareAndSwap(old, next) {
			return nil
		}
	}
}

func listPipelines(c *call) *apiError {
	all := slices.DeleteFunc(slices.Clone(c.s.lines.Load().pipelines), func(p pipeline) bool { return p.IsDeleted || c.s.hideLines.Load() })
	slices.SortFunc(all, func(a, b pipeline) int { return cmp.Compare(a.ID, b.ID) })
	if c.r.URL.Query().Get("sort_direction") == "desc" {
		slices.Reverse(all)
	}
	return c.list(all)
}

func getPipeline(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if p := c.s.lines.Load().pipeline(id); p != nil {
		return c.data(p)
	}
	return fail(404, "Pipeline not found")
}

func createPipeline(c *call) *apiError {
	var in struct {
		Name        string `json:"name"`
		Probability bool   `json:"is_deal_probability_enabled"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Name == "" {
		return invalid("name: Required")
	}
	var made pipeline
	err := c.s.changeLines(func(l *lines) *apiError {
		made = pipeline{ID: int64(len(l.pipelines) + 1), Name: in.Name, OrderNr: len(l.pipelines) + 1, Probability: in.Probability, AddTime: crm.Seconds(c.s.clock.Milli())}
		l.pipelines = append(l.pipelines, made)
		return nil
	})
	if err != nil {
		return err
	}
	return c.data(made)
}

func patchPipeline(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	var in struct {
		Name        *string `json:"name"`
		Probability *bool   `json:"is_deal_probability_enabled"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	var out pipeline
	err = c.s.changeLines(func(l *lines) *apiError {
		p := l.pipeline(id)
		if p == nil {
			return fail(404, "Pipeline not found")
		}
		set(&p.Name, in.Name)
		set(&p.Probability, in.Probability)
		now := crm.Seconds(c.s.clock.Milli())
		p.UpdateTime = &now
		out = *p
		return nil
	})
	if err != nil {
		return err
	}
	return c.data(out)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func deletePipeline(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	err = c.s.changeLines(func(l *lines) *apiError {
		p := l.pipeline(id)
		if p == nil {
			return fail(404, "Pipeline not found")
		}
		p.IsDeleted = true
		for i := range l.stages {
			l.stages[i].IsDeleted = l.stages[i].IsDeleted || l.stages[i].PipelineID == id
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.data(map[string]int64{"id": id})
}

func listStages(c *call) *apiError {
	pid := c.r.URL.Query().Get("pipeline_id")
	all := slices.DeleteFunc(slices.Clone(c.s.lines.Load().stages), func(s stage) bool {
		return s.IsDeleted || c.s.hideLines.Load() || pid != "" && strconv.FormatInt(s.PipelineID, 10) != pid
	})
	slices.SortFunc(all, func(a, b stage) int {
		if c.r.URL.Query().Get("sort_by") == "order_nr" && a.OrderNr != b.OrderNr {
			return cmp.Compare(a.OrderNr, b.OrderNr)
		}
		return cmp.Compare(a.ID, b.ID)
	})
	if c.r.URL.Query().Get("sort_direction") == "desc" {
		slices.Reverse(all)
	}
	return c.list(all)
}

func getStage(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if s := c.s.lines.Load().stage(id); s != nil {
		return c.data(s)
	}
	return fail(404, "Stage not found")
}

type stageInput struct {
	Name         *string `json:"name"`
	PipelineID   *int64  `json:"pipeline_id"`
	Probability  *int    `json:"deal_probability"`
	RotEnabled   *bool   `json:"is_deal_rot_enabled"`
	DaysToRotten *int    `json:"days_to_rotten"`
}

func (in *stageInput) apply(st *stage) {
	set(&st.Name, in.Name)
	set(&st.PipelineID, in.PipelineID)
	set(&st.Probability, in.Probability)
	set(&st.RotEnabled, in.RotEnabled)
	if in.DaysToRotten != nil {
		st.DaysToRotten = in.DaysToRotten
	}
}

func createStage(c *call) *apiError {
	var in stageInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Name == nil || *in.Name == "" || in.PipelineID == nil {
		return invalid("name and pipeline_id: Required")
	}
	var made stage
	err := c.s.changeLines(func(l *lines) *apiError {
		if l.pipeline(*in.PipelineID) == nil {
			return fail(400, "Pipeline %d not found", *in.PipelineID)
		}
		made = stage{ID: int64(len(l.stages) + 1), OrderNr: 1, Probability: 100, AddTime: crm.Seconds(c.s.clock.Milli())}
		for _, other := range l.stages {
			if other.PipelineID == *in.PipelineID {
				made.OrderNr = max(made.OrderNr, other.OrderNr+1)
			}
		}
		in.apply(&made)
		l.stages = append(l.stages, made)
		return nil
	})
	if err != nil {
		return err
	}
	return c.data(made)
}

func patchStage(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	var in stageInput
	if err := c.body(&in); err != nil {
		return err
	}
	var out stage
	err = c.s.changeLines(func(l *lines) *apiError {
		st := l.stage(id)
		if st == nil {
			return fail(404, "Stage not found")
		}
		in.apply(st)
		now := crm.Seconds(c.s.clock.Milli())
		st.UpdateTime = &now
		out = *st
		return nil
	})
	if err != nil {
		return err
	}
	return c.data(out)
}

func deleteStage(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	err = c.s.changeLines(func(l *lines) *apiError {
		st := l.stage(id)
		if st == nil {
			return fail(404, "Stage not found")
		}
		st.IsDeleted = true
		return nil
	})
	if err != nil {
		return err
	}
	return c.data(map[string]int64{"id": id})
}
