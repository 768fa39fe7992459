package deal

// Ways are the ways in which values may travel between the two sides.
type Ways uint8

// The ways, as a set.
const (
	NoWay     Ways = 0
	ToHubSpot Ways = 1
	ToApp     Ways = 2
	BothWays       = ToHubSpot | ToApp
)

// To reports whether values may travel to a side.
func (w Ways) To(side Side) bool {
	switch side {
	case HubSpot:
		return w&ToHubSpot != 0
	case App:
		return w&ToApp != 0
	default:
		return false
	}
}

// String is the direction's name in documents.
func (w Ways) String() string {
	switch w {
	case ToHubSpot:
		return "to_hubspot"
	case ToApp:
		return "to_app"
	case BothWays:
		return "both"
	default:
		return "none"
	}
}
