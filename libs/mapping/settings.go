// Package mapping maps records: which of them a sync covers, and what their
// fields mean in the other side's terms. It is pure: settings and a record
// come in, an image goes out. It never looks up a pair, decides a conflict or
// drops a record; a record that must not travel leaves with its reason.
package mapping

import (
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
)

// Field is one field of one side.
type Field struct {
	Name string
	Type deal.Type
	// Currency names the field that holds this amount's currency (R18).
	Currency string
}

// Line is one field mapping: the unit's name, two fields, and the ways in which
// values may travel.
type Line struct {
	Unit         string
	HubSpot, App Field
	Ways         deal.Ways
}

// Stage maps one HubSpot stage to one stage of the app. Both are what the stage
// field holds: HubSpot's stage id, the app's "pipeline/stage" (deal.Stage).
type Stage struct{ HubSpot, App string }

// Pipeline maps one HubSpot pipeline to one pipeline of the app.
type Pipeline struct {
	HubSpot, App string
	Stages       []Stage
}

// Filter is what a record must meet to be synced (R11).
type Filter struct {
	Terms *filter.Filter
	// Continue keeps a pair going after its record left the filter.
	Continue bool
}

// Settings are what one sync says about mapping.
type Settings struct {
	Object deal.Object
	// Ways are the sync's direction (R6).
	Ways      deal.Ways
	Lines     []Line
	Pipelines []Pipeline
	// FilterHubSpot and FilterApp are what records of that side must meet;
	// nil lets all pass (R11).
	FilterHubSpot, FilterApp *Filter
	// CurrencyHubSpot and CurrencyApp stand for a blank currency of that side.
	CurrencyHubSpot, CurrencyApp string
	// Zone is the time zone in which a moment has a date; nil is UTC.
	Zone *time.Location
}

func (s *Settings) filter(side deal.Side) *Filter {
	if side == deal.HubSpot {
		return s.FilterHubSpot
	}
	return s.FilterApp
}

func (s *Settings) currency(side deal.Side) string {
	if side == deal.HubSpot {
		return s.CurrencyHubSpot
	}
	return s.CurrencyApp
}

func (l *Line) field(side deal.Side) Field {
	if side == deal.HubSpot {
		return l.HubSpot
	}
	return l.App
}
