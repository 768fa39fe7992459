package mapping

import (
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// moment is the canonical form of deal.Datetime, spoken the one that people
// read in a text: in the zone of the sync, with its distance from UTC.
const (
	moment = "2006-01-02T15:04:05.999Z07:00"
	spoken = "2006-01-02 15:04:05.999 -07:00"
)

// translation brings a canonical value of one field into the canonical form of
// the other side's; blank stays blank. The reason is not empty when there is no
// such value; then nothing may be written.
//
// There and back a translation is a lens: what arrived, sent back and again,
// arrives the same, and between equal types what was sent comes back. For maps
// that is so where one end of each line is its own (Tangled), and for owners
// where the default owners come back as themselves: both have counterparts, or
// neither has. Else owners settle within two rounds.
type translation func(value string) (translated, reason string)

// translationTo is how values of a line are brought to a side.
func (l *Line) translationTo(to deal.Side, zone *time.Location) translation {
	from, src, dst := to.Other(), l.field(to.Other()), l.field(to)
	if !deal.Compatible(l.HubSpot.Type, l.App.Type).To(to) {
		why := reason(TypeMismatch, "%s (%s) can't be written to %s (%s): change the field mapping",
			whose(from, src.Name), src.Type, whose(to, dst.Name), dst.Type)
		return func(string) (string, string) { return "", why }
	}
	translate := l.between(from, src, dst, zone)
	return func(v string) (string, string) {
		if v == "" {
			return "", ""
		}
		return translate(v)
	}
}

// between translates values that are not blank, of types that are compatible.
func (l *Line) between(from deal.Side, src, dst Field, zone *time.Location) translation {
	name := whose(from, src.Name)
	switch {
	case dst.Type == deal.Text:
		return l.textOf(from, zone)
	case src.Type == deal.Picklist:
		return l.options(from)
	case src.Type == deal.Owner:
		return l.owners(from)
	case src.Type == deal.Date && dst.Type == deal.Datetime:
		return func(v string) (string, string) { return startOf(v, name, zone) }
	case src.Type == deal.Datetime && dst.Type == deal.Date:
		return func(v string) (string, string) { return dayOf(v, name, zone) }
	default:
		return func(v string) (string, string) { return same(src.Type, v, name) }
	}
}

// same is a value of equal types. What is not of its type is not written: the
// other side would refuse it, or take it for something else.
func same(of deal.Type, value, name string) (string, string) {
	v, ok := deal.Canonical(of, value)
	if !ok {
		return "", reason(TypeMismatch, "%q of %s is no %s: correct it there", value, name, of)
	}
	return v, ""
}

// startOf is the moment at which a date begins in the zone.
func startOf(value, name string, zone *time.Location) (string, string) {
	d, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return "", reason(TypeMismatch, "%q of %s is no date: correct it there", value, name)
	}
	at := deal.StartOfDay(d.Year(), d.Month(), d.Day(), zone).Truncate(time.Millisecond).UTC()
	if at.Year() < 0 || at.Year() > 9999 {
		return "", reason(TypeMismatch, "%q of %s begins in a year that can't be written: correct it there", value, name)
	}
	return at.Format(moment), ""
}

// dayOf is the date that a moment has in the zone.
func dayOf(value, name string, zone *time.Location) (string, string) {
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return "", reason(TypeMismatch, "%q of %s is no date with time: correct it there", value, name)
	}
	at = at.In(zone)
	if at.Year() < 0 || at.Year() > 9999 {
		return "", reason(TypeMismatch, "%q of %s is in a year that can't be written: correct it there", value, name)
	}
	return at.Format(time.DateOnly), ""
}

// textOf is what people read: everything may become text, and text becomes
// nothing else. What can't be read as its type is text already.
func (l *Line) textOf(from deal.Side, zone *time.Location) translation {
	switch l.field(from).Type {
	case deal.Datetime:
		return func(v string) (string, string) {
			at, err := time.Parse(time.RFC3339Nano, v)
			if err != nil {
				return v, ""
			}
			return at.In(zone).Format(spoken), ""
		}
	case deal.Picklist, deal.Multi:
		labels := newPairing(l.Options).to[from.Other()]
		return func(v string) (string, string) {
			chosen := strings.Split(v, ";")
			for i, option := range chosen {
				if label, ok := labels[option]; ok {
					chosen[i] = label
				}
			}
			return strings.Join(chosen, "; "), ""
		}
	case deal.Owner:
		emails := l.emails(from)
		return func(v string) (string, string) {
			if email, ok := emails[v]; ok {
				return email, ""
			}
			return v, ""
		}
	default:
		return func(v string) (string, string) { return v, "" }
	}
}
