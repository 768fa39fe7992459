package sandbox_test

import (
	"fmt"
	"testing"
)

func TestControlAssociatesInHubSpot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	contact, company := b.contact("ada@acme.example"), b.company("Acme")
	deal := b.ctl(b.hub, "POST", "records/deals", `{"fields":{"dealname":"A"},"associations":[{"object":"companies","id":`+company+`,"primary":true}]}`).str("id")
	b.hs("GET", deals+"/"+deal+"?properties=hs_primary_associated_company", nil).is(company, "properties", "hs_primary_associated_company")
	url, got := receiver(t, nil)
	b.subscribe(url, sub("deal.associationChange"))
	b.ctl(b.hub, "POST", "records/deals/"+deal+"/associations", `{"object":"contacts","id":`+contact+`,"user":9586502}`)
	if e := events(t, got, 1)[0]; show(e["sourceId"]) != "userId:9586502" || show(e["changeSource"]) != "CRM_UI" || show(e["toObjectId"]) != contact {
		t.Errorf("the association came as %v", e)
	}
	b.ctl(b.hub, "GET", "records/deals/"+deal, nil).is(`{"companies":[`+company+`],"contacts":[`+contact+`]}`, "associations")
	b.ctl(b.hub, "GET", "records/contacts", nil).is(`{"deals":[`+deal+`]}`, "records", 0, "associations")
	b.ctl(b.hub, "DELETE", "records/deals/"+deal+"/associations", `{"object":"contacts","id":`+contact+`,"silent":true}`)
	b.ctl(b.hub, "GET", "records/deals/"+deal, nil).is(`{"companies":[`+company+`]}`, "associations")
	b.do("POST", b.hub+"/_sandbox/records/deals/"+deal+"/associations", nil, `{"object":"contacts","id":5}`).want(404)
	b.do("POST", b.hub+"/_sandbox/records/deals/"+deal+"/associations", nil, `{"object":"contacts","id":`+contact+`,"primary":true}`).want(400)
}

func TestControlAssociatesInPipedrive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ctl(b.pipe, "POST", "records/organizations", `{"fields":{"name":"Acme"}}`)
	b.ctl(b.pipe, "POST", "records/persons", `{"fields":{"name":"Ada"},"associations":[{"object":"organizations","id":1}]}`)
	b.ctl(b.pipe, "POST", "records/deals", `{"fields":{"title":"A"}}`)
	b.ctl(b.pipe, "POST", "records/deals/1/associations", `{"object":"persons","id":1}`)
	b.pd("GET", pdDeals+"/1", nil).is("1", "data", "person_id").is("null", "data", "org_id")
	b.pd("GET", "/api/v2/persons/1", nil).is("1", "data", "org_id")
	b.ctl(b.pipe, "DELETE", "records/deals/1/associations", `{"object":"persons","id":1}`)
	b.pd("GET", pdDeals+"/1", nil).is("null", "data", "person_id")
	b.do("POST", b.pipe+"/_sandbox/records/organizations/1/associations", nil, `{"object":"persons","id":1}`).want(400)
}

func TestBulkRecordsMeetOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.ctl(b.hub, "POST", "records/companies/bulk", `{"count":3,"fields":{"name":"C {{n}}"},"silent":true}`).str("ids", 0)
	person := b.ctl(b.hub, "POST", "records/contacts/bulk", `{"count":5,"fields":{"email":"p{{n}}@acme.example"},"associate":{"companies":{"first":`+first+`,"count":3,"primary":true}},"silent":true}`).str("ids", 0)
	ids := b.ctl(b.hub, "POST", "records/deals/bulk", `{"count":7,"start":8,"fields":{"dealname":"D {{n}}"},"associate":{"contacts":{"first":`+person+`,"count":5}},"silent":true}`).list("ids")
	var p int64
	if _, err := fmt.Sscan(person, &p); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		want := fmt.Sprint(p + int64((8+i-1)%5)) // deal n has contact (n-1) mod 5
		b.hs("GET", "/crm/v4/objects/deals/"+show(id)+"/associations/contacts", nil).is(want, "results", 0, "toObjectId")
	}
	b.ctl(b.pipe, "POST", "records/persons/bulk", `{"count":3,"fields":{"name":"P {{n}}","emails":[{"value":"p{{n}}@acme.example"}]},"silent":true}`)
	b.ctl(b.pipe, "POST", "records/deals/bulk", `{"count":5,"fields":{"title":"D {{n}}"},"cycle":{"person_id":{"first":1,"count":3}},"silent":true}`)
	for n := 1; n <= 5; n++ {
		b.pd("GET", fmt.Sprint(pdDeals, "/", n), nil).is(fmt.Sprint(1+(n-1)%3), "data", "person_id")
	}
}

func TestWritesAreCountedByObject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, contact := b.deal(map[string]any{"dealname": "A"}), b.contact("a@b.example")
	b.hs("PATCH", deals+"/"+id, `{"properties":{"dealname":"B"}}`).want(200)
	b.hs("PATCH", deals+"/"+id, `{"properties":{"dealname":"B"}}`).want(200) // changes nothing
	for range 2 {
		b.hs("PUT", "/crm/v4/objects/contacts/"+contact+"/associations/default/deals/"+id, nil).want(200)
	}
	b.hs("DELETE", "/crm/v4/objects/deals/"+id+"/associations/contacts/"+contact, nil).want(204)
	b.ctl(b.hub, "PATCH", "records/deals/"+id, `{"fields":{"dealname":"C"}}`)
	b.ctl(b.hub, "GET", "stats", nil).is("3", "writes").is(`{"contacts":{"created":1},"deals":{"created":1,"edited":1,"updated":1},"deals/contacts":{"associated":1,"dissociated":1}}`, "objects")
	b.ctl(b.hub, "DELETE", "stats", nil).is("{}", "objects")

	b.pd("POST", "/api/v2/persons", `{"name":"P"}`).want(200)
	b.pdDeal(map[string]any{"title": "A", "person_id": 1})
	b.pd("PATCH", pdDeals+"/1", `{"person_id":null}`).want(200)
	b.pd("DELETE", pdDeals+"/1", nil).want(200)
	b.ctl(b.pipe, "GET", "stats", nil).is(`{"deals":{"created":1,"deleted":1,"updated":1},"deals/persons":{"associated":1,"dissociated":1},"persons":{"created":1}}`, "objects")
}
