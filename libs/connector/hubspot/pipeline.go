package hubspot

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

type pipeline struct {
	ID       string  `json:"id,omitempty"`
	Label    string  `json:"label"`
	Order    int     `json:"displayOrder"`
	Archived bool    `json:"archived,omitempty"`
	Stages   []stage `json:"stages"`
}

// stage: metadata values are text.
type stage struct {
	ID       string            `json:"id,omitempty"`
	Label    string            `json:"label"`
	Order    int               `json:"displayOrder"`
	Archived bool              `json:"archived,omitempty"`
	Metadata map[string]string `json:"metadata"`
}

func (d *Driver) pipelines(ctx context.Context, s *shape) ([]connector.Pipeline, error) {
	var answer struct {
		Results []pipeline `json:"results"`
	}
	if err := d.call(ctx, "pipelines.list", http.MethodGet, d.paths.pipelines+s.plural, nil, nil, &answer); err != nil {
		return nil, err
	}
	slices.SortStableFunc(answer.Results, func(a, b pipeline) int { return cmp.Compare(a.Order, b.Order) })
	var all []connector.Pipeline
	for _, p := range answer.Results {
		if !p.Archived {
			all = append(all, p.pipeline())
		}
	}
	return all, nil
}

func (p pipeline) pipeline() connector.Pipeline {
	out := connector.Pipeline{ID: p.ID, Label: p.Label}
	slices.SortStableFunc(p.Stages, func(a, b stage) int { return cmp.Compare(a.Order, b.Order) })
	for _, st := range p.Stages {
		if !st.Archived {
			out.Stages = append(out.Stages, st.stage())
		}
	}
	return out
}

// stage: a probability of 1 means won, one of 0 means lost.
func (s stage) stage() connector.Stage {
	probability, err := strconv.ParseFloat(s.Metadata["probability"], 64)
	if err != nil {
		probability = -1
	}
	won := probability == 1
	closed := s.Metadata["isClosed"] == "true" || won || probability == 0
	return connector.Stage{ID: s.ID, Label: s.Label, Closed: closed, Won: won, Probability: probability}
}

// CreatePipeline implements connector.PipelineMaker (R14).
func (d *Driver) CreatePipeline(ctx context.Context, object deal.Object, p connector.Pipeline) (made connector.Pipeline, existed bool, err error) {
	s, err := d.shape(object)
	if err != nil {
		return connector.Pipeline{}, false, err
	}
	if !s.piped {
		return connector.Pipeline{}, false, fault.New(fault.Invalid, connector.CodeNoPipelines, "HubSpot has no pipelines of %s", s.plural)
	}
	held, err := d.pipelines(ctx, s)
	if err != nil {
		return connector.Pipeline{}, false, err
	}
	if found, err := likewise(held, p); found != nil || err != nil {
		return value(found), found != nil, err
	}
	var answer pipeline
	err = d.call(ctx, "pipelines.create", http.MethodPost, d.paths.pipelines+s.plural, nil, pipelineOf(p, len(held)), &answer)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Rejected) {
		// Somebody else, or our own call without an answer, may have made it meanwhile.
		if held, listed := d.pipelines(ctx, s); listed == nil {
			if found, differs := likewise(held, p); found != nil || differs != nil {
				return value(found), found != nil, differs
			}
		}
	}
	if err != nil {
		return connector.Pipeline{}, false, err
	}
	return answer.pipeline(), false, nil
}

func value(p *connector.Pipeline) connector.Pipeline {
	if p == nil {
		return connector.Pipeline{}
	}
	return *p
}

// CodePipelineExists is the code of a pipeline whose name another one has.
const CodePipelineExists = "pipeline_exists"

// likewise finds the pipeline of the same label: one with the same stages, or an
// error. HubSpot keeps labels apart whatever their case.
func likewise(held []connector.Pipeline, p connector.Pipeline) (*connector.Pipeline, error) {
	for i := range held {
		if !same(held[i].Label, p.Label) {
			continue
		}
		if slices.EqualFunc(held[i].Stages, p.Stages, func(a, b connector.Stage) bool { return same(a.Label, b.Label) }) {
			return &held[i], nil
		}
		return nil, fault.New(fault.Rejected, CodePipelineExists,
			"HubSpot has a pipeline %q already, with other stages; choose another name", held[i].Label)
	}
	return nil, nil
}

func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

func pipelineOf(p connector.Pipeline, order int) pipeline {
	out := pipeline{Label: p.Label, Order: order, Stages: make([]stage, len(p.Stages))}
	open := 0
	for _, st := range p.Stages {
		if !st.Closed {
			open++
		}
	}
	place := 0
	for i, st := range p.Stages {
		if !st.Closed {
			place++
		}
		out.Stages[i] = stage{Label: st.Label, Order: i, Metadata: map[string]string{
			"probability": probabilityOf(st, place, open), "isClosed": strconv.FormatBool(st.Closed),
		}}
	}
	return out
}

// probabilityOf is what HubSpot requires of every stage: exactly 1 means won,
// exactly 0 lost, so that an open stage has neither. Where the app knows none it
// rises evenly from stage to stage.
func probabilityOf(st connector.Stage, place, open int) string {
	p := st.Probability
	switch {
	case st.Closed && st.Won:
		return "1.0"
	case st.Closed:
		return "0.0"
	case p < 0:
		p = float64(place) / float64(open+1)
	}
	p = min(max(math.Round(p*100)/100, 0.01), 0.99)
	return strconv.FormatFloat(p, 'f', -1, 64)
}
