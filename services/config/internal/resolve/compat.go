package resolve

import (
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// ways is a set of directions.
type ways uint8

const (
	never     ways = 0
	toHubSpot ways = 1
	toApp     ways = 2
	both           = toHubSpot | toApp
)

// calculated is the row of HubSpot's calculated and score properties.
const calculated deal.Type = "calculated"

// compat is the type compatibility table of the specification: HubSpot's type,
// the app's type, and which ways a value may travel. What is not in it is not
// allowed. Picklists travel option by option.
var compat = map[deal.Type]map[deal.Type]ways{
	deal.Text: {
		deal.Text: both, deal.Number: toHubSpot, deal.Date: toHubSpot, deal.Datetime: toHubSpot,
		deal.Bool: toHubSpot, deal.Picklist: toHubSpot, deal.Owner: toHubSpot,
	},
	deal.Number:   {deal.Text: toApp, deal.Number: both},
	deal.Date:     {deal.Text: toApp, deal.Date: both, deal.Datetime: both},
	deal.Datetime: {deal.Text: toApp, deal.Date: both, deal.Datetime: both},
	deal.Bool:     {deal.Text: toApp, deal.Bool: both},
	deal.Picklist: {deal.Text: toApp, deal.Picklist: both},
	deal.Multi:    {deal.Text: toApp},
	calculated:    {deal.Text: toApp, deal.Number: toApp},
	deal.Owner:    {deal.Text: toApp, deal.Owner: both},
}

// allowed is which ways a value may travel between two fields: what their
// types allow, less what a read-only field can't take (R12).
func allowed(hubspot, app *connector.Field) ways {
	row := hubspot.Type
	if hubspot.ReadOnly && (row == deal.Text || row == deal.Number) {
		row = calculated
	}
	w := compat[row][app.Type]
	if hubspot.ReadOnly {
		w &= toApp
	}
	if app.ReadOnly {
		w &= toHubSpot
	}
	return w
}

// String is the direction's name in documents.
func (w ways) String() string {
	switch w {
	case toHubSpot:
		return "to_hubspot"
	case toApp:
		return "to_app"
	case both:
		return "both"
	default:
		return "none"
	}
}

// wayOf reads a direction of a document; blank is the given other.
func wayOf(direction string, other ways) ways {
	switch direction {
	case "to_hubspot":
		return toHubSpot
	case "to_app":
		return toApp
	case "both":
		return both
	default:
		return other
	}
}
