package detect

import (
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// wanted are the fields of a connection's object that some sync maps or filters by.
func wanted(syncs []*configv1.Sync, connection string) map[string]bool {
	names := map[string]bool{}
	for _, y := range syncs {
		side, filter := settings.SideOf(y, connection), y.GetFilterApp()
		if side == deal.HubSpot {
			filter = y.GetFilterHubspot()
		}
		for _, line := range y.GetFields() {
			spec := line.GetApp()
			if side == deal.HubSpot {
				spec = line.GetHubspot()
			}
			names[spec.GetName()], names[spec.GetCurrency()] = true, true
		}
		filtered(names, filter.GetGroup())
	}
	delete(names, "")
	return names
}

func filtered(names map[string]bool, g *configv1.Group) {
	for _, c := range g.GetConditions() {
		names[c.GetField()] = true
	}
	for _, sub := range g.GetGroups() {
		filtered(names, sub)
	}
}

// lacks reports whether a copy was taken before a wanted field was asked for:
// a field that is not there is unknown, not blank.
func lacks(c core.Copy, names map[string]bool) bool {
	for name := range names {
		if _, ok := c.Fields[name]; !ok {
			return true
		}
	}
	return false
}
