package pipedrive

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// keyed is a driver that knows its fields: the pair key's only.
func keyed(t *testing.T, calls ...connectortest.Exchange) *Driver {
	t.Helper()
	d := open(t, connectortest.Serve(t, calls...).URL)
	for _, e := range d.entities {
		e.shape.Store(&shape{kind: e.kind, pairCode: code('a'), custom: map[string]string{code('a'): "varchar"}})
	}
	return d
}

func exchange(method, path string, status int, request, response string) connectortest.Exchange {
	e := connectortest.Exchange{Method: method, Path: path, Status: status, Text: response}
	if request != "" {
		e.Request = json.RawMessage(request)
	}
	return e
}

func writeOne(t *testing.T, d *Driver, object deal.Object, w connector.Write) connector.Result {
	t.Helper()
	got, err := d.Write(context.Background(), object, []connector.Write{w})
	if err != nil || len(got) != 1 {
		t.Fatalf("write: %v, %v", got, err)
	}
	return got[0]
}

func TestAPersonsOtherAddressesStay(t *testing.T) {
	t.Parallel()
	d := keyed(t,
		exchange("POST", "/api/v2/persons", 200,
			`{"name":"Ada Miller","emails":[{"value":"ada@x.com","primary":true,"label":"work"}],"org_id":4,"custom_fields":{"`+code('a')+`":"k"}}`,
			`{"data":{"id":7,"name":"Ada Miller","first_name":"Ada","last_name":"Miller","org_id":4,"emails":[{"value":"ada@x.com","primary":true,"label":"work"}],"phones":[]}}`),
		exchange("GET", "/api/v2/persons/7", 200, "",
			`{"data":{"id":7,"name":"Ada Miller","first_name":"Ada","last_name":"Miller","emails":[{"value":"b@x.com","primary":false,"label":"home"},{"value":"ada@x.com","primary":true,"label":"work"}],"phones":null}}`),
		exchange("PATCH", "/api/v2/persons/7", 200,
			`{"emails":[{"value":"b@x.com","primary":false,"label":"home"},{"value":"a@x.com","primary":true,"label":"work"}],"name":"Ada Lovelace"}`,
			`{"data":{"id":7,"name":"Ada Lovelace","first_name":"Ada","last_name":"Lovelace","emails":[{"value":"b@x.com","primary":false},{"value":"a@x.com","primary":true}],"phones":[]}}`),
		exchange("PATCH", "/api/v2/persons/7", 200, `{"owner_id":501}`, `{"data":{"id":7,"owner_id":501}}`),
	)
	got := writeOne(t, d, deal.Contacts, connector.Write{
		PairKey:   "k",
		Fields:    deal.Fields{"email": "ada@x.com", "first_name": "Ada", "last_name": "Miller", "phone": ""},
		Associate: []connector.Reference{{Object: deal.Companies, ID: "4"}},
	})
	if got.Err != nil || got.ID != "7" || got.Fields["email"] != "ada@x.com" || got.Fields["org_id"] != "4" || len(got.Refused) > 0 {
		t.Errorf("create: %+v", got)
	}
	got = writeOne(t, d, deal.Contacts, connector.Write{ID: "7", Fields: deal.Fields{"email": "a@x.com", "last_name": "Lovelace"}})
	if got.Err != nil || got.Fields["email"] != "a@x.com" || got.Fields["last_name"] != "Lovelace" {
		t.Errorf("update: %+v", got)
	}
	if got = writeOne(t, d, deal.Contacts, connector.Write{ID: "7", Fields: deal.Fields{"owner_id": "501"}}); got.Err != nil {
		t.Errorf("an update that needs no reading: %+v", got)
	}
}

func TestAnAssociationThatIsRefusedNeverFailsTheFields(t *testing.T) {
	t.Parallel()
	person, org := connector.Reference{Object: deal.Contacts, ID: "3"}, connector.Reference{Object: deal.Companies, ID: "4"}
	const done = `{"data":{"id":5,"title":"T","pipeline_id":1,"stage_id":1,"status":"open"}}`
	for _, c := range []struct {
		name    string
		write   connector.Write
		calls   []connectortest.Exchange
		refused []connector.Reference
		code    string
	}{
		{
			"both are set in the same call",
			connector.Write{ID: "5", Fields: deal.Fields{"title": "T"}, Associate: []connector.Reference{person, org, person}},
			[]connectortest.Exchange{exchange("PATCH", "/api/v2/deals/5", 200, `{"title":"T","person_id":3,"org_id":4}`, done)},
			nil, "none",
		},
		{
			"alone they make an update too",
			connector.Write{ID: "5", Associate: []connector.Reference{org}},
			[]connectortest.Exchange{exchange("PATCH", "/api/v2/deals/5", 200, `{"org_id":4}`, done)},
			nil, "none",
		},
		{
			"the one that the refusal names is left out",
			connector.Write{PairKey: "k", Fields: deal.Fields{"title": "T"}, Associate: []connector.Reference{person, org}},
			[]connectortest.Exchange{
				exchange("POST", "/api/v2/deals", 400, `{"title":"T","person_id":3,"org_id":4,"custom_fields":{"`+code('a')+`":"k"}}`, `{"success":false,"error":"person_id 3 not found"}`),
				exchange("POST", "/api/v2/deals", 200, `{"title":"T","org_id":4,"custom_fields":{"`+code('a')+`":"k"}}`, done),
			},
			[]connector.Reference{person},
			"none",
		},
		{
			"one after the other",
			connector.Write{ID: "5", Fields: deal.Fields{"title": "T"}, Associate: []connector.Reference{person, org}},
			[]connectortest.Exchange{
				exchange("PATCH", "/api/v2/deals/5", 404, `{"title":"T","person_id":3,"org_id":4}`, `{"success":false,"error":"Organization not found"}`),
				exchange("PATCH", "/api/v2/deals/5", 403, `{"title":"T","person_id":3}`, `{"success":false,"error":"You may not see this person"}`),
				exchange("PATCH", "/api/v2/deals/5", 200, `{"title":"T"}`, done),
			},
			[]connector.Reference{org, person},
			"none",
		},
		{
			"without any field the deal is read instead",
			connector.Write{ID: "5", Associate: []connector.Reference{person}},
			[]connectortest.Exchange{
				exchange("PATCH", "/api/v2/deals/5", 400, `{"person_id":3}`, `{"success":false,"error":"Validation failed","error_info":"person_id: not found"}`),
				exchange("GET", "/api/v2/deals/5", 200, "", done),
			},
			[]connector.Reference{person},
			"none",
		},
		{
			"a refusal of something else stands",
			connector.Write{ID: "5", Fields: deal.Fields{"title": "T"}, Associate: []connector.Reference{person}},
			[]connectortest.Exchange{exchange("PATCH", "/api/v2/deals/5", 404, `{"title":"T","person_id":3}`, `{"success":false,"error":"Deal 5 not found"}`)},
			nil, "not_found",
		},
		{
			"what has no place is refused without a call of its own",
			connector.Write{ID: "5", Fields: deal.Fields{"title": "T"}, Associate: []connector.Reference{{Object: deal.Deals, ID: "1"}, {Object: deal.Contacts, ID: "x"}, person, {Object: deal.Contacts, ID: "9"}}},
			[]connectortest.Exchange{exchange("PATCH", "/api/v2/deals/5", 200, `{"title":"T","person_id":3}`, done)},
			[]connector.Reference{{Object: deal.Deals, ID: "1"}, {Object: deal.Contacts, ID: "x"}, {Object: deal.Contacts, ID: "9"}},
			"none",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := writeOne(t, keyed(t, c.calls...), deal.Deals, c.write)
			if fault.CodeOf(got.Err) != c.code {
				t.Errorf("code %q: %v", fault.CodeOf(got.Err), got.Err)
			}
			var refused []connector.Reference
			for _, r := range got.Refused {
				refused = append(refused, r.Reference)
				if r.Err == nil {
					t.Errorf("%+v is refused without a reason", r.Reference)
				}
			}
			if diff := cmp.Diff(c.refused, refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

// The lists of persons and organizations never show deleted records; one that is
// asked for by id is shown.
func TestDeletedPersonsAreFoundOneByOne(t *testing.T) {
	t.Parallel()
	d := keyed(t,
		exchange("GET", "/api/v2/persons?ids=1,2,3&limit=500", 200, "", `{"data":[{"id":1}]}`),
		exchange("GET", "/api/v2/persons/2", 200, "", `{"data":{"id":2,"is_deleted":true}}`),
		exchange("GET", "/api/v2/persons/3", 404, "", `{"success":false,"error":"Person not found"}`),
		exchange("GET", "/api/v2/persons/4", 404, "", `{"success":false,"error":"Person not found"}`),
	)
	got, err := d.Read(context.Background(), deal.Contacts, []string{"1", "2", "3"})
	if err != nil || len(got) != 2 || got[0].Deleted || got[1].ID != "2" || !got[1].Deleted {
		t.Errorf("read %+v, %v", got, err)
	}
	if got, err = d.Read(context.Background(), deal.Contacts, []string{"4"}); err != nil || len(got) != 0 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestAScanOfOrganizationsEndsWithTheLastLiveOne(t *testing.T) {
	t.Parallel()
	d := keyed(t,
		exchange("GET", "/api/v2/organizations?limit=2", 200, "", `{"data":[{"id":1,"website":"https://www.acme.com"}],"additional_data":{"next_cursor":"c"}}`),
		exchange("GET", "/api/v2/organizations?limit=2&cursor=c", 200, "", `{"data":[{"id":2,"website":null}],"additional_data":{"next_cursor":null}}`),
	)
	req := connector.ScanRequest{Object: deal.Companies, Limit: 2}
	var domains []string
	for {
		page, err := d.Scan(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			domains = append(domains, r.ID+" "+r.Fields["domain"])
		}
		if req.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"1 acme.com", "2 "}, domains); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
