package settings

import (
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// fieldsOf works out what Snapshot.FieldsOf answers.
func fieldsOf(syncs []*configv1.Sync, connection string) []string {
	names := map[string]bool{}
	for _, y := range syncs {
		side, filter := SideOf(y, connection), y.GetFilterApp()
		if side == deal.HubSpot {
			filter = y.GetFilterHubspot()
		}
		for _, line := range y.GetFields() {
			spec := line.GetApp()
			if side == deal.HubSpot {
				spec = line.GetHubspot()
			}
			// An amount travels with its currency (R18).
			names[spec.GetName()], names[spec.GetCurrency()] = true, true
		}
		addFiltered(names, filter.GetGroup())
		// Associations are made from the ids that a field holds (R16), and existing
		// records are paired by what they have in common (R15).
		for _, a := range y.GetAssociations() {
			names[EndOf(a, side).GetField()] = true
		}
		for _, f := range MatchFields(y, side) {
			names[f.Name] = true
		}
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names))
}

func addFiltered(names map[string]bool, group *configv1.Group) {
	for _, c := range group.GetConditions() {
		names[c.GetField()] = true
	}
	for _, g := range group.GetGroups() {
		addFiltered(names, g)
	}
}
