package pool

import (
	"maps"
	"slices"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// mapped are the fields that the syncs of a connection need, worked out once
// for each snapshot.
type mapped struct {
	settings              Settings
	workspace, connection string

	mu       sync.Mutex
	snapshot *settings.Snapshot
	byObject map[deal.Object][]string
}

func (m *mapped) fields(object deal.Object) []string {
	now := m.settings.Snapshot()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.snapshot != now {
		m.snapshot, m.byObject = now, map[deal.Object][]string{}
	}
	names, ok := m.byObject[object]
	if !ok {
		names = fieldsOf(now.SyncsOf(m.workspace, m.connection, object), m.connection)
		m.byObject[object] = names
	}
	return names
}

func fieldsOf(syncs []*configv1.Sync, connection string) []string {
	set := map[string]bool{}
	for _, sync := range syncs {
		side, filter := settings.SideOf(sync, connection), sync.GetFilterApp()
		if side == deal.HubSpot {
			filter = sync.GetFilterHubspot()
		}
		for _, line := range sync.GetFields() {
			spec := line.GetApp()
			if side == deal.HubSpot {
				spec = line.GetHubspot()
			}
			set[spec.GetName()], set[spec.GetCurrency()] = true, true
		}
		addFiltered(set, filter.GetGroup())
	}
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

func addFiltered(set map[string]bool, group *configv1.Group) {
	for _, c := range group.GetConditions() {
		set[c.GetField()] = true
	}
	for _, g := range group.GetGroups() {
		addFiltered(set, g)
	}
}
