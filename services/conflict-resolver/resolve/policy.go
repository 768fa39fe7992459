package resolve

import (
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// policies keeps each sync's policy ready, one a revision.
type policies struct {
	mu   sync.RWMutex
	held map[syncKey]policy
}

type syncKey struct{ workspace, sync string }

type policy struct {
	from *configv1.Sync
	core core.Policy
}

// of answers the policy of a sync as the snapshot has it. Snapshots are never
// modified, so the same sync is the same pointer.
func (p *policies) of(y *configv1.Sync, skew time.Duration) core.Policy {
	k := syncKey{y.GetWorkspace(), y.GetName()}
	p.mu.RLock()
	held := p.held[k]
	p.mu.RUnlock()
	if held.from == y {
		return held.core
	}
	made := policyOf(y, skew)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[syncKey]policy{}
	}
	p.held[k] = policy{y, made}
	return made
}

// policyOf reads a sync's settings.
func policyOf(y *configv1.Sync, skew time.Duration) core.Policy {
	p := core.Policy{
		Winner: settings.WinnerOf(y), WindowMs: y.GetWindowMs(), SkewMs: skew.Milliseconds(),
		Direction: settings.WaysOf(y.GetDirection()), Units: map[string]deal.Ways{}, Paused: y.GetPaused(),
	}
	for _, a := range y.GetAssociations() {
		if p.Associations == nil {
			p.Associations = map[string]core.Ends{}
		}
		p.Associations[a.GetObject()] = core.Ends{HubSpotMany: a.GetHubspot().GetMany(), AppMany: a.GetApp().GetMany()}
	}
	for _, u := range settings.UnitsOf(y) {
		p.Units[u.Name] = u.Ways
	}
	return p
}
