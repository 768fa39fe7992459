package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// my calls the sandbox's own apps.
func (b *testBundle) my(method, path string, body any) *reply {
	b.t.Helper()
	return b.do(method, b.own+path, map[string]string{"Authorization": "Bearer " + sandbox.SimpleToken}, body)
}

func TestSimpleRecordsAreMadeOncePerExternalKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.do("GET", b.own+"/v1/orders", map[string]string{"Authorization": "Bearer wrong"}, nil).want(401).is("unauthorized", "error", "code")
	id := b.my("POST", "/v1/orders", `{"external_key":"k1","fields":{"title":"A","amount":"12.50","due_date":"2026-05-06","currency":"USD"}}`).want(201).is("k1", "external_key").is("12.50", "fields", "amount").str("id")
	b.my("POST", "/v1/orders", `{"external_key":"k1","fields":{"title":"B"}}`).want(200).is(id, "id").is("A", "fields", "title")
	b.my("POST", "/v1/orders", `{"fields":{"amount":"1"}}`).want(400).is("title", "error", "field")
	b.my("PATCH", "/v1/orders/"+id, `{"fields":{"due_date":null,"paid":true}}`).want(200).is("true", "fields", "paid").is("null", "fields", "due_date")
	for _, bad := range []string{`"amount":"much"`, `"currency":"DEM"`, `"paid":"perhaps"`, `"channel":"fax"`, `"due_date":"soon"`, `"owner":"9"`, `"contact":"9"`, `"colour":"red"`, `"title":""`} {
		b.my("PATCH", "/v1/orders/"+id, `{"fields":{`+bad+`}}`).want(400).is("invalid_value", "error", "code")
	}
	b.my("DELETE", "/v1/orders/"+id, nil).want(204)
	b.my("DELETE", "/v1/orders/"+id, nil).want(404)
	b.my("PATCH", "/v1/orders/"+id, `{"fields":{"title":"B"}}`).want(404)
	b.my("GET", "/v1/orders/"+id, nil).want(200).is("true", "deleted")
	b.my("GET", "/v1/orders", nil).want(200).is("[]", "items")
	b.my("GET", "/v1/orders?deleted=true", nil).want(200).is(id, "items", 0, "id")
	b.my("GET", "/v1/cars", nil).want(404)
	b.my("GET", "/v2/orders", nil).want(404)
}

func TestSimpleListsGoByTimeOfChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ctl(b.own, "POST", "records/orders/bulk", `{"count":5,"fields":{"title":"O {{n}}"},"at":1790000000000,"at_step":1000}`)
	b.ctl(b.own, "PATCH", "records/orders/2", `{"fields":{"title":"X"},"at":1790000009000}`)
	var seen []string
	for path := "/v1/orders?limit=2&updated_since=2026-09-21T14:13:21.000Z"; ; {
		r := b.my("GET", path, nil).want(200)
		for i := range r.list("items") {
			seen = append(seen, r.str("items", i, "id"))
		}
		cursor := r.str("next")
		if cursor == "" {
			break
		}
		path = "/v1/orders?limit=2&cursor=" + cursor
	}
	if fmt.Sprint(seen) != "[3 4 5 2]" {
		t.Errorf("listed %v", seen)
	}
	b.my("GET", "/v1/orders?ids=4,77,x", nil).want(200).is("4", "items", 0, "id").is("", "next")
	b.my("GET", "/v1/orders?cursor=x", nil).want(400)
	b.my("GET", "/v1/orders?updated_since=yesterday", nil).want(400)
}

func TestSimpleAccountsAreApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.my("POST", "/a/directory/v1/companies", `{"external_key":"k","fields":{"name":"Acme"}}`).want(201)
	b.my("POST", "/a/directory/v1/contacts", `{"external_key":"k","fields":{"first_name":"Ada","company":"1"}}`).want(201)
	b.my("GET", "/v1/companies", nil).is("[]", "items")
	b.ctl(b.own, "GET", "records/contacts?account=directory", nil).is("1", "records", 0, "fields", "company")
	b.ctl(b.own, "GET", "records/contacts", nil).is("[]", "records")
	b.ctl(b.own, "PUT", "settings", `{"account":"directory","currencies":["CHF"],"time_zone":"Europe/Zurich"}`)
	b.my("GET", "/a/directory/v1/account", nil).want(200).is("CHF", "currency").is("Europe/Zurich", "time_zone")
	b.my("GET", "/v1/account", nil).want(200).is("EUR", "currency").is(`["EUR","GBP","USD"]`, "currencies")
	b.my("GET", "/v1/users", nil).want(200).is("ada.miller@example.com", "items", 0, "email").is("false", "items", 3, "active")
	b.ctl(b.own, "GET", "stats", nil).is(`{"companies":{"created":1},"contacts":{"created":1},"contacts/companies":{"associated":1}}`, "objects")
}

func TestControlActsAsAPersonInTheSimpleApps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	contact := b.ctl(b.own, "POST", "records/contacts", `{"fields":{"email":"ada@acme.example"}}`).str("id")
	one := b.ctl(b.own, "POST", "records/deals", `{"fields":{"title":"A"},"associations":[{"object":"contacts","id":`+contact+`}]}`).str("id")
	two := b.ctl(b.own, "POST", "records/orders", `{"fields":{"title":"B","amount":5}}`).str("id")
	b.my("GET", "/v1/orders/"+one, nil).is(contact, "fields", "contact")
	b.ctl(b.own, "DELETE", "records/orders/"+one+"/associations", `{"object":"contacts","id":`+contact+`}`)
	b.my("GET", "/v1/orders/"+one, nil).is("null", "fields", "contact")
	b.ctl(b.own, "DELETE", "records/orders/"+one, nil)
	b.ctl(b.own, "POST", "records/orders/"+one+"/restore", nil)
	b.ctl(b.own, "POST", "records/orders/merge", `{"primary":`+one+`,"other":`+two+`}`).is(one, "id")
	b.my("GET", "/v1/orders/"+one, nil).is("A", "fields", "title").is("5", "fields", "amount").is(`["`+two+`"]`, "merged_from")
	b.my("GET", "/v1/orders/"+two, nil).is("true", "deleted").is(one, "merged_into")
	b.do("POST", b.own+"/_sandbox/records/orders/"+two+"/restore", nil, nil).want(404)
	b.do("POST", b.own+"/_sandbox/records/orders/"+one+"/do/won", nil, nil).want(400)
	b.ctl(b.own, "GET", "records/orders/"+one, nil).contains(`"history":[`)
	b.ctl(b.own, "POST", "fields/orders", `{"name":"region","type":"picklist","options":[{"id":"n","label":"North"}]}`)
	b.my("POST", "/v1/orders", `{"fields":{"title":"C","region":"n"}}`).want(201)
	b.my("GET", "/v1/orders/fields", nil).contains(`"name":"region"`, `"options":[{"id":"n","label":"North"}]`)
	b.ctl(b.own, "POST", "fields/companies/examples", nil)
	b.my("POST", "/v1/companies", `{"fields":{"name":"A","example_datetime":"2026-01-02T03:04:05+01:00","example_multi_picklist":"red;blue"}}`).want(201).is("2026-01-02T02:04:05Z", "fields", "example_datetime").is("blue;red", "fields", "example_multi_picklist")
	b.my("POST", "/v1/companies", `{"fields":{"name":"A","example_read_only":"1"}}`).want(400)
	b.ctl(b.own, "PUT", "settings", `{"deny":["orders.write","fields"]}`)
	b.my("GET", "/v1/orders", nil).want(200)
	b.my("POST", "/v1/orders", `{"fields":{"title":"D"}}`).want(403).is("forbidden", "error", "code")
	b.my("GET", "/v1/orders/fields", nil).want(403)
	b.ctl(b.own, "PUT", "clock/stopped", `{"stopped":true}`)
	b.ctl(b.own, "PUT", "throttling", `{"on":true,"burst":1}`)
	b.my("GET", "/v1/contacts", nil).want(200)
	if r := b.my("GET", "/v1/contacts", nil).want(429); r.head.Get("Retry-After") != "1" {
		t.Error("a refusal does not say how long to wait")
	}
}
