package sandbox_test

import (
	"fmt"
	"testing"
)

func TestPipelinesAndStages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hs("GET", "/crm/pipelines/2026-09/deals", nil).want(200).is("default", "results", 0, "id").is("Sales Pipeline", "results", 0, "label")
	want := map[string]string{
		"appointmentscheduled": "0.2", "qualifiedtobuy": "0.4", "presentationscheduled": "0.6", "decisionmakerboughtin": "0.8",
		"contractsent": "0.9", "closedwon": "1.0", "closedlost": "0.0",
	}
	stages := r.list("results", 0, "stages")
	if len(stages) != len(want) {
		t.Fatalf("%d standard stages", len(stages))
	}
	for _, s := range stages {
		id := show(walk(t, s, "id"))
		closed := fmt.Sprint(id == "closedwon" || id == "closedlost")
		if show(walk(t, s, "metadata", "probability")) != want[id] || walk(t, s, "metadata", "isClosed") != closed {
			t.Errorf("stage %s has %v", id, walk(t, s, "metadata"))
		}
	}
	made := b.hs("POST", "/crm/v3/pipelines/deals", `{"label":"New","displayOrder":2,"stages":[{"label":"One","displayOrder":0,"metadata":{"probability":"0.5"}},{"label":"Done","displayOrder":1,"metadata":{"probability":"1.0"}}]}`).want(201)
	made.is("true", "stages", 1, "metadata", "isClosed")
	pid, sid := made.str("id"), made.str("stages", 0, "id")
	b.hs("POST", "/crm/v3/pipelines/deals", `{"label":"New 2","stages":[{"label":"One","metadata":{}}]}`).want(400)
	b.hs("PATCH", "/crm/v3/pipelines/deals/"+pid+"/stages/"+sid, `{"label":"Uno"}`).want(200).is("Uno", "label").is("0.5", "metadata", "probability")
	b.hs("POST", "/crm/v3/pipelines/deals/"+pid+"/stages", `{"label":"Two","displayOrder":1,"metadata":{"probability":"0.7"}}`).want(201)
	id := b.deal(map[string]any{"dealname": "A", "pipeline": pid, "dealstage": sid})
	e := b.hs("DELETE", "/crm/pipelines/2026-09/deals/"+pid+"/stages/"+sid, nil).want(400).is("PipelineError.STAGE_ID_IN_USE", "subCategory")
	e.is("Stage IDs: ["+sid+"] are being referenced by object IDs: ["+id+"]", "message").is(`["[`+id+`]"]`, "context", "objectIds")
	b.hs("DELETE", "/crm/v3/pipelines/deals/"+pid+"/stages/"+sid, nil).want(204)
	b.hs("DELETE", "/crm/v3/pipelines/deals/"+pid, nil).want(204)
	b.hs("GET", "/crm/v3/pipelines/deals/"+pid, nil).want(404)
}

func TestProperties(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hs("GET", "/crm/properties/2026-09/deals/hs_is_closed", nil).want(200).is("true", "calculated").is("true", "modificationMetadata", "readOnlyValue").is("bool", "type")
	b.hs("GET", "/crm/properties/2026-09/deals/hubspot_owner_id", nil).want(200).is("OWNER", "referencedObjectType").is("true", "externalOptions")
	b.hs("GET", "/crm/properties/2026-09/deals/closedate", nil).want(200).is("datetime", "type").is("date", "fieldType")
	body := `{"groupName":"dealinformation","name":"color","label":"Color","type":"enumeration","fieldType":"select","options":[{"label":"Red","value":"red","displayOrder":0,"hidden":false}]}`
	b.hs("POST", "/crm/properties/2026-09/deals", body).want(201)
	b.hs("POST", "/crm/properties/2026-09/deals", body).want(409)
	b.hs("POST", deals, `{"properties":{"color":"blue"}}`).want(400)
	b.hs("PATCH", "/crm/properties/2026-09/deals/color", `{"options":[{"label":"Blue","value":"blue"}]}`).want(200)
	b.hs("POST", deals, `{"properties":{"color":"blue"}}`).want(201)
	b.hs("POST", deals, `{"properties":{"color":"red"}}`).want(400)
	b.hs("POST", "/crm/properties/2026-09/deals", `{"groupName":"dealinformation","name":"n","label":"N","type":"number","fieldType":"select"}`).want(400)
	for i := range 11 {
		status := 201
		if i == 10 {
			status = 400
		}
		b.hs("POST", "/crm/properties/2026-09/deals", fmt.Sprintf(`{"groupName":"dealinformation","name":"u%d","label":"U","type":"string","fieldType":"text","hasUniqueValue":true}`, i)).want(status)
	}
	b.hs("POST", "/crm/properties/2026-09/deals/batch/read", `{"inputs":[{"name":"color"},{"name":"nosuch"}]}`).want(207).is("color", "results", 0, "name").is("1", "numErrors")
	b.hs("DELETE", "/crm/properties/2026-09/deals/color", nil).want(204)
	b.hs("GET", "/crm/properties/2026-09/deals/color", nil).want(404)
	b.hs("GET", "/crm/properties/2026-09/deals/color?archived=true", nil).want(200)
}

func TestOwnersAndAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hs("GET", "/crm/v3/owners/?email=BEN.schmidt@example.com", nil).want(200).is("41629772", "results", 0, "id").is("9586502", "results", 0, "userId").is("PERSON", "results", 0, "type")
	if len(r.list("results")) != 1 {
		t.Error("the e-mail filter found more than one")
	}
	b.hs("GET", "/crm/owners/2026-09/41629772", nil).want(200)
	b.hs("GET", "/crm/owners/2026-09/9586502?idProperty=userId", nil).want(200).is("41629772", "id")
	b.hs("GET", "/crm/owners/2026-09?archived=true", nil).want(200).is("null", "results", 0, "userId")
	b.hs("GET", "/crm/owners/2026-09?limit=2", nil).want(200).is("2", "paging", "next", "after")
	b.hs("GET", "/account-info/2026-09/details", nil).want(200).is("1234567", "portalId").is("EUR", "companyCurrency").is(`["GBP","USD"]`, "additionalCurrencies")
}

func TestAssociations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	company := b.hs("POST", "/crm/v3/objects/companies", `{"properties":{"name":"Acme"}}`).want(201).str("id")
	other := b.hs("POST", "/crm/v3/objects/companies", `{"properties":{"name":"Beta"}}`).want(201).str("id")
	contact := b.hs("POST", "/crm/v3/objects/contacts", `{"properties":{"email":"a@b.c"}}`).want(201).str("id")
	r := b.hs("POST", deals, `{"properties":{"dealname":"A"},"associations":[
		{"to":{"id":"`+company+`"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":5}]},
		{"to":{"id":"`+contact+`"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}]}]}`).want(201).is("1", "properties", "num_associated_contacts")
	id := r.str("id")
	got := b.hs("GET", deals+"/"+id+"?associations=companies,contacts", nil).want(200)
	got.is("deal_to_company", "associations", "companies", "results", 0, "type").is("deal_to_company_unlabeled", "associations", "companies", "results", 1, "type")
	got.is("deal_to_contact", "associations", "contacts", "results", 0, "type")
	b.hs("POST", deals, `{"properties":{},"associations":[{"to":{"id":"999"},"types":[{"associationTypeId":3}]}]}`).want(400)
	b.hs("POST", deals, `{"properties":{},"associations":[{"to":{"id":"`+contact+`"},"types":[{"associationTypeId":4}]}]}`).want(400).contains("invalid from object type 0-3")

	read := b.hs("POST", "/crm/associations/2026-09/deals/companies/batch/read", `{"inputs":[{"id":"`+id+`"}]}`).want(200)
	read.is(company, "results", 0, "to", 0, "toObjectId").is("Primary", "results", 0, "to", 0, "associationTypes", 0, "label").is("341", "results", 0, "to", 0, "associationTypes", 1, "typeId")
	b.hs("PUT", "/crm/v4/objects/deals/"+id+"/associations/companies/"+other, `[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":5}]`).want(201)
	if n := len(b.hs("GET", "/crm/v4/objects/deals/"+id+"/associations/companies", nil).want(200).list("results", 0, "associationTypes")); n != 1 {
		t.Errorf("the former primary company has %d types", n)
	}
	b.hs("PUT", "/crm/v4/objects/companies/"+other+"/associations/default/contacts/"+contact, nil).want(200)
	b.hs("POST", deals+"/search", `{"filterGroups":[{"filters":[{"propertyName":"associations.contact","operator":"EQ","value":"`+contact+`"}]}]}`).want(200).is("1", "total")
	b.hs("DELETE", "/crm/v4/objects/deals/"+id+"/associations/contacts/"+contact, nil).want(204)
	b.hs("GET", deals+"/"+id+"?properties=num_associated_contacts", nil).is("0", "properties", "num_associated_contacts")
	b.hs("POST", "/crm/v4/associations/deals/contacts/batch/create", `{"inputs":[{"from":{"id":"`+id+`"},"to":{"id":"`+contact+`"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}]},{"from":{"id":"`+id+`"},"to":{"id":"5"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}]}]}`).want(207)
	lb := b.hs("POST", "/crm/v4/associations/deals/contacts/labels", `{"name":"buyer","label":"Buyer"}`).want(200)
	typ := lb.str("results", 0, "typeId")
	b.hs("PUT", "/crm/v4/objects/deals/"+id+"/associations/contacts/"+contact, `[{"associationCategory":"USER_DEFINED","associationTypeId":`+typ+`}]`).want(201).is(`["Buyer"]`, "labels")
	b.hs("POST", "/crm/v4/associations/deals/contacts/batch/archive", `{"inputs":[{"from":{"id":"`+id+`"},"to":[{"id":"`+contact+`"}]}]}`).want(204)
	b.hs("POST", "/crm/v4/associations/deals/contacts/batch/read", `{"inputs":[{"id":"`+id+`"}]}`).want(207)
}
