package configure_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/services/config/internal/document"
)

// The documents allow exactly the apps that this build has connectors for, and
// each but HubSpot has default field mappings (R12).
func TestDocumentsKnowTheCatalogue(t *testing.T) {
	t.Parallel()
	names := []string{}
	for _, app := range apps.List() {
		names = append(names, app.Manifest.App)
		for _, object := range app.Manifest.Objects() {
			if app.Manifest.App != "hubspot" && len(document.Defaults(app.Manifest.App, string(object))) == 0 {
				t.Errorf("%s has no default field mappings for %s", app.Manifest.App, object)
			}
		}
	}
	schema, err := json.Marshal(document.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if want := `"enum":["` + strings.Join(names, `","`) + `"]`; !strings.Contains(string(schema), want) {
		t.Errorf("the documents do not allow just %v", names)
	}
}
