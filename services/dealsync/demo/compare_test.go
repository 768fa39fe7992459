package demo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func hubspotDeal(change ...string) *record {
	return changed(map[string]value{
		"dealname": "Boat (H-001)", "amount": "1500", "deal_currency_code": "EUR", "pipeline": "default",
		"dealstage": "qualifiedtobuy", "closedate": "2027-01-31T00:00:00Z",
	}, change)
}

func appDeal(change ...string) *record {
	return changed(map[string]value{
		"title": "Boat (H-001)", "value": "1500.0", "currency": "EUR", "pipeline_id": "1", "stage_id": "1", "status": "open",
		"expected_close_date": "2027-01-31",
	}, change)
}

func changed(f map[string]value, change []string) *record {
	for i := 0; i+1 < len(change); i += 2 {
		f[change[i]] = value(change[i+1])
	}
	return &record{Fields: f}
}

// demoRules are those of the documents as they are applied.
func demoRules(t *testing.T) rules {
	t.Helper()
	docs, err := readDocuments(composeDocuments, "", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseRules(docs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func deleted(r *record) *record {
	r.Deleted = true
	return r
}

func TestDifferencesAreWhatTheDocumentsDoNotAllow(t *testing.T) {
	t.Parallel()
	r := demoRules(t)[deals]
	for _, c := range []struct {
		name         string
		hubspot, app *record
		want         []string
	}{
		{"the same in other words", hubspotDeal(), appDeal(), nil},
		{"a name", hubspotDeal(), appDeal("title", "Ship (H-001)"), []string{"dealname"}},
		{"an amount", hubspotDeal("amount", "1501"), appDeal(), []string{"amount"}},
		{"a blank is not zero", hubspotDeal("amount", ""), appDeal("value", "1500"), []string{"amount"}},
		{"a currency travels with its amount", hubspotDeal(), appDeal("currency", "USD"), []string{"deal_currency_code"}},
		{"a date", hubspotDeal(), appDeal("expected_close_date", "2027-02-01"), []string{"closedate"}},
		{"a stage", hubspotDeal(), appDeal("stage_id", "3"), []string{"stage"}},
		{"won is a stage", hubspotDeal("dealstage", "closedwon"), appDeal("status", "won"), nil},
		{"lost is not won", hubspotDeal("dealstage", "closedwon"), appDeal("status", "lost"), []string{"stage"}},
		{"a deal in HubSpot without counterpart", hubspotDeal(), nil, []string{"no counterpart"}},
		{"a deal in the app without counterpart", nil, appDeal(), []string{"no counterpart"}},
		{"a stage that is not mapped does not sync", hubspotDeal("dealstage", "contractsent"), nil, nil},
		{"nor does one of the app", nil, appDeal("stage_id", "5"), nil},
		{"nor what the filter leaves out", nil, appDeal("value", "999.99"), nil},
		{"the filter includes its bound", nil, appDeal("value", "1000"), []string{"no counterpart"}},
		{"a pair rests while one side is outside", hubspotDeal("amount", "1"), appDeal("value", "2"), nil},
		{"a deleted deal has no claim", deleted(hubspotDeal()), appDeal("title", "Ship (H-001)"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := book{{}, {}}
			for i, rec := range []*record{c.hubspot, c.app} {
				if rec != nil {
					b[i]["H-001"] = []*record{rec}
				}
			}
			var got []string
			for _, d := range r.differences(b) {
				got = append(got, d.What)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeopleAndCompaniesAreComparedByTheirOwnMarks(t *testing.T) {
	t.Parallel()
	all := demoRules(t)
	person := func(f ...string) *record {
		r := changed(map[string]value{"firstname": "Ines", "lastname": "Marsh", "first_name": "Ines", "last_name": "Marsh", "email": "ines@a.example", "phone": "1"}, f)
		return r
	}
	firm := func(name, domain string) *record {
		return changed(map[string]value{"name": value(name), "domain": value(domain)}, nil)
	}
	for _, c := range []struct {
		name         string
		kind         *kind
		hubspot, app []*record
		want         []string
	}{
		{"the same person", contacts, []*record{person()}, []*record{person()}, nil},
		{"another number", contacts, []*record{person()}, []*record{person("phone", "2")}, []string{"phone"}},
		{"another name", contacts, []*record{person("lastname", "Marsch")}, []*record{person()}, []string{"lastname"}},
		{"an address in capitals is the same person, and a difference", contacts, []*record{person()}, []*record{person("email", "Ines@a.example")}, []string{"email"}},
		{"a person in one account only", contacts, []*record{person()}, nil, []string{"no counterpart"}},
		{"a company by its domain", companies, []*record{firm("A", "a.example")}, []*record{firm("A Ltd", "a.example")}, []string{"name"}},
		{"a company without domain by its name", companies, []*record{firm("A", "")}, []*record{firm("A", "")}, nil},
		{"nobody can tell which one it is", companies, []*record{firm(undecided[0][0], "")}, []*record{firm(undecided[1][0], ""), firm(undecided[1][1], "")}, nil},
		{"somebody thought to know", companies, []*record{firm(undecided[0][0], "")}, []*record{firm(undecided[0][0], "")}, []string{"guessed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range all[c.kind].differences(bookOf(c.kind, c.hubspot, c.app)) {
				got = append(got, d.What)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDuplicatesAreRecordsOfOneAccountWithOneMark(t *testing.T) {
	t.Parallel()
	b := bookOf(deals, []*record{hubspotDeal(), hubspotDeal("dealname", "Made by hand")}, []*record{appDeal(), deleted(appDeal()), appDeal("title", "Car (A-002)"), appDeal()})
	if diff := cmp.Diff([]string{"H-001 in Pipedrive", "H-001 in Pipedrive"}, b.duplicates()); diff != "" {
		t.Errorf("duplicates (-want +got):\n%s", diff)
	}
}
