package core

import "github.com/dealsync/dealsync/libs/deal"

// Direction is the set of sides that edits may travel to.
type Direction uint8

// Directions (R6).
const (
	Nowhere   Direction = 0
	ToHubSpot Direction = 1
	ToApp     Direction = 2
	Both      Direction = ToHubSpot | ToApp
)

// Policy is what a sync's settings say about resolving.
type Policy struct {
	// Winner is the side whose edit stands in a conflict (R7).
	Winner deal.Side
	// WindowMs: two edits no further apart than this are a conflict.
	WindowMs int64
	// SkewMs is how far the clocks of apps and ours may differ.
	SkewMs int64
	// Direction of the sync, and of single units where they are narrower.
	Direction Direction
	Units     map[string]Direction
	// Paused: nothing is written; news is still taken in.
	Paused bool
}

// WindowLife is how long, in milliseconds, an edit's value is kept for a rival:
// news of a rival may come as late again as the window is long.
func (p Policy) WindowLife() int64 { return 2*p.WindowMs + p.SkewMs }

// unit is the direction of one unit.
func (p Policy) unit(name string) Direction {
	if d, ok := p.Units[name]; ok {
		return p.Direction & d
	}
	return p.Direction
}

// to reports whether edits may travel to side s.
func (d Direction) to(s deal.Side) bool {
	if s == deal.App {
		return d&ToApp != 0
	}
	return d&ToHubSpot != 0
}

// winner is the side that wins a conflict: of a one-way unit always the source
// (R7, rule 5).
func (p Policy) winner(d Direction) deal.Side {
	switch d {
	case ToApp:
		return deal.HubSpot
	case ToHubSpot:
		return deal.App
	}
	if p.Winner == deal.App {
		return deal.App
	}
	return deal.HubSpot
}
