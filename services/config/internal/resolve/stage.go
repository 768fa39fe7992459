package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// pipelines resolves the pipeline and stage mappings of a deal sync (R8, R9).
func (r *resolver) pipelines() []*configv1.Pipeline {
	staged := deal.Object(r.spec.Object) == deal.Deals
	switch {
	case !staged && len(r.spec.Pipelines) > 0:
		r.fail("spec.pipelines", "unknown_key", "spec.pipelines: a %s has no pipeline; remove it", r.spec.Object)
		return nil
	case !staged:
		return nil
	case len(r.spec.Pipelines) == 0:
		r.fail("spec", "missing_required", "spec.pipelines is missing: only deals in mapped stages sync; HubSpot's pipelines: %s; %s's pipelines: %s",
			pipelinesOf("", r.HubSpot), r.title, pipelinesOf("", r.App))
		return nil
	}
	resolved := make([]*configv1.Pipeline, 0, len(r.spec.Pipelines))
	for i, p := range r.spec.Pipelines {
		path := fmt.Sprintf("spec.pipelines[%d]", i)
		hubspot := r.pipeline(path+".hubspot", "HubSpot", r.HubSpot, p.HubSpot)
		app := r.pipeline(path+".app", r.title, r.App, p.App)
		to := &configv1.Pipeline{Hubspot: p.HubSpot, App: p.App}
		for j, s := range p.Stages {
			at := fmt.Sprintf("%s.stages[%d]", path, j)
			h := r.stage(at+".hubspot", "HubSpot", hubspot, s.HubSpot)
			a := r.stage(at+".app", r.title, app, s.App)
			if h != nil && a != nil {
				to.Stages = append(to.Stages, &configv1.Stage{Hubspot: h.ID, App: a.ID, HubspotLabel: h.Label, AppLabel: a.Label})
			}
		}
		resolved = append(resolved, to)
	}
	return resolved
}

// stagesVisible tells the two causes of having no stages apart (R10). Without
// any, nothing else that is written matters.
func (r *resolver) stagesVisible() bool {
	if deal.Object(r.spec.Object) != deal.Deals {
		return true
	}
	code, message := StagesMissing(r.AppManifest, r.App)
	if code == "" {
		code, message = StagesMissing(r.HubSpotManifest, r.HubSpot)
	}
	if code != "" {
		r.fail("spec.object", code, "spec.object: %s", message)
	}
	return code == ""
}

// StagesMissing says which of the two causes it is that an account shows no
// stages of deals, and what to do (R10); "" when it shows some.
func StagesMissing(m *connector.Manifest, deals *connector.Schema) (code, message string) {
	switch {
	case !m.Stages || deals.StageField() == "":
		return "app_without_stages", fmt.Sprintf("the sales process of %s is not built on stages, so its deals can't be synced; sync its other objects, or an app whose deals stand in stages", m.Title)
	case !slices.ContainsFunc(deals.Pipelines, func(p connector.Pipeline) bool { return len(p.Stages) > 0 }):
		return "no_stages_visible", fmt.Sprintf("%s shows no pipelines: the account that is signed in may not see them; allow it to, or sign in with another", m.Title)
	}
	return "", ""
}

func (r *resolver) pipeline(path, title string, schema *connector.Schema, id string) *connector.Pipeline {
	for i := range schema.Pipelines {
		if schema.Pipelines[i].ID == id {
			return &schema.Pipelines[i]
		}
	}
	r.fail(path, "unknown_pipeline", "%s: %s has no pipeline %q; %s", path, title, id, pipelinesOf(id, schema))
	return nil
}

func pipelinesOf(got string, schema *connector.Schema) string {
	var ids, shown []string
	for _, p := range schema.Pipelines {
		ids, shown = append(ids, p.ID), append(shown, labelled(p.ID, p.Label))
	}
	return exists(got, ids, shown)
}

// stage finds a stage by the value that the stage field holds, or by the part
// of it after the pipeline: "1/won" is written "won" inside pipeline 1.
func (r *resolver) stage(path, title string, in *connector.Pipeline, id string) *connector.Stage {
	if in == nil {
		return nil
	}
	var ids, shown []string
	for i := range in.Stages {
		s := &in.Stages[i]
		written := ShortStage(in.ID, s.ID)
		if s.ID == id || written == id {
			return s
		}
		ids, shown = append(ids, written), append(shown, labelled(written, s.Label))
	}
	r.fail(path, "unknown_stage", "%s: pipeline %s of %s has no stage %q; %s", path, labelled(in.ID, in.Label), title, id, exists(id, ids, shown))
	return nil
}

// ShortStage is a stage as documents may write it inside its pipeline: "won"
// for "1/won".
func ShortStage(pipeline, stage string) string {
	if rest, ok := strings.CutPrefix(stage, pipeline+"/"); ok {
		return rest
	}
	return stage
}
