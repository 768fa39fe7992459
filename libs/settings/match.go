package settings

import (
	"strings"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// RulesOf are a sync's match rules as text (R15), so that it can be noted under
// which rules its records have been listed; "" when it matches nothing.
func RulesOf(y *configv1.Sync) string {
	rules := make([]string, 0, len(y.GetMatch()))
	for _, r := range y.GetMatch() {
		rules = append(rules, r.GetName()+"="+r.GetHubspotField()+"/"+r.GetAppField())
	}
	return strings.Join(rules, ";")
}
