package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Unit is what one field mapping line holds on the record's side, in both
// sides' terms.
//
// Other is EMPTY when the value must never be written to the other side: the
// sync or the line does not go that way, the field there is read-only, or the
// value has no counterpart (then Untranslatable says why). A blank value that
// may travel has Other set, to blank values. So whoever decides writes needs no
// second look at directions: what has no Other is not written.
type Unit struct {
	Name       string
	Own, Other deal.Fields
	// At is the time of the last edit of the unit's fields, in Unix milliseconds.
	At      int64
	Changed bool
	// Untranslatable is "code: words" (SplitReason), with one of the codes of
	// this package.
	Untranslatable string
}

// reader makes a unit of a record; known is false when the record's image does
// not have the unit's field.
type reader interface {
	read(side deal.Side, r *Record) (unit Unit, known bool)
}

// valueUnit is a field line. An amount with its currency is one unit (R18).
type valueUnit struct {
	line     Line
	ways     deal.Ways // the line's within the sync's
	settings *Settings
	// to are the translations to either side.
	to [3]translation
}

func newValueUnit(line Line, ways deal.Ways, settings *Settings) *valueUnit {
	u := &valueUnit{line: line, ways: ways, settings: settings}
	for _, side := range []deal.Side{deal.HubSpot, deal.App} {
		u.to[side] = u.line.translationTo(side, settings.Zone)
	}
	return u
}

// money reports whether both fields are amounts that have a currency.
func (u *valueUnit) money() bool { return u.line.HubSpot.Currency != "" && u.line.App.Currency != "" }

func (u *valueUnit) read(side deal.Side, r *Record) (Unit, bool) {
	f := u.line.field(side)
	v, known := r.Fields[f.Name]
	if !known {
		return Unit{}, false
	}
	unit := Unit{Name: u.line.Unit, Own: deal.Fields{f.Name: v.Text}, At: v.At, Changed: r.Changed[f.Name]}
	if u.money() {
		c := r.Fields[f.Currency]
		unit.At = max(unit.At, c.At)
		unit.Changed = unit.Changed || r.Changed[f.Currency]
		// A currency without an amount says nothing: left out, so that the
		// unit is blank and a blank never wipes an amount (R7).
		if v.Text != "" {
			unit.Own[f.Currency] = c.Text
			if c.Text == "" {
				unit.Own[f.Currency] = u.settings.currency(side)
			}
		}
	}
	if u.ways.To(side.Other()) {
		unit.Other, unit.Untranslatable = u.translate(side, unit.Own)
	}
	return unit, true
}

func (u *valueUnit) translate(side deal.Side, own deal.Fields) (deal.Fields, string) {
	from, to := u.line.field(side), u.line.field(side.Other())
	value, why := u.to[side.Other()](own[from.Name])
	if why != "" {
		return nil, why
	}
	other := deal.Fields{to.Name: value}
	if !u.money() {
		return other, ""
	}
	// Of a blank amount the currency is blank as well. It is named all the same: an
	// app that never has a blank amount answers both, and so its answer is known.
	other[to.Currency] = ""
	if currency, ok := own[from.Currency]; ok {
		if currency == "" { // nobody knows it, so it is what a blank means over there
			currency = u.settings.currency(side.Other())
		}
		if why := u.refuses(side.Other(), currency); why != "" {
			return nil, why
		}
		other[to.Currency] = currency
	}
	return other, ""
}

// refuses says why a side does not accept a currency. An app that gets one it
// has not enabled refuses the whole record, or keeps the amount in another one.
func (u *valueUnit) refuses(side deal.Side, currency string) string {
	accepted := u.settings.currencies(side)
	if currency == "" || len(accepted) == 0 || slices.Contains(accepted, currency) {
		return ""
	}
	return reason(CurrencyUnknown, "currency %q of %s is not enabled in %s (%s): enable it there, or change the currency",
		currency, whose(side.Other(), u.line.field(side.Other()).Name), sideName(side), some(accepted))
}

// some are the first few of a list, for people.
func some(list []string) string {
	const few = 8
	if len(list) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
	}
	return strings.Join(list, ", ")
}

// stageUnit is the stage together with HubSpot's pipeline.
type stageUnit struct {
	stages *stages
	ways   deal.Ways
}

func (u *stageUnit) read(side deal.Side, r *Record) (Unit, bool) {
	if _, known := r.Fields[u.stages.field(side)]; !known {
		return Unit{}, false
	}
	own, at := u.stages.own(side, r)
	unit := Unit{Name: deal.StageUnit, Own: own, At: at, Changed: r.Changed[u.stages.field(side)]}
	if !u.ways.To(side.Other()) {
		return unit, true
	}
	other, ok := u.stages.other(side, own)
	if !ok {
		unit.Untranslatable = reason(StageNotMapped, "%s", u.stages.unmapped(side, r))
		return unit, true
	}
	unit.Other = other
	return unit, true
}
