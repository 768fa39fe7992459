package resolve

import (
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
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

// syncDirection narrows a sync to the ways in which both apps share its object
// (R2). What is written beyond them is refused.
func (r *resolver) syncDirection() deal.Ways {
	possible := deal.BothWays
	for _, m := range []*connector.Manifest{r.HubSpotManifest, r.AppManifest} {
		if shared := m.Object(deal.Object(r.spec.Object)); shared != nil && shared.Ways != deal.NoWay {
			possible &= shared.Ways
		}
	}
	want := wayOf(r.spec.Direction, possible)
	if want&^possible != deal.NoWay {
		r.fail("spec.direction", "direction_not_shared", "spec.direction: %s shares %s %s only, not %s; allowed: %s, or leave it out",
			r.title, r.spec.Object, possible, want, possible)
	}
	return want & possible
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
