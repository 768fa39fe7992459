package detect

import (
	"maps"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// fields are the names of a connection's fields that its syncs care about.
type fields struct {
	// mapped are those that some sync maps or filters by.
	mapped map[string]bool
	// news are those whose change is worth telling: what is mapped, where a deal
	// stands, and to which pair it belongs.
	news map[string]bool
}

// standing are fields that matter to every sync of deals: HubSpot's stage and
// pipeline, an app's stage, and the pair key.
var standing = []string{"dealstage", "pipeline", "stage", deal.PairKeyField}

// interest works the names out once for each snapshot.
type interest struct {
	mu       sync.Mutex
	snapshot *settings.Snapshot
	held     map[interestKey]fields
}

type interestKey struct {
	workspace, connection string
	object                deal.Object
}

func (i *interest) of(now *settings.Snapshot, at place) fields {
	k := interestKey{at.workspace, at.connection, at.object}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.snapshot != now {
		i.snapshot, i.held = now, map[interestKey]fields{}
	}
	f, ok := i.held[k]
	if !ok {
		f.mapped = wanted(now.SyncsOf(at.workspace, at.connection, at.object), at.connection)
		f.news = maps.Clone(f.mapped)
		for _, name := range standing {
			f.news[name] = true
		}
		i.held[k] = f
	}
	return f
}

// wanted are the fields that some of the syncs maps or filters by.
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
