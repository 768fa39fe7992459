package settings

import (
	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Unit is a field line of a sync, by the name that proposals, pairs and
// journals call it, and the ways in which it may be written: its direction, less
// what a read-only field can't take (R12). The sync's own direction is apart.
type Unit struct {
	Name string
	Line *configv1.FieldLine
	Ways deal.Ways
}

// UnitsOf are a sync's field lines as units. A line is named after its HubSpot
// field; a further line of the same HubSpot field adds the app's, so that names
// are unique and those of other lines never change. Two stage fields are
// deal.StageUnit.
func UnitsOf(sync *configv1.Sync) []Unit {
	units := make([]Unit, 0, len(sync.GetFields()))
	taken := map[string]bool{deal.StageUnit: true}
	for _, l := range sync.GetFields() {
		hubspot, app := l.GetHubspot(), l.GetApp()
		name := hubspot.GetName()
		switch {
		case hubspot.GetType() == string(deal.Stage) && app.GetType() == string(deal.Stage):
			name = deal.StageUnit
		case taken[name]:
			name += ":" + app.GetName()
		}
		taken[name] = true
		ways := WaysOf(l.GetDirection())
		if hubspot.GetReadOnly() {
			ways &= deal.ToApp
		}
		if app.GetReadOnly() {
			ways &= deal.ToHubSpot
		}
		units = append(units, Unit{name, l, ways})
	}
	return units
}

// DirectionOf writes ways as a direction.
func DirectionOf(w deal.Ways) configv1.Direction {
	switch w {
	case deal.ToHubSpot:
		return configv1.Direction_DIRECTION_TO_HUBSPOT
	case deal.ToApp:
		return configv1.Direction_DIRECTION_TO_APP
	default:
		return configv1.Direction_DIRECTION_BOTH
	}
}

// WaysOf reads a direction; one that is not set goes both ways.
func WaysOf(d configv1.Direction) deal.Ways {
	switch d {
	case configv1.Direction_DIRECTION_TO_HUBSPOT:
		return deal.ToHubSpot
	case configv1.Direction_DIRECTION_TO_APP:
		return deal.ToApp
	default:
		return deal.BothWays
	}
}
