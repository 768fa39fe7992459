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

// compatible is the type compatibility table of the specification (R12):
// HubSpot's type, then the app's. What is not in it is not allowed. Calculated
// and score properties, a row of their own there, are numbers that can't be
// written. Stages are no part of it: they travel by the pipeline mapping.
var compatible = map[Type]map[Type]Ways{
	Text: {
		Text: BothWays, Number: ToHubSpot, Date: ToHubSpot, Datetime: ToHubSpot,
		Bool: ToHubSpot, Picklist: ToHubSpot, Owner: ToHubSpot,
	},
	Number:   {Text: ToApp, Number: BothWays},
	Date:     {Text: ToApp, Date: BothWays, Datetime: BothWays},
	Datetime: {Text: ToApp, Date: BothWays, Datetime: BothWays},
	Bool:     {Text: ToApp, Bool: BothWays},
	Picklist: {Text: ToApp, Picklist: BothWays}, // option by option
	Multi:    {Text: ToApp},
	Owner:    {Text: ToApp, Owner: BothWays},
}

// Compatible tells which ways values may travel between a HubSpot property and
// a field of the app by their types alone; that a field is read-only, or that
// the sync goes one way, takes more away.
func Compatible(hubspot, app Type) Ways { return compatible[hubspot][app] }
