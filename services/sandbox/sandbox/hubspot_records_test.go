package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
)

const deals = "/crm/objects/2026-09/deals"

func (b *testBundle) deal(props map[string]any) string {
	b.t.Helper()
	return b.hs("POST", deals, map[string]any{"properties": props}).want(201).str("id")
}

func TestBothPathFamiliesAndTypeNamesReachTheSameDeal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.deal(map[string]any{"dealname": "A"})
	for _, base := range []string{
		"/crm/v3/objects/deals/", "/crm/v3/objects/deal/", "/crm/v3/objects/0-3/",
		"/crm/objects/2026-03/deals/", "/crm/objects/2026-09/0-3/",
	} {
		b.hs("GET", base+id, nil).want(200).is("A", "properties", "dealname")
	}
	b.hs("GET", "/crm/objects/2031-03/deals/"+id, nil).want(404)
}

func TestValuesKeepTheirWireForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hs("POST", deals, `{"properties":{"dealname":"A","amount":1500.00,"closedate":"2019-12-07T16:50:06.678Z","createdate":1572406217000,
		"dealstage":"contractsent","hs_priority":"low","hs_all_collaborator_owner_ids":"41629771;41629772"}}`).want(201)
	r.is("1500.00", "properties", "amount").is("2019-12-07T16:50:06.678Z", "properties", "closedate")
	r.is("2019-10-30T03:30:17Z", "properties", "createdate") // milliseconds are dropped when zero
	r.is("default", "properties", "pipeline").is("0.9", "properties", "hs_deal_stage_probability")
	r.is("false", "archived").contains(`"url":"https://app.hubspot.com/contacts/1234567/record/0-3/`)
	if !strings.HasSuffix(r.head.Get("Location"), "/deals/"+r.str("id")) {
		t.Errorf("Location is %q", r.head.Get("Location"))
	}
	id := r.str("id")
	b.hs("PATCH", deals+"/"+id, `{"properties":{"amount":"","hs_all_collaborator_owner_ids":";41629773"}}`).want(200)
	got := b.hs("GET", deals+"/"+id+"?properties=amount,hs_all_collaborator_owner_ids,nosuch", nil).want(200)
	got.is("null", "properties", "amount").is("41629771;41629772;41629773", "properties", "hs_all_collaborator_owner_ids")
	if strings.Contains(got.raw, "nosuch") {
		t.Error("an unknown property was shown")
	}
}

func TestRefusalsHaveTheirExactBodies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.deal(map[string]any{"dealname": "A"})
	b.hs("POST", "/crm/properties/2026-09/deals", `{"groupName":"dealinformation","name":"ext_deal_id","label":"Ext","type":"string","fieldType":"text","hasUniqueValue":true}`).want(201)
	first := b.deal(map[string]any{"ext_deal_id": "EXT-1"})
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		parts              []string
	}{
		"unknown properties are all named": {
			"POST", deals, `{"properties":{"x":"1","y":"2"}}`, 400,
			[]string{`"category":"VALIDATION_ERROR"`, `Property values were not valid: [{\"isValid\":false,\"message\":\"Property \\\"`, `"code":"PROPERTY_DOESNT_EXIST","context":{"propertyName":["x"]}`, `"propertyName":["y"]`, `\"portalId\":1234567`},
		},
		"a bad stage lists the valid ones": {
			"POST", deals, `{"properties":{"dealstage":"registered"}}`, 400,
			[]string{`registered is not a valid pipeline stage ID. Valid options are: pipelineId=default : [appointmentscheduled, qualifiedtobuy`, `"code":"INVALID_OPTION"`},
		},
		"a stage of another pipeline is bad":  {"POST", deals, `{"properties":{"pipeline":"90000001","dealstage":"closedwon"}}`, 400, []string{`pipelineId=90000001 : [90000011`}},
		"a bad option lists the allowed ones": {"POST", deals, `{"properties":{"hs_priority":"LOW"}}`, 400, []string{`LOW was not one of the allowed options: [low, medium, high]`}},
		"a user id is no owner":               {"POST", deals, `{"properties":{"hubspot_owner_id":"9586501"}}`, 400, []string{`INVALID_OPTION`}},
		"a currency must be enabled":          {"POST", deals, `{"properties":{"deal_currency_code":"BRL"}}`, 400, []string{`\"BRL\" is not a part of the current effective currency codes for portal 1234567`}},
		"numbers take no separators":          {"POST", deals, `{"properties":{"amount":"1,500"}}`, 400, []string{`"amount was not a valid number"`, `INVALID_INTEGER`}},
		"dates must be dates":                 {"POST", deals, `{"properties":{"closedate":"soon"}}`, 400, []string{`soon was not a valid long.`, `INVALID_LONG`}},
		"calculated values cannot be set":     {"POST", deals, `{"properties":{"hs_is_closed":"true"}}`, 400, []string{`\"hs_is_closed\" is a calculated property; its value cannot be set.`, `READ_ONLY_VALUE`}},
		"a taken unique value names its owner": {
			"PATCH", deals + "/" + id, `{"properties":{"ext_deal_id":"EXT-1"}}`, 400,
			[]string{fmt.Sprintf("Cannot set PropertyValueCoordinates{portalId=1234567, objectTypeId=ObjectTypeId{legacyObjectType=DEAL}, propertyName=ext_deal_id, value=EXT-1} on %s. %s already has that value.", id, first)},
		},
		"bad JSON":                     {"POST", deals, `{"properties":`, 400, []string{`Invalid input JSON on line 1`}},
		"no such record":               {"GET", deals + "/99", "", 404, []string{`"message":"resource not found"`}},
		"an id that is no number":      {"GET", deals + "/abc", "", 404, []string{`"Object not found.  objectId are usually numeric."`, `"context":{"id":["abc"]}`, `OBJECT_NOT_FOUND`}},
		"an idProperty must be unique": {"GET", deals + "/A?idProperty=dealname", "", 400, []string{`Unable to perform update/upsert by non-unique 0-3 property dealname in portal ID 1234567`}},
	} {
		t.Run(name, func(t *testing.T) {
			var body any
			if c.body != "" {
				body = c.body
			}
			r := b.hs(c.method, c.path, body)
			r.t = t
			r.want(c.status).contains(c.parts...).contains(`"status":"error"`, `"correlationId":"`)
		})
	}
}

func TestContactEmailIsUniqueWithConflict(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.hs("POST", "/crm/v3/objects/contacts", `{"properties":{"email":"Ada@Example.com"}}`).want(201).is("ada@example.com", "properties", "email").str("id")
	b.hs("POST", "/crm/v3/objects/contacts", `{"properties":{"email":"ada@example.com"}}`).want(409).is("Contact already exists. Existing ID: "+id, "message").is("CONFLICT", "category")
	b.hs("GET", "/crm/v3/objects/contacts/ada@example.com?idProperty=email", nil).want(200).is(id, "id")
}

func TestListPagesByIdAndNeverShowsArchivedOnes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []string
	for i := range 25 {
		ids = append(ids, b.deal(map[string]any{"dealname": fmt.Sprint(i)}))
	}
	b.hs("DELETE", deals+"/"+ids[3], nil).want(204)
	b.hs("DELETE", deals+"/"+ids[3], nil).want(204) // also when it is gone
	var got []string
	after, pages := "", 0
	for {
		r := b.hs("GET", deals+"?limit=10&properties=dealname&after="+after, nil).want(200)
		for _, it := range r.list("results") {
			got = append(got, show(walk(t, it, "id")))
		}
		pages++
		if r.at("paging") == nil {
			break
		}
		after = r.str("paging", "next", "after")
	}
	if pages != 3 || strings.Join(got, " ") != strings.Join(append(ids[:3:3], ids[4:]...), " ") {
		t.Errorf("%d pages with %v", pages, got)
	}
	b.hs("GET", deals+"/"+ids[3], nil).want(404)
	b.hs("GET", deals+"/"+ids[3]+"?archived=true", nil).want(200).is("true", "archived").contains(`"archivedAt":"`)
	if n := len(b.hs("GET", deals+"?archived=true", nil).want(200).list("results")); n != 1 {
		t.Errorf("%d archived deals", n)
	}
	b.hs("GET", deals+"?limit=101", nil).want(400)
	b.ctl(b.hub, "POST", "records/deals/"+ids[3]+"/restore", nil)
	b.hs("GET", deals+"/"+ids[3], nil).want(200)
}

func TestHistoryIsNewestFirstWithItsSources(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.deal(map[string]any{"dealname": "A", "dealstage": "appointmentscheduled"})
	b.ctl(b.hub, "PATCH", "records/deals/"+id, `{"fields":{"dealstage":"closedwon"},"user":9586502}`)
	r := b.hs("GET", deals+"/"+id+"?propertiesWithHistory=dealstage&properties=hs_is_closed_won,closedate", nil).want(200)
	r.is("closedwon", "propertiesWithHistory", "dealstage", 0, "value").is("CRM_UI", "propertiesWithHistory", "dealstage", 0, "sourceType")
	r.is("userId:9586502", "propertiesWithHistory", "dealstage", 0, "sourceId").is("9586502", "propertiesWithHistory", "dealstage", 0, "updatedByUserId")
	r.is("INTEGRATION", "propertiesWithHistory", "dealstage", 1, "sourceType").is("2468000", "propertiesWithHistory", "dealstage", 1, "sourceId")
	r.is("true", "properties", "hs_is_closed_won")
	if r.at("properties", "closedate") == nil {
		t.Error("closing did not set the close date")
	}
}

func TestAnUnchangedValueChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.deal(map[string]any{"dealname": "A"})
	before := b.hs("GET", deals+"/"+id, nil).want(200).str("updatedAt")
	b.hs("PATCH", deals+"/"+id, `{"properties":{"dealname":"A"}}`).want(200).is(before, "updatedAt")
}

func TestMergeMakesANewDealThatOldIdsLeadTo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.deal(map[string]any{"dealname": "A", "amount": "1"})
	two := b.deal(map[string]any{"dealname": "B", "description": "from B"})
	r := b.hs("POST", deals+"/merge", map[string]string{"primaryObjectId": one, "objectIdToMerge": two}).want(200)
	id := r.str("id")
	if id == one || id == two {
		t.Fatalf("merge kept the id %s", id)
	}
	r.is("A", "properties", "dealname").is("from B", "properties", "description").is(one+";"+two, "properties", "hs_merged_object_ids")
	b.hs("GET", deals+"/"+one, nil).want(200).is(id, "id")
	b.hs("PATCH", deals+"/"+two, `{"properties":{"amount":"2"}}`).want(200).is(id, "id")
	if got := b.hs("POST", deals+"/batch/read", `{"inputs":[{"id":"`+one+`"},{"id":"`+id+`"}]}`).want(200).list("results"); len(got) != 1 {
		t.Errorf("batch read of an absorbed id gave %d results", len(got))
	}
	b.hs("POST", deals+"/batch/update", `{"inputs":[{"id":"`+one+`","properties":{"amount":"3"}}]}`).want(207)
	if n := len(b.hs("GET", deals+"?archived=true", nil).list("results")) + len(b.hs("GET", deals, nil).list("results")); n != 1 {
		t.Errorf("%d deals are listed after the merge", n)
	}
	b.ctl(b.hub, "PUT", "settings", `{"merge_makes_new":false}`)
	three := b.deal(map[string]any{"dealname": "C"})
	b.hs("POST", deals+"/merge", map[string]string{"primaryObjectId": id, "objectIdToMerge": three}).want(200).is(id, "id")
}

func TestStrictWritesBindTheNewestVersionOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hs("POST", deals, `{"properties":{"amount":"1"}}`).want(201)
	b.ctl(b.hub, "PUT", "settings", `{"strict_writes":true}`)
	b.hs("POST", "/crm/v3/objects/deals", `{"properties":{"amount":"1"}}`).want(201)
	b.hs("POST", "/crm/objects/2026-03/deals", `{"properties":{"amount":"1"}}`).want(201)
	b.hs("POST", deals, `{"properties":{"amount":"1"}}`).want(400).is("VALIDATION_ERROR", "category").contains("dealname")
	b.hs("POST", deals, `{"properties":{"dealname":"A","dealstage":"closedwon"}}`).want(400).contains("closedate", "amount")
	b.hs("POST", deals, `{"properties":{"dealname":"A","dealstage":"closedwon","closedate":"2026-01-01","amount":"5"}}`).want(201)
}
