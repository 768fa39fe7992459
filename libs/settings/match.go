package settings

import (
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// MatchFields are the fields of a side that a sync's records are matched by, in
// the order of the rules (R15); none where existing records are never paired.
func MatchFields(y *configv1.Sync, side deal.Side) []match.Field {
	var fields []match.Field
	for _, r := range y.GetMatch() {
		f := match.Field{Rule: match.Rule(r.GetName()), Name: r.GetAppField()}
		if side == deal.HubSpot {
			f.Name = r.GetHubspotField()
		}
		fields = append(fields, f)
	}
	return fields
}

// RulesOf are a sync's match rules as text (R15), so that it can be noted under
// which rules its records have been listed; "" when it matches nothing.
func RulesOf(y *configv1.Sync) string {
	rules := make([]string, 0, len(y.GetMatch()))
	for _, r := range y.GetMatch() {
		rules = append(rules, r.GetName()+"="+r.GetHubspotField()+"/"+r.GetAppField())
	}
	return strings.Join(rules, ";")
}
