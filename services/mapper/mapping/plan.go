package mapping

import (
	"fmt"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/mapper/internal/core"
)

// plans keeps each sync's settings ready for mapping, one plan a revision.
type plans struct {
	mu   sync.RWMutex
	held map[planKey]plan
}

type planKey struct{ workspace, sync string }

// plan is a sync made ready, or why it can't be.
type plan struct {
	from *configv1.Sync
	sync *core.Sync
	err  error
}

// of answers the plan of a sync as the snapshot has it. Snapshots are never
// modified, so the same sync is the same pointer and a new one is a new plan.
func (p *plans) of(y *configv1.Sync) (*core.Sync, error) {
	k := planKey{y.GetWorkspace(), y.GetName()}
	p.mu.RLock()
	held := p.held[k]
	p.mu.RUnlock()
	if held.from == y {
		return held.sync, held.err
	}
	made := plan{from: y}
	s, err := settingsOf(y)
	if made.err = err; err == nil {
		made.sync = core.NewSync(s)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[planKey]plan{}
	}
	p.held[k] = made
	return made.sync, made.err
}

func settingsOf(y *configv1.Sync) (s core.Settings, err error) {
	s = core.Settings{
		Object:          deal.Object(y.GetObject()),
		Ways:            settings.WaysOf(y.GetDirection()),
		CurrencyHubSpot: y.GetHubspotCurrency(),
		CurrencyApp:     y.GetAppCurrency(),
	}
	if s.FilterHubSpot, err = filterOf(y.GetFilterHubspot()); err != nil {
		return s, fmt.Errorf("HubSpot's filter: %w", err)
	}
	if s.FilterApp, err = filterOf(y.GetFilterApp()); err != nil {
		return s, fmt.Errorf("the app's filter: %w", err)
	}
	for _, u := range settings.UnitsOf(y) {
		s.Lines = append(s.Lines, core.Line{
			Unit: u.Name, HubSpot: fieldOf(u.Line.GetHubspot()), App: fieldOf(u.Line.GetApp()), Ways: u.Ways,
		})
	}
	for _, p := range y.GetPipelines() {
		mapped := core.Pipeline{HubSpot: p.GetHubspot(), App: p.GetApp()}
		for _, st := range p.GetStages() {
			// Resolved settings name an app's stage with its pipeline, as its deals do.
			mapped.Stages = append(mapped.Stages, core.Stage{HubSpot: st.GetHubspot(), App: st.GetApp()})
		}
		s.Pipelines = append(s.Pipelines, mapped)
	}
	return s, nil
}

func fieldOf(f *configv1.FieldSpec) core.Field {
	return core.Field{Name: f.GetName(), Type: deal.Type(f.GetType()), Currency: f.GetCurrency()}
}

// filterOf makes a filter ready. Applying a sync has checked it, so an error is
// a filter of another release; guessing at it would hide records, or share them.
func filterOf(f *configv1.Filter) (*core.Filter, error) {
	if f.GetGroup() == nil {
		return nil, nil
	}
	terms, err := filter.New(groupOf(f.GetGroup()))
	if err != nil {
		return nil, err
	}
	return &core.Filter{Terms: terms, Continue: f.GetOnExit() == "continue"}, nil
}

func groupOf(g *configv1.Group) filter.Group {
	made := filter.Group{Any: g.GetAny()}
	for _, c := range g.GetConditions() {
		made.Conditions = append(made.Conditions, filter.Condition{
			Field: c.GetField(), Type: deal.Type(c.GetType()), Op: filter.Op(c.GetOp()), Values: c.GetValues(),
		})
	}
	for _, sub := range g.GetGroups() {
		made.Groups = append(made.Groups, groupOf(sub))
	}
	return made
}
