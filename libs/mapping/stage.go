package mapping

import (
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Names of the stage fields where no field line says otherwise.
const (
	hubspotPipeline = "pipeline"
	hubspotStage    = "dealstage"
	appStage        = "stage"
)

// place is one stage of HubSpot, with the pipeline it belongs to.
type place struct{ pipeline, stage string }

// stages is the pipeline mapping, ready for look-ups in both directions. Where
// several stages map to one, the first line of the mapping is the one that is
// written (R8); the stage a side already has stays when it maps to the wanted
// one, which the resolver sees from the images of both sides.
type stages struct {
	hubspotField, appField string
	toApp                  map[string]string // HubSpot stage -> app "pipeline/stage"
	toHubSpot              map[string]place  // app "pipeline/stage" -> HubSpot
	pipelineOf             map[string]string // HubSpot stage -> HubSpot pipeline
	mapped                 [3]map[string]bool
}

func newStages(pipelines []Pipeline, hubspotField, appField string) *stages {
	s := &stages{
		hubspotField: hubspotField, appField: appField,
		toApp: map[string]string{}, toHubSpot: map[string]place{}, pipelineOf: map[string]string{},
		mapped: [3]map[string]bool{deal.HubSpot: {}, deal.App: {}},
	}
	for _, p := range pipelines {
		s.mapped[deal.HubSpot][p.HubSpot], s.mapped[deal.App][p.App] = true, true
		for _, st := range p.Stages {
			there := st.App
			if _, taken := s.toApp[st.HubSpot]; !taken {
				s.toApp[st.HubSpot] = there
				s.pipelineOf[st.HubSpot] = p.HubSpot
			}
			if _, taken := s.toHubSpot[there]; !taken {
				s.toHubSpot[there] = place{p.HubSpot, st.HubSpot}
			}
		}
	}
	return s
}

// own is what the record's stage is on its side. HubSpot's pipeline is derived
// from the stage, whose id is unique in the account: a move between pipelines
// arrives as two events, and the copy's pipeline may be a moment behind. That of a
// stage that is not mapped is the copy's: a stage says the same whether it is
// mapped or not, so that it is no edit when the mapping changes.
func (s *stages) own(side deal.Side, r *Record) (own deal.Fields, at int64) {
	if side == deal.App {
		v := r.Fields[s.appField]
		return deal.Fields{s.appField: v.Text}, v.At
	}
	v := r.Fields[s.hubspotField]
	own = deal.Fields{s.hubspotField: v.Text}
	if p, ok := s.pipelineOf[v.Text]; ok {
		own[hubspotPipeline] = p
	} else if p := r.Fields[hubspotPipeline].Text; p != "" {
		own[hubspotPipeline] = p
	}
	return own, v.At
}

// other is the stage in the other side's terms.
func (s *stages) other(side deal.Side, own deal.Fields) (other deal.Fields, ok bool) {
	if side == deal.App {
		p, ok := s.toHubSpot[own[s.appField]]
		return deal.Fields{hubspotPipeline: p.pipeline, s.hubspotField: p.stage}, ok
	}
	there, ok := s.toApp[own[s.hubspotField]]
	return deal.Fields{s.appField: there}, ok
}

func (s *stages) field(side deal.Side) string {
	if side == deal.App {
		return s.appField
	}
	return s.hubspotField
}

// unmapped says in words why the record's stage does not sync; "" when it does (R9).
func (s *stages) unmapped(side deal.Side, r *Record) string {
	stage := r.Fields[s.field(side)].Text
	pipeline := r.Fields[hubspotPipeline].Text
	if side == deal.App {
		if _, ok := s.toHubSpot[stage]; ok {
			return ""
		}
		pipeline, stage, _ = strings.Cut(stage, "/")
	} else if _, ok := s.toApp[stage]; ok {
		return ""
	}
	switch {
	case stage == "":
		return "the deal has no stage"
	case !s.mapped[side][pipeline]:
		return fmt.Sprintf("pipeline %q is not mapped (the deal is in its stage %q)", pipeline, stage)
	default:
		return fmt.Sprintf("stage %q of pipeline %q is not mapped", stage, pipeline)
	}
}
