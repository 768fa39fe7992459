package core

import "github.com/dealsync/dealsync/libs/deal"

// Policy is what a sync's settings say about resolving.
type Policy struct {
	// Winner is the side whose edit stands in a conflict (R7).
	Winner deal.Side
	// WindowMs: two edits no further apart than this are a conflict.
	WindowMs int64
	// SkewMs is how far the clocks of apps and ours may differ.
	SkewMs int64
	// Direction of the sync (R6), and of single units where they are narrower.
	Direction deal.Ways
	Units     map[string]deal.Ways
	// Associations are carried over (R16), by the object of their other end.
	Associations map[string]Ends
	// Paused: nothing is written; news is still taken in.
	Paused bool
}

// WindowLife is how long, in milliseconds, an edit's value is kept for a rival:
// news of a rival may come as late again as the window is long.
func (p Policy) WindowLife() int64 { return 2*p.WindowMs + p.SkewMs }

// unit is the direction of one unit.
func (p Policy) unit(name string) deal.Ways {
	if d, ok := p.Units[name]; ok {
		return p.Direction & d
	}
	return p.Direction
}

// winner is the side that wins a conflict: of a one-way unit always the source
// (R7, rule 5).
func (p Policy) winner(d deal.Ways) deal.Side {
	switch d {
	case deal.ToApp:
		return deal.HubSpot
	case deal.ToHubSpot:
		return deal.App
	}
	if p.Winner == deal.App {
		return deal.App
	}
	return deal.HubSpot
}
