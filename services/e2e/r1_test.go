package e2e

import (
	"testing"
	"time"
)

// R1: two-way sync of deals between HubSpot and another app. The deals are older
// than the conflict window: a creation is an edit of every field, too.
func TestR1_DealsCrossBothWays(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)

		inHubSpot := x.hubspot.create(fields{"dealname": "Born in HubSpot", "amount": "1200.50", "deal_currency_code": "EUR", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		app := x.counterpart(inHubSpot)
		x.holds(x.pipedrive, app, fields{"title": "Born in HubSpot", "value": "1200.5", "currency": "EUR", "stage_id": "2", "status": "open"})
		x.pipedrive.edit(app, fields{"title": "Renamed in the app"})
		x.holds(x.hubspot, inHubSpot, fields{"dealname": "Renamed in the app", "amount": "1200.50"})
		x.hubspot.edit(inHubSpot, fields{"amount": "99"})
		x.holds(x.pipedrive, app, fields{"title": "Renamed in the app", "value": "99"})

		inApp := x.pipedrive.create(fields{"title": "Born in the app", "value": 70, "currency": "USD", "stage_id": 3}, ago(time.Hour))
		hubspot := x.counterpart(inApp)
		x.holds(x.hubspot, hubspot, fields{"dealname": "Born in the app", "amount": "70", "deal_currency_code": "USD", "dealstage": "presentationscheduled"})
		x.hubspot.do(hubspot, "stage", "decisionmakerboughtin")
		x.holds(x.pipedrive, inApp, fields{"stage_id": "4"})
		x.pipedrive.do(app, "stage", "1")
		x.holds(x.hubspot, inHubSpot, fields{"dealstage": "appointmentscheduled"})
	})
}
