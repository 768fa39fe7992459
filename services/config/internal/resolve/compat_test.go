package resolve

import (
	"os"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// The table is written out here once more, as people read it: 2 two-way, H only
// to HubSpot, A only to the app, - not allowed (R12).
func TestTheTypesAreCompatibleAsSpecified(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/compat.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	columns := strings.Fields(lines[0])[1:]
	signs := map[string]ways{"2": both, "H": toHubSpot, "A": toApp, "-": never}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		hubspot := connector.Field{Type: deal.Type(cells[0])}
		if hubspot.Type == calculated {
			hubspot = connector.Field{Type: deal.Number, ReadOnly: true}
		}
		for i, column := range columns {
			app := connector.Field{Type: deal.Type(column)}
			want, ok := signs[cells[i+1]]
			if got := allowed(&hubspot, &app); !ok || got != want {
				t.Errorf("%s with %s: %s, want %s", cells[0], column, got, cells[i+1])
			}
			app.ReadOnly = true
			if got := allowed(&hubspot, &app); got != want&toHubSpot {
				t.Errorf("%s with read-only %s: %s", cells[0], column, got)
			}
		}
	}
}
