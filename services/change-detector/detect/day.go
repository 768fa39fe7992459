package detect

import (
	"slices"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// dayOf is the day it is for a sync, in its time zone, if a filter of it looks at
// today; else "". Records enter and leave such a filter while nobody edits them.
func dayOf(y *configv1.Sync, now time.Time) string {
	if !relative(y.GetFilterHubspot().GetGroup()) && !relative(y.GetFilterApp().GetGroup()) {
		return ""
	}
	zone, err := time.LoadLocation(y.GetTimeZone()) // "" is UTC
	if err != nil {
		zone = time.UTC
	}
	return now.In(zone).Format(time.DateOnly)
}

// relative reports whether a filter compares a date with one that moves, such as
// "-30d". Applying a sync has checked its filters, so what is no date by itself is
// one that moves.
func relative(g *configv1.Group) bool {
	if g == nil {
		return false
	}
	return slices.ContainsFunc(g.GetConditions(), moves) || slices.ContainsFunc(g.GetGroups(), relative)
}

func moves(c *configv1.Condition) bool {
	kind := deal.Type(c.GetType())
	if kind != deal.Date && kind != deal.Datetime {
		return false
	}
	return slices.ContainsFunc(c.GetValues(), func(value string) bool {
		_, ok := deal.Canonical(kind, value)
		return !ok
	})
}
