package detect

import (
	"slices"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// standing are fields that matter to every sync of an object: the pair key and,
// of deals, HubSpot's stage and pipeline and an app's stage.
func standing(object deal.Object) []string {
	if object == deal.Deals {
		return []string{deal.PairKeyField, "dealstage", "pipeline", "stage"}
	}
	return []string{deal.PairKeyField}
}

// interest are the fields whose change is worth telling: what some sync maps,
// filters or matches by, associations that it carries over, where a deal stands,
// and to which pair a record belongs. The names are worked out once for each
// snapshot.
type interest struct {
	mu       sync.Mutex
	snapshot *settings.Snapshot
	held     map[interestKey]map[string]bool
}

type interestKey struct {
	workspace, connection string
	object                deal.Object
}

func (i *interest) of(now *settings.Snapshot, at place) map[string]bool {
	k := interestKey{at.workspace, at.connection, at.object}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.snapshot != now {
		i.snapshot, i.held = now, map[interestKey]map[string]bool{}
	}
	names, ok := i.held[k]
	if !ok {
		names = map[string]bool{}
		for _, name := range slices.Concat(standing(at.object), mapped(now, at)) {
			names[name] = true
		}
		i.held[k] = names
	}
	return names
}

// mapped are the fields that some sync maps, filters or matches by, or reads
// associations from.
func mapped(now *settings.Snapshot, at place) []string {
	return now.FieldsOf(at.workspace, at.connection, at.object)
}

// lacks reports whether a copy was taken before a wanted field was asked for:
// a field that is not there is unknown, not blank.
func lacks(c core.Copy, names []string) bool {
	for _, name := range names {
		if _, ok := c.Fields[name]; !ok {
			return true
		}
	}
	return false
}
