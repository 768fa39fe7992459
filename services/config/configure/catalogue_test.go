package configure_test

import (
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/connector/apps"
)

// The documents allow exactly the apps that this build has connectors for, and
// each but HubSpot has default field mappings (R12).
func TestDocumentsKnowTheCatalogue(t *testing.T) {
	t.Parallel()
	names := []string{}
	for _, app := range apps.List() {
		names = append(names, app.Manifest.App)
		for i := range app.Manifest.Shared {
			if shared := &app.Manifest.Shared[i]; app.Manifest.App != "hubspot" && len(shared.Fields) == 0 {
				t.Errorf("%s has no default field mappings for %s", app.Manifest.App, shared.Object)
			}
		}
	}
	r := setup(t).replica()
	got := r.refuse(t, strings.Replace(read(t, "acme.yaml"), "app: hubspot", "app: hubsoft", 1))
	if want := `did you mean "hubspot"? allowed: ` + strings.Join(names, ", ") + " [unknown_value]"; !strings.Contains(got, want) {
		t.Errorf("the documents do not allow just %v: %s", names, got)
	}
}
