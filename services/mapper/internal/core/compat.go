package core

import "github.com/dealsync/dealsync/libs/deal"

// ways says which way values may travel between two field types.
type ways uint8

const (
	never     ways = 0
	toHubSpot ways = 1 << iota
	toApp
	both = toHubSpot | toApp
)

// compatible is the type compatibility table of R12: HubSpot type, then app
// type. What is missing is not allowed. Stages are no part of it: a stage
// travels by the pipeline mapping only.
var compatible = map[deal.Type]map[deal.Type]ways{
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
	deal.Owner:    {deal.Text: toApp, deal.Owner: both},
}

// Compatible tells which ways values may travel between a HubSpot field type
// and an app field type (R12).
func Compatible(hubspot, app deal.Type) (canReachHubSpot, canReachApp bool) {
	w := compatible[hubspot][app]
	return w&toHubSpot != 0, w&toApp != 0
}

// reaches reports whether the table lets values of the two types travel to side.
func reaches(side deal.Side, hubspot, app deal.Type) bool {
	h, a := Compatible(hubspot, app)
	if side == deal.HubSpot {
		return h
	}
	return a
}
