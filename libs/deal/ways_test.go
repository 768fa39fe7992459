package deal_test

import (
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

// The specification's table, as people read it: 2 two-way, H only to HubSpot,
// A only to the app, - not allowed.
const specified = `
                text number date datetime boolean picklist owner
text            2    H      H    H        H       H        H
number          A    2      -    -        -       -        -
date            A    -      2    2        -       -        -
datetime        A    -      2    2        -       -        -
boolean         A    -      -    -        2       -        -
picklist        A    -      -    -        -       2        -
multi_picklist  A    -      -    -        -       -        -
calculated      A    A      -    -        -       -        -
owner           A    -      -    -        -       -        2
`

func TestTheTypesAreCompatibleAsSpecified_R12(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(specified), "\n")
	names := strings.Fields(lines[0])
	signs := map[string]deal.Ways{"2": deal.BothWays, "H": deal.ToHubSpot, "A": deal.ToApp, "-": deal.NoWay}
	columns, rows := deal.Table()
	if len(columns) != len(names) || len(rows) != len(lines)-1 {
		t.Fatalf("the table has %d columns and %d rows", len(columns), len(rows))
	}
	for i, line := range lines[1:] {
		cells, row := strings.Fields(line), rows[i]
		name := string(row.Type)
		if row.ReadOnly {
			name = "calculated"
		}
		if name != cells[0] {
			t.Errorf("row %d is %s, want %s", i, name, cells[0])
		}
		for j, app := range columns {
			want, ok := signs[cells[j+1]]
			if !ok || row.Cells[j] != want || string(app) != names[j] {
				t.Errorf("%s with %s: %s, want %s", name, app, row.Cells[j], cells[j+1])
			}
			got := deal.Compatible(row.Type, app)
			if row.ReadOnly {
				got &= deal.ToApp
			}
			if got != want {
				t.Errorf("Compatible(%s, %s): %s, want %s", name, app, got, want)
			}
		}
	}
}

func TestTypesOutsideTheTableDoNotTravel_R12(t *testing.T) {
	t.Parallel()
	for _, of := range []deal.Type{deal.Stage, deal.Reference, "", "colour"} {
		if w := deal.Compatible(of, deal.Text) | deal.Compatible(deal.Text, of); w != deal.NoWay {
			t.Errorf("%q travels %s", of, w)
		}
	}
}

func TestAWaySaysWhereItLeads(t *testing.T) {
	t.Parallel()
	for w, want := range map[deal.Ways][2]bool{
		deal.NoWay: {false, false}, deal.ToHubSpot: {true, false}, deal.ToApp: {false, true}, deal.BothWays: {true, true},
	} {
		if got := [2]bool{w.To(deal.HubSpot), w.To(deal.App)}; got != want || w.To(deal.NoSide) {
			t.Errorf("%s leads to HubSpot and app: %v, want %v", w, got, want)
		}
	}
}
