package mapping

import (
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/mapper/internal/core"
)

// plans keeps each sync's settings ready for mapping, one plan a revision.
type plans struct {
	mu   sync.RWMutex
	held map[planKey]plan
}

type planKey struct{ workspace, sync string }

type plan struct {
	from *configv1.Sync
	sync *core.Sync
}

// of answers the plan of a sync as the snapshot has it. Snapshots are never
// modified, so the same sync is the same pointer and a new one is a new plan.
func (p *plans) of(y *configv1.Sync) *core.Sync {
	k := planKey{y.GetWorkspace(), y.GetName()}
	p.mu.RLock()
	held := p.held[k]
	p.mu.RUnlock()
	if held.from == y {
		return held.sync
	}
	made := core.NewSync(settingsOf(y))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[planKey]plan{}
	}
	p.held[k] = plan{from: y, sync: made}
	return made
}

func settingsOf(y *configv1.Sync) core.Settings {
	s := core.Settings{
		Object:          deal.Object(y.GetObject()),
		FilterHubSpot:   filterOf(y.GetFilterHubspot()),
		FilterApp:       filterOf(y.GetFilterApp()),
		CurrencyHubSpot: y.GetHubspotCurrency(),
		CurrencyApp:     y.GetAppCurrency(),
	}
	s.ToHubSpot, s.ToApp = waysOf(y.GetDirection())
	for _, l := range y.GetFields() {
		line := core.Line{HubSpot: fieldOf(l.GetHubspot()), App: fieldOf(l.GetApp())}
		line.ToHubSpot, line.ToApp = waysOf(l.GetDirection())
		s.Lines = append(s.Lines, line)
	}
	for _, p := range y.GetPipelines() {
		mapped := core.Pipeline{HubSpot: p.GetHubspot(), App: p.GetApp()}
		for _, st := range p.GetStages() {
			// Resolved settings name an app's stage with its pipeline, as its deals do.
			mapped.Stages = append(mapped.Stages, core.Stage{HubSpot: st.GetHubspot(), App: st.GetApp()})
		}
		s.Pipelines = append(s.Pipelines, mapped)
	}
	return s
}

// waysOf reads a direction; one that is not set goes both ways.
func waysOf(d configv1.Direction) (toHubSpot, toApp bool) {
	return d != configv1.Direction_DIRECTION_TO_APP, d != configv1.Direction_DIRECTION_TO_HUBSPOT
}

func fieldOf(f *configv1.FieldSpec) core.Field {
	return core.Field{
		Name: f.GetName(), Type: deal.Type(f.GetType()), ReadOnly: f.GetReadOnly(), Currency: f.GetCurrency(),
	}
}

func filterOf(f *configv1.Filter) *core.Filter {
	if f.GetGroup() == nil {
		return nil
	}
	return &core.Filter{Group: groupOf(f.GetGroup()), Continue: f.GetOnExit() == "continue"}
}

func groupOf(g *configv1.Group) core.Group {
	made := core.Group{Any: g.GetAny()}
	for _, c := range g.GetConditions() {
		made.Conditions = append(made.Conditions, core.Condition{
			Field: c.GetField(), Op: c.GetOp(), Values: c.GetValues(), Type: deal.Type(c.GetType()),
		})
	}
	for _, sub := range g.GetGroups() {
		made.Groups = append(made.Groups, groupOf(sub))
	}
	return made
}
