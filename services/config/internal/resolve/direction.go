package resolve

import (
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Ways is which ways values may travel between two fields: what their types
// allow, less what a read-only field can't take (R12).
func Ways(hubspot, app *connector.Field) deal.Ways {
	w := deal.Compatible(hubspot.Type, app.Type)
	if hubspot.ReadOnly {
		w &= deal.ToApp
	}
	if app.ReadOnly {
		w &= deal.ToHubSpot
	}
	return w
}

// wayOf reads a direction of a document; blank is the given other.
func wayOf(direction string, other deal.Ways) deal.Ways {
	for _, w := range []deal.Ways{deal.ToHubSpot, deal.ToApp, deal.BothWays} {
		if direction == w.String() {
			return w
		}
	}
	return other
}

func protoDirection(w deal.Ways) configv1.Direction {
	switch w {
	case deal.ToHubSpot:
		return configv1.Direction_DIRECTION_TO_HUBSPOT
	case deal.ToApp:
		return configv1.Direction_DIRECTION_TO_APP
	default:
		return configv1.Direction_DIRECTION_BOTH
	}
}
