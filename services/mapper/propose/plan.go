package propose

import (
	"sync"

	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// plans keeps each sync's settings ready for mapping, one plan a revision.
type plans struct {
	mu   sync.RWMutex
	held map[planKey]plan
}

type planKey struct{ workspace, sync string }

// plan is a sync made ready, or why it can't be.
type plan struct {
	from *configv1.Sync
	sync *mapping.Sync
	err  error
}

// of answers the plan of a sync as the snapshot has it. Snapshots are never
// modified, so the same sync is the same pointer and a new one is a new plan.
func (p *plans) of(y *configv1.Sync) (*mapping.Sync, error) {
	k := planKey{y.GetWorkspace(), y.GetName()}
	p.mu.RLock()
	held := p.held[k]
	p.mu.RUnlock()
	if held.from == y {
		return held.sync, held.err
	}
	made := plan{from: y}
	made.sync, made.err = settings.Mapping(y)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[planKey]plan{}
	}
	p.held[k] = made
	return made.sync, made.err
}
