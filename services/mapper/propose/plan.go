package propose

import (
	"sync"

	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/match"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// plans keeps each sync's settings ready for mapping, one plan a revision.
type plans struct {
	mu   sync.RWMutex
	held map[planKey]*plan
}

type planKey struct{ workspace, sync string }

// plan is a sync made ready, or why it can't be.
type plan struct {
	*mapping.Sync
	from *configv1.Sync
	err  error
	// keys are the fields that records are matched by, of each side; none where
	// existing records are never paired (R14).
	keys [3][]match.Field
	// rules are the match rules as the detector writes them (see matched).
	rules string
}

// of answers the plan of a sync as the snapshot has it. Snapshots are never
// modified, so the same sync is the same pointer and a new one is a new plan.
func (p *plans) of(y *configv1.Sync) (*plan, error) {
	k := planKey{y.GetWorkspace(), y.GetName()}
	p.mu.RLock()
	held := p.held[k]
	p.mu.RUnlock()
	if held != nil && held.from == y {
		return held, held.err
	}
	made := newPlan(y)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[planKey]*plan{}
	}
	p.held[k] = made
	return made, made.err
}

func newPlan(y *configv1.Sync) *plan {
	p := &plan{from: y, rules: settings.RulesOf(y)}
	p.Sync, p.err = settings.Mapping(y)
	for _, side := range sides {
		p.keys[side] = settings.MatchFields(y, side)
	}
	return p
}
