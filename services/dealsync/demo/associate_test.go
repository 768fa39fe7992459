package demo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// HubSpot's records have several associations, Pipedrive's one.
func TestAssociationsAreWhatBothAccountsShouldHave(t *testing.T) {
	t.Parallel()
	r := demoRules(t)
	contact := func(id int64, email string, deletedToo bool) *record {
		return &record{ID: id, Fields: map[string]value{"email": value(email)}, Deleted: deletedToo}
	}
	people := bookOf(contacts,
		[]*record{contact(501, "a@x.example", false), contact(502, "b@x.example", false), contact(503, "alone@x.example", false), contact(504, "a@x.example", false)},
		[]*record{contact(1, "a@x.example", false), contact(2, "b@x.example", false), contact(3, "gone@x.example", true)})
	with := func(r *record, list ...string) *record {
		r.Associations = map[string]ids{"contacts": list}
		return r
	}
	for _, c := range []struct {
		name             string
		hubspot, app     *record
		missing, doubled int
	}{
		{"none", hubspotDeal(), appDeal(), 0, 0},
		{"the same one", with(hubspotDeal(), "501"), appDeal("person_id", "1"), 0, 0},
		{"HubSpot lacks one", hubspotDeal(), appDeal("person_id", "1"), 1, 0},
		{"Pipedrive lacks one", with(hubspotDeal(), "501"), appDeal(), 1, 0},
		{"Pipedrive can have one of two", with(hubspotDeal(), "501", "502"), appDeal("person_id", "2"), 0, 0},
		{"Pipedrive has another one", with(hubspotDeal(), "501"), appDeal("person_id", "2"), 1, 0},
		{"one that does not sync is no matter", with(hubspotDeal(), "503"), appDeal(), 0, 0},
		{"nor is one that was deleted", hubspotDeal(), appDeal("person_id", "3"), 0, 0},
		{"the same one twice", with(hubspotDeal(), "501", "501"), appDeal("person_id", "1"), 0, 1},
		{"two that are the same", with(hubspotDeal(), "501", "504"), appDeal("person_id", "1"), 0, 1},
		{"a deal that does not sync", with(hubspotDeal("dealstage", "contractsent"), "501"), appDeal(), 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := books{companies: bookOf(companies, nil, nil), contacts: people, deals: bookOf(deals, []*record{c.hubspot}, []*record{c.app})}
			missing, doubled := r.associations(b)
			if diff := cmp.Diff([2]int{c.missing, c.doubled}, [2]int{len(missing), len(doubled)}); diff != "" {
				t.Errorf("missing %v, doubled %v (-want +got):\n%s", missing, doubled, diff)
			}
		})
	}
}
