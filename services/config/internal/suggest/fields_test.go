package suggest_test

import (
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/suggest"
)

func field(label string, of deal.Type) suggest.Field {
	return suggest.Field{Item: suggest.Item{ID: label, Label: label}, Type: of}
}

func byTypes(h, a *suggest.Field) deal.Ways { return deal.Compatible(h.Type, a.Type) }

func TestR12FieldsOfBothLanguagesFindEachOther(t *testing.T) {
	t.Parallel()
	hubspot := []suggest.Field{
		field("Deal Name", deal.Text), field("Amount", deal.Number), field("Close Date", deal.Datetime), field("Deal owner", deal.Owner),
		field("Closed Lost Reason", deal.Text), field("Deal probability", deal.Number), field("Number of Employees", deal.Number),
		field("Vorname", deal.Text), field("Email", deal.Text), field("Forecast category", deal.Picklist),
	}
	app := []suggest.Field{
		field("Email", deal.Text), field("First name", deal.Text), field("Titel", deal.Text), field("Betrag", deal.Number), field("Besitzer", deal.Owner),
		field("Voraussichtliches Abschlussdatum", deal.Date), field("Verlustgrund", deal.Text), field("Mitarbeiterzahl", deal.Number),
		field("Wahrscheinlichkeit", deal.Text), field("Etikett", deal.Multi),
	}
	want := map[string]string{
		"Deal Name": "Titel", "Amount": "Betrag", "Close Date": "Voraussichtliches Abschlussdatum", "Deal owner": "Besitzer",
		"Closed Lost Reason": "Verlustgrund", "Number of Employees": "Mitarbeiterzahl", "Vorname": "First name", "Email": "Email",
		"Deal probability": "Wahrscheinlichkeit", // a number may become a text
	}
	got := map[string]string{}
	for _, p := range suggest.Fields(hubspot, app, byTypes).Pairs {
		got[hubspot[p.HubSpot].Label] = app[p.App].Label
	}
	for h, a := range want {
		if got[h] != a {
			t.Errorf("%s goes with %q, want %q", h, got[h], a)
		}
		delete(got, h)
	}
	for h, a := range got {
		t.Errorf("%s was suggested for %s", a, h)
	}
}

func TestR12FieldsOfTypesThatDoNotGoTogetherAreNotSuggested(t *testing.T) {
	t.Parallel()
	r := suggest.Fields([]suggest.Field{field("Amount", deal.Number)}, []suggest.Field{field("Amount", deal.Date)}, byTypes)
	if len(r.Pairs) != 0 || len(r.HubSpot) != 1 || len(r.App) != 1 {
		t.Errorf("suggested %+v", r)
	}
}

func TestR12OptionsFindEachOtherByNameOrId(t *testing.T) {
	t.Parallel()
	hubspot := []suggest.Item{{ID: "newbusiness", Label: "New Business"}, {ID: "existingbusiness", Label: "Existing Business"}, {ID: "high", Label: "Hoch"}, {ID: "x7", Label: "Gold"}, {ID: "zz", Label: "Rare"}}
	app := []suggest.Item{{ID: "11", Label: "Bestandskunde"}, {ID: "12", Label: "Neugeschäft"}, {ID: "13", Label: "High"}, {ID: "x7", Label: "Premium"}}
	want := map[int]int{0: 1, 1: 0, 2: 2, 3: 3}
	r := suggest.Options(hubspot, app)
	for _, p := range r.Pairs {
		if a, ok := want[p.HubSpot]; !ok || a != p.App {
			t.Errorf("%s goes with %s", hubspot[p.HubSpot].Label, app[p.App].Label)
		}
	}
	if len(r.Pairs) != len(want) || len(r.HubSpot) != 1 {
		t.Errorf("%+v, want %d suggestions and one left over", r, len(want))
	}
}
