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
	// Options map a picklist option by option. Of several lines for one option the
	// first is written; an option that the other side already has stays when it
	// means the wanted one. No lines: both sides have the same options. Of a
	// picklist that is written to a text, a line says what is written; an option
	// without a line is written as it is.
	Options []Option
	// Owners are the users of the two accounts who have the same e-mail address
	// (R18). A user without a counterpart is listed to tell the address, which is
	// what a text gets.
	Owners []Owner
	// DefaultHubSpotOwner and DefaultAppOwner stand on their side for an owner who
	// has no counterpart there; empty: there is no such owner.
	DefaultHubSpotOwner, DefaultAppOwner string
}

// Option maps one option of a HubSpot picklist to one of the app's, by id.
type Option struct{ HubSpot, App string }

// Owner is a person: the ids of the users of the two accounts, either of which
// may be empty, and the e-mail address.
type Owner struct{ HubSpot, App, Email string }

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
	// CurrenciesHubSpot and CurrenciesApp are those that the accounts accept;
	// empty: not known, all are let through (R18).
	CurrenciesHubSpot, CurrenciesApp []string
	// Zone is the time zone in which a moment has a date and in which relative
	// dates of filters are reckoned; nil is UTC.
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

func (s *Settings) currencies(side deal.Side) []string {
	if side == deal.HubSpot {
		return s.CurrenciesHubSpot
	}
	return s.CurrenciesApp
}

func (l *Line) defaultOwner(side deal.Side) string {
	if side == deal.HubSpot {
		return l.DefaultHubSpotOwner
	}
	return l.DefaultAppOwner
}

func (l *Line) field(side deal.Side) Field {
	if side == deal.HubSpot {
		return l.HubSpot
	}
	return l.App
}
