package resolve

import (
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// stageUnit is the mapper's name for the unit that holds a deal's stage.
const stageUnit = "stage"

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

// policyOf reads a sync's settings. Units are named as the mapper names them:
// after their HubSpot field, with the app's for a further line of the same one.
func policyOf(y *configv1.Sync, skew time.Duration) core.Policy {
	p := core.Policy{
		Winner: deal.HubSpot, WindowMs: y.GetWindowMs(), SkewMs: skew.Milliseconds(),
		Direction: directionOf(y.GetDirection()), Units: map[string]core.Direction{}, Paused: y.GetPaused(),
	}
	if y.GetWinner() == configv1.Winner_WINNER_APP {
		p.Winner = deal.App
	}
	names := map[string]bool{stageUnit: true}
	for _, l := range y.GetFields() {
		d := lineDirection(l)
		if l.GetHubspot().GetType() == string(deal.Stage) && l.GetApp().GetType() == string(deal.Stage) {
			p.Units[stageUnit] = d
			continue
		}
		name := l.GetHubspot().GetName()
		if names[name] {
			name += ":" + l.GetApp().GetName()
		}
		names[name] = true
		p.Units[name] = d
	}
	return p
}

// lineDirection is a field line's direction; a read-only field is never written (R12).
func lineDirection(l *configv1.FieldLine) core.Direction {
	d := directionOf(l.GetDirection())
	if l.GetHubspot().GetReadOnly() {
		d &^= core.ToHubSpot
	}
	if l.GetApp().GetReadOnly() {
		d &^= core.ToApp
	}
	return d
}

func directionOf(d configv1.Direction) core.Direction {
	switch d {
	case configv1.Direction_DIRECTION_TO_HUBSPOT:
		return core.ToHubSpot
	case configv1.Direction_DIRECTION_TO_APP:
		return core.ToApp
	default:
		return core.Both
	}
}
