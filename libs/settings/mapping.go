package settings

import (
	"fmt"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/libs/mapping"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Mapping is a sync made ready to map records. Applying a sync has checked its
// filters, so an error is a filter of another release: guessing at it would hide
// records, or share them.
func Mapping(y *configv1.Sync) (*mapping.Sync, error) {
	s := mapping.Settings{
		Object:          deal.Object(y.GetObject()),
		Ways:            WaysOf(y.GetDirection()),
		CurrencyHubSpot: y.GetHubspotCurrency(),
		CurrencyApp:     y.GetAppCurrency(),
	}
	var err error
	if s.FilterHubSpot, err = filterOf(y.GetFilterHubspot()); err != nil {
		return nil, fmt.Errorf("HubSpot's filter: %w", err)
	}
	if s.FilterApp, err = filterOf(y.GetFilterApp()); err != nil {
		return nil, fmt.Errorf("the app's filter: %w", err)
	}
	for _, u := range UnitsOf(y) {
		s.Lines = append(s.Lines, mapping.Line{
			Unit: u.Name, HubSpot: fieldOf(u.Line.GetHubspot()), App: fieldOf(u.Line.GetApp()), Ways: u.Ways,
		})
	}
	for _, p := range y.GetPipelines() {
		mapped := mapping.Pipeline{HubSpot: p.GetHubspot(), App: p.GetApp()}
		for _, st := range p.GetStages() {
			// Resolved settings name an app's stage with its pipeline, as its deals do.
			mapped.Stages = append(mapped.Stages, mapping.Stage{HubSpot: st.GetHubspot(), App: st.GetApp()})
		}
		s.Pipelines = append(s.Pipelines, mapped)
	}
	return mapping.NewSync(s), nil
}

func fieldOf(f *configv1.FieldSpec) mapping.Field {
	return mapping.Field{Name: f.GetName(), Type: deal.Type(f.GetType()), Currency: f.GetCurrency()}
}

func filterOf(f *configv1.Filter) (*mapping.Filter, error) {
	if f.GetGroup() == nil {
		return nil, nil
	}
	terms, err := filter.New(groupOf(f.GetGroup()))
	if err != nil {
		return nil, err
	}
	return &mapping.Filter{Terms: terms, Continue: f.GetOnExit() == "continue"}, nil
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
