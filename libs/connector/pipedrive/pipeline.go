package pipedrive

import (
	"cmp"
	"context"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
)

// apiLine is a pipeline or a stage.
type apiLine struct {
	ID       scalar `json:"id"`
	Pipeline scalar `json:"pipeline_id"`
	Name     string `json:"name"`
	Order    int    `json:"order_nr"`
	Deleted  bool   `json:"is_deleted"`
	// Rated says that a pipeline's stages have probabilities, which are whole
	// percents.
	Rated       bool    `json:"is_deal_probability_enabled"`
	Probability float64 `json:"deal_probability"`
}

// pipelines have their stages and, as two more, won and lost: Pipedrive keeps
// those as a status beside the stage. An account that may not see them has none
// (R10).
func (d *Driver) pipelines(ctx context.Context) ([]connector.Pipeline, error) {
	pipelines, err := pages[apiLine](ctx, d, "pipelines.list", costPlan, pathPipelines)
	if forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	stages, err := pages[apiLine](ctx, d, "stages.list", costPlan, pathStages)
	if forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return arrange(pipelines, stages), nil
}

// arrange puts stages into their pipelines, all in the app's order and without
// the deleted ones.
func arrange(pipelines, stages []apiLine) []connector.Pipeline {
	byOrder := func(a, b apiLine) int { return cmp.Compare(a.Order, b.Order) }
	slices.SortStableFunc(pipelines, byOrder)
	slices.SortStableFunc(stages, byOrder)
	var all []connector.Pipeline
	for _, p := range pipelines {
		if p.Deleted {
			continue
		}
		id := string(p.ID)
		out := connector.Pipeline{ID: id, Label: p.Name}
		for _, s := range stages {
			if s.Pipeline != p.ID || s.Deleted {
				continue
			}
			stage := connector.Stage{ID: id + "/" + string(s.ID), Label: s.Name, Probability: -1}
			if p.Rated {
				stage.Probability = s.Probability / 100
			}
			out.Stages = append(out.Stages, stage)
		}
		out.Stages = append(out.Stages,
			connector.Stage{ID: id + "/won", Label: "Won", Closed: true, Won: true, Probability: 1},
			connector.Stage{ID: id + "/lost", Label: "Lost", Closed: true})
		all = append(all, out)
	}
	return all
}
