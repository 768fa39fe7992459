package settings_test

import (
	"testing"

	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// What the detector writes and the mapper compares is stored, so it never changes.
func TestMatchRulesAreNotedTheSameForEver_R15(t *testing.T) {
	t.Parallel()
	y := &configv1.Sync{Match: []*configv1.MatchRule{
		{Name: "domain", HubspotField: "domain", AppField: "website"}, {Name: "name", HubspotField: "name", AppField: "title"},
	}}
	if got, want := settings.RulesOf(y), "domain=domain/website;name=name/title"; got != want {
		t.Errorf("rules %q, want %q", got, want)
	}
	if got := settings.RulesOf(&configv1.Sync{}); got != "" {
		t.Errorf("rules %q of a sync without any", got)
	}
}
