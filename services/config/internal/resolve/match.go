package resolve

import (
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// match is by which rules existing records are paired (R15): those that both
// sides have, in HubSpot's order. Deals are never matched (R14).
func (r *resolver) match() []*configv1.MatchRule {
	object := deal.Object(r.spec.Object)
	hubspot, app := r.HubSpotManifest.Object(object), r.AppManifest.Object(object)
	if object == deal.Deals || (r.spec.Match != nil && !*r.spec.Match) || hubspot == nil || app == nil {
		return nil
	}
	var rules []*configv1.MatchRule
	for _, h := range hubspot.Match {
		i := slices.IndexFunc(app.Match, func(a connector.MatchField) bool { return a.Rule == h.Rule })
		// An account may lack the field, or hide it.
		if i < 0 || r.HubSpot.Field(h.Field) == nil || r.App.Field(app.Match[i].Field) == nil {
			continue
		}
		rules = append(rules, &configv1.MatchRule{Name: h.Rule, HubspotField: h.Field, AppField: app.Match[i].Field})
	}
	return rules
}
