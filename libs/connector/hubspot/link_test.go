package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

func post(path string, status int, request, response string) connectortest.Exchange {
	return connectortest.Exchange{Method: "POST", Path: path, Status: status, Request: json.RawMessage(request), Response: json.RawMessage(response)}
}

// answer is a call whose body is not looked at.
func answer(path string, status int, response string) connectortest.Exchange {
	return connectortest.Exchange{Method: "POST", Path: path, Status: status, Response: json.RawMessage(response)}
}

const (
	dealRead      = "/crm/objects/2026-09/deals/batch/read"
	contactLinks  = "/crm/associations/2026-09/deals/contacts/batch/read"
	companyLinks  = "/crm/associations/2026-09/deals/companies/batch/read"
	linkContacts  = "/crm/associations/2026-09/deals/contacts/batch/associate/default"
	linkCompanies = "/crm/associations/2026-09/deals/companies/batch/associate/default"
	dealUpdate    = "/crm/objects/2026-09/deals/batch/update"
)

func openLinked(t *testing.T, fields []string, calls ...connectortest.Exchange) *Driver {
	t.Helper()
	d := open(t, connectortest.Serve(t, calls...).URL)
	d.extra = func(object deal.Object) []string {
		if object == deal.Deals {
			return fields
		}
		return nil
	}
	return d
}

func TestAssociationsAreReadForAllRecordsAtOnce(t *testing.T) {
	t.Parallel()
	d := openLinked(t, []string{"amount", "associations.contact", "associations.company"},
		answer(dealRead, 200, `{"results":[{"id":"1","properties":{"hs_merged_object_ids":"8;1;9"}},{"id":"2"}]}`),
		answer(dealRead+"?archived=true", 200, `{"results":[{"id":"3","archived":true}]}`),
		// A primary association is listed twice, ids are numbers or text, and what
		// is too much for one answer goes on after a place.
		post(contactLinks, 207, `{"inputs":[{"id":"1"},{"id":"2"}]}`, `{"results":[
			{"from":{"id":"1"},"to":[{"toObjectId":70},{"toObjectId":"9"}],"paging":{"next":{"after":"70"}}}],
			"errors":[{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","context":{"fromObjectId":["2"]}}]}`),
		post(contactLinks, 200, `{"inputs":[{"id":"1","after":"70"}]}`, `{"results":[{"from":{"id":1},"to":[{"toObjectId":70},{"toObjectId":71}]}]}`),
		post(companyLinks, 200, `{"inputs":[{"id":"1"},{"id":"2"}]}`, `{"results":[{"from":{"id":"2"},"to":[{"toObjectId":5}]}]}`),
	)
	got, err := d.Read(context.Background(), deal.Deals, []string{"1", "2", "3"})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d records: %v", len(got), err)
	}
	for i, want := range []deal.Fields{
		{"associations.contact": "70;71;9", "associations.company": ""},
		{"associations.contact": "", "associations.company": "5"},
		{}, // nobody knows those of a deleted one
	} {
		for name, v := range want {
			if held, ok := got[i].Fields[name]; !ok || held != v || !got[i].Edited[name].Equal(start) {
				t.Errorf("record %s: %s is %q (there: %t, at %s), want %q at the time of reading", got[i].ID, name, held, ok, got[i].Edited[name], v)
			}
		}
		if len(want) == 0 && (!got[i].Deleted || len(got[i].Fields) > 0) {
			t.Errorf("the deleted record: %+v", got[i])
		}
	}
	if diff := cmp.Diff([]string{"8", "9"}, got[0].MergedFrom); diff != "" {
		t.Errorf("merged from (-want +got):\n%s", diff)
	}
}

func TestAssociationsAreReadOnlyWhenWanted(t *testing.T) {
	t.Parallel()
	d := openLinked(t, []string{"amount"}, answer(dealRead, 200, `{"results":[{"id":"1"}]}`))
	got, err := d.Read(context.Background(), deal.Deals, []string{"1"})
	if err != nil || len(got[0].Fields) != 0 {
		t.Errorf("records %+v, %v", got, err)
	}
}

func TestAScanAsksOncePerPageForAssociations(t *testing.T) {
	t.Parallel()
	d := openLinked(t, []string{"associations.company"},
		connectortest.Exchange{
			Method: "GET", Path: "/crm/objects/2026-09/deals?limit=2&properties=" + strings.Join(append(slices.Clone(kinds[0].defaults), propModified, propMerged), "%2C"),
			Status: 200, Response: json.RawMessage(`{"results":[{"id":"1"},{"id":"2"}]}`),
		},
		post(companyLinks, 200, `{"inputs":[{"id":"1"},{"id":"2"}]}`, `{"results":[{"from":{"id":"2"},"to":[{"toObjectId":5}]}]}`),
		answer("/crm/objects/2026-09/deals/search", 200, `{"total":2}`),
	)
	page, err := d.Scan(context.Background(), connector.ScanRequest{Object: deal.Deals, Limit: 2})
	if err != nil || len(page.Records) != 2 || page.Records[1].Fields["associations.company"] != "5" || page.Total != 2 {
		t.Errorf("page %+v, %v", page, err)
	}
}

// write is an update with associations.
func write(id string, fields deal.Fields, to ...connector.Reference) connector.Write {
	return connector.Write{ID: id, Fields: fields, Associate: to}
}

func contact(id string) connector.Reference {
	return connector.Reference{Object: deal.Contacts, ID: id}
}

func company(id string) connector.Reference {
	return connector.Reference{Object: deal.Companies, ID: id}
}

func TestAssociationsFollowTheValuesInOneCallForEachObject(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t,
		post(dealUpdate, 207, `{"inputs":[
			{"id":"1","objectWriteTraceId":"0","properties":{"amount":"1"}},{"id":"2","objectWriteTraceId":"1","properties":{"amount":"x"}}]}`,
			`{"results":[{"id":"1","properties":{"amount":"1"}}],"errors":[{"category":"VALIDATION_ERROR","message":"bad","context":{"objectWriteTraceId":["1"]}}]}`),
		post(linkContacts, 207, `{"inputs":[{"from":{"id":"1"},"to":{"id":"70"}},{"from":{"id":"1"},"to":{"id":"404"}},{"from":{"id":"3"},"to":{"id":"70"}}]}`,
			`{"results":[{"from":{"id":"1"},"to":{"id":"70"}},{"from":{"id":3},"to":{"id":70}}],
			"errors":[{"category":"OBJECT_NOT_FOUND","message":"gone","context":{"fromObjectId":["1"],"toObjectId":["404"]}}]}`),
		post(linkCompanies, 200, `{"inputs":[{"from":{"id":"3"},"to":{"id":"5"}}]}`, `{"results":[]}`),
	).URL)
	got, err := d.Write(context.Background(), deal.Deals, []connector.Write{
		write("1", deal.Fields{"amount": "1"}, contact("70"), contact("404")),
		write("2", deal.Fields{"amount": "x"}, contact("70")), // refused: not associated
		write("3", nil, contact("70"), company("5"), connector.Reference{Object: "ticket", ID: "6"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(r connector.Result) (all []string) {
		for _, x := range r.Refused {
			all = append(all, fmt.Sprintf("%s %s: %s", x.Object, x.ID, fault.KindOf(x.Err)))
		}
		return all
	}
	if got[0].Err != nil || got[0].Fields["amount"] != "1" {
		t.Errorf("values: %+v", got[0])
	}
	if diff := cmp.Diff([]string{"contact 404: not_found"}, refused(got[0])); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if !fault.Is(got[1].Err, fault.Rejected) || len(got[1].Refused) > 0 {
		t.Errorf("the refused write: %+v", got[1])
	}
	if diff := cmp.Diff([]string{"ticket 6: invalid"}, refused(got[2])); diff != "" || got[2].Err != nil || got[2].ID != "3" {
		t.Errorf("associations alone: %+v (-want +got):\n%s", got[2], diff)
	}
}

func TestARefusedCallIsNarrowedDownToTheAssociationAtFault(t *testing.T) {
	t.Parallel()
	bad := `{"status":"error","message":"Invalid id","category":"VALIDATION_ERROR"}`
	d := open(t, connectortest.Serve(t,
		answer(linkContacts, 400, bad),
		post(linkContacts, 200, `{"inputs":[{"from":{"id":"1"},"to":{"id":"70"}}]}`, `{"results":[]}`),
		post(linkContacts, 400, `{"inputs":[{"from":{"id":"1"},"to":{"id":"x"}}]}`, bad),
	).URL)
	got, err := d.Write(context.Background(), deal.Deals, []connector.Write{write("1", nil, contact("70"), contact("x"))})
	if err != nil || got[0].Err != nil || len(got[0].Refused) != 1 || got[0].Refused[0].ID != "x" {
		t.Errorf("results %+v, %v", got, err)
	}
}

func TestOnlyWhatMayPassAnotherTimeFailsAWriteForItsAssociations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  int
		body    string
		kind    fault.Kind
		refused int
	}{
		{"HubSpot is down", 502, `<html>`, fault.Transient, 0},
		{"too many calls", 429, `{}`, fault.RateLimited, 0},
		{"a scope is missing", 403, forbiddenBody, fault.None, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, connectortest.Serve(t,
				answer(dealUpdate, 200, `{"results":[{"id":"1"},{"id":"2"}]}`),
				connectortest.Exchange{Method: "POST", Path: linkContacts, Status: c.status, Text: c.body},
			).URL)
			got, err := d.Write(context.Background(), deal.Deals, []connector.Write{
				write("1", deal.Fields{"amount": "1"}, contact("70")), write("2", deal.Fields{"amount": "1"}),
			})
			if err != nil || fault.KindOf(got[0].Err) != c.kind || len(got[0].Refused) != c.refused || got[1].Err != nil {
				t.Errorf("results %+v, %v", got, err)
			}
		})
	}
}

func TestAContactThatIsInTheWayIsNamed(t *testing.T) {
	t.Parallel()
	taken := `{"category":"CONFLICT","message":"Contact already exists. Existing ID: 1000001"`
	upsert := "/crm/objects/2026-09/contacts/batch/upsert"
	key := get("/crm/properties/2026-09/contacts/dealsync_pair_id", 200, `{"hasUniqueValue":true}`)
	for _, c := range []struct {
		name  string
		calls []connectortest.Exchange
	}{
		{"as an error of one row", []connectortest.Exchange{
			key, answer(upsert, 207, `{"results":[{"id":"1","new":true,"properties":{"dealsync_pair_id":"a"}}],"errors":[`+taken+`,"context":{"objectWriteTraceId":["1"]}}]}`),
		}},
		{"as a refusal of the batch", []connectortest.Exchange{
			key, answer(upsert, 409, taken+`}`),
			answer(upsert, 200, `{"results":[{"id":"1","new":true,"properties":{"dealsync_pair_id":"a"}}]}`), answer(upsert, 409, taken+`}`),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := open(t, connectortest.Serve(t, c.calls...).URL).Write(context.Background(), deal.Contacts, []connector.Write{
				{PairKey: "a", Fields: deal.Fields{"email": "a@x.example"}}, {PairKey: "b", Fields: deal.Fields{"email": "b@x.example"}},
			})
			if err != nil || got[0].Err != nil || got[0].ID != "1" || got[0].Conflict != "" {
				t.Errorf("the neighbour: %+v, %v", got[0], err)
			}
			if r := got[1]; !fault.Is(r.Err, fault.Rejected) || fault.CodeOf(r.Err) != connector.CodeExists || r.Conflict != "1000001" {
				t.Errorf("the refused create: %+v", r)
			}
		})
	}
}

func TestAContactsTimeOfChangeHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	o := object{ID: "1", Properties: map[string]string{"lastmodifieddate": "2026-11-02T09:15:00Z", "email": "a@x.example"}}
	r := o.record()
	want := time.Date(2026, 11, 2, 9, 15, 0, 0, time.UTC)
	if !r.Modified.Equal(want) || len(r.Fields) != 1 {
		t.Errorf("record %+v, want modified at %s", r, want)
	}
}
