package settings

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // zones are known wherever the program runs

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/libs/mapping"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// CodeUnknownZone is the code of a time zone that this program does not know.
const CodeUnknownZone = "unknown_time_zone"

// Mapping is a sync made ready to map records. Applying a sync has checked its
// filters and time zone, so an error is of another release: guessing at it would
// hide records, share them, or move their dates.
func Mapping(y *configv1.Sync) (*mapping.Sync, error) {
	s := mapping.Settings{
		Object:            deal.Object(y.GetObject()),
		Ways:              WaysOf(y.GetDirection()),
		CurrencyHubSpot:   y.GetHubspotCurrency(),
		CurrencyApp:       y.GetAppCurrency(),
		CurrenciesHubSpot: y.GetHubspotCurrencies(),
		CurrenciesApp:     y.GetAppCurrencies(),
	}
	var err error
	if s.Zone, err = Zone(y.GetTimeZone()); err != nil {
		return nil, err
	}
	if s.FilterHubSpot, err = filterOf(y.GetFilterHubspot()); err != nil {
		return nil, fmt.Errorf("HubSpot's filter: %w", err)
	}
	if s.FilterApp, err = filterOf(y.GetFilterApp()); err != nil {
		return nil, fmt.Errorf("the app's filter: %w", err)
	}
	for _, u := range UnitsOf(y) {
		s.Lines = append(s.Lines, lineOf(u))
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

// Zone finds a time zone by its IANA name; blank is UTC. The zone of the machine
// is none: every replica must see the same dates.
func Zone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err == nil && name == "Local" {
		err = errors.New("it would depend on the machine")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, CodeUnknownZone, "time zone %q, want a name such as Europe/Berlin: %w", name, err)
	}
	return zone, nil
}

// Timed reports whether a sync's filters depend on the time (relative dates), so
// that its records must be looked at again although nobody edited them.
func Timed(y *configv1.Sync) (bool, error) {
	for _, f := range []*configv1.Filter{y.GetFilterHubspot(), y.GetFilterApp()} {
		ready, err := filterOf(f)
		if err != nil {
			return false, err
		}
		if ready != nil && ready.Terms.Relative() {
			return true, nil
		}
	}
	return false, nil
}

func lineOf(u Unit) mapping.Line {
	l := mapping.Line{
		Unit: u.Name, HubSpot: fieldOf(u.Line.GetHubspot()), App: fieldOf(u.Line.GetApp()), Ways: u.Ways,
		DefaultHubSpotOwner: u.Line.GetDefaultHubspotOwner(), DefaultAppOwner: u.Line.GetDefaultAppOwner(),
	}
	for _, o := range u.Line.GetOptions() {
		l.Options = append(l.Options, mapping.Option{HubSpot: o.GetHubspot(), App: o.GetApp()})
	}
	for _, o := range u.Line.GetOwners() {
		l.Owners = append(l.Owners, mapping.Owner{HubSpot: o.GetHubspot(), App: o.GetApp(), Email: o.GetEmail()})
	}
	return l
}

func fieldOf(f *configv1.FieldSpec) mapping.Field {
	return mapping.Field{Name: f.GetName(), Type: deal.Type(f.GetType()), Currency: f.GetCurrency()}
}

func filterOf(f *configv1.Filter) (*mapping.Filter, error) {
	if f.GetGroup() == nil {
		return nil, nil
	}
	terms, err := filter.New(GroupOf(f.GetGroup()))
	if err != nil {
		return nil, err
	}
	return &mapping.Filter{Terms: terms, Continue: f.GetOnExit() == "continue"}, nil
}

// GroupOf reads a filter's group as libs/filter takes it.
func GroupOf(g *configv1.Group) filter.Group {
	made := filter.Group{Any: g.GetAny()}
	for _, c := range g.GetConditions() {
		made.Conditions = append(made.Conditions, filter.Condition{
			Field: c.GetField(), Type: deal.Type(c.GetType()), Op: filter.Op(c.GetOp()), Values: c.GetValues(),
		})
	}
	for _, sub := range g.GetGroups() {
		made.Groups = append(made.Groups, GroupOf(sub))
	}
	return made
}
