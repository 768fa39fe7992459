package sandbox_test

import "testing"

func TestOnlyEnabledCurrenciesAreTaken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hs("GET", "/crm/properties/2026-09/deals/deal_currency_code", nil).want(200).is("EUR", "options", 0, "value").is("USD", "options", 2, "value")
	b.hs("POST", deals, `{"properties":{"dealname":"A","amount":"1","deal_currency_code":"BRL"}}`).want(400).contains(`is not a part of the current effective currency codes for portal 1234567`)
	b.ctl(b.hub, "PUT", "settings", `{"currencies":["CHF","BRL"],"time_zone":"Europe/Berlin"}`).is(`["CHF","BRL"]`, "currencies").is("Europe/Berlin", "time_zone")
	b.hs("POST", deals, `{"properties":{"dealname":"A","amount":"1","deal_currency_code":"BRL"}}`).want(201)
	b.hs("POST", deals, `{"properties":{"dealname":"A","amount":"1","deal_currency_code":"EUR"}}`).want(400)
	b.hs("GET", "/crm/v3/properties/deals/deal_currency_code", nil).is("CHF", "options", 0, "value")
	b.hs("GET", "/account-info/2026-09/details", nil).want(200).is("CHF", "companyCurrency").is(`["BRL"]`, "additionalCurrencies").is("Europe/Berlin", "timeZone")
	b.do("PUT", b.hub+"/_sandbox/settings", nil, `{"time_zone":"Mars/Base"}`).want(400)
	b.do("PUT", b.hub+"/_sandbox/settings", nil, `{"currencies":["euro"]}`).want(400)
	b.ctl(b.hub, "POST", "reset", nil)
	b.hs("GET", "/account-info/v3/details", nil).is("EUR", "companyCurrency").is("UTC", "timeZone")
}

func TestOwnersComeAndGo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ctl(b.hub, "PUT", "settings", `{"owner":{"email":"eva@example.com","firstName":"Eva","lastName":"New"}}`)
	r := b.hs("GET", "/crm/v3/owners?email=eva@example.com", nil).want(200).is("41629775", "results", 0, "id").is("9586505", "results", 0, "userId")
	b.hs("POST", deals, `{"properties":{"dealname":"A","hubspot_owner_id":"`+r.str("results", 0, "id")+`"}}`).want(201)
	b.ctl(b.hub, "PUT", "settings", `{"owner":{"email":"eva@example.com","archived":true}}`)
	if n := len(b.hs("GET", "/crm/v3/owners?email=eva@example.com", nil).list("results")); n != 0 {
		t.Error("an archived owner is among the others")
	}
	b.hs("GET", "/crm/v3/owners?archived=true&email=eva@example.com", nil).is("null", "results", 0, "userId").is("9586505", "results", 0, "userIdIncludingInactive")
}

func TestDeniedAreasOfHubSpot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	make := `{"label":"X","stages":[{"label":"One","metadata":{"probability":"0.5"}}]}`
	b.ctl(b.hub, "PUT", "settings", `{"deny":["pipelines.write","owners"]}`).is(`["pipelines.write","owners"]`, "deny")
	b.hs("GET", "/crm/v3/pipelines/deals", nil).want(200)
	r := b.hs("POST", "/crm/pipelines/2026-09/deals", make).want(403).is("MISSING_SCOPES", "category").is(`["crm.schemas.deals.write"]`, "errors", 0, "context", "requiredGranularScopes")
	r.is("This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.", "message")
	b.hs("GET", "/crm/v3/owners", nil).want(403).is(`["crm.objects.owners.read"]`, "errors", 0, "context", "requiredGranularScopes")
	b.ctl(b.hub, "PUT", "settings", `{"deny":["pipelines"]}`)
	b.hs("GET", "/crm/v3/pipelines/deals", nil).want(403).is(`["crm.schemas.deals.read"]`, "errors", 0, "context", "requiredGranularScopes")
	b.hs("GET", "/crm/v3/owners", nil).want(200)
	b.ctl(b.hub, "PUT", "settings", `{"deny":["associations.write"]}`)
	b.hs("POST", "/crm/v4/associations/deals/contacts/batch/read", `{"inputs":[]}`).want(200)
	b.hs("POST", "/crm/v4/associations/deals/contacts/batch/associate/default", `{"inputs":[]}`).want(403).is(`["crm.objects.deals.write"]`, "errors", 0, "context", "requiredGranularScopes")
	b.ctl(b.hub, "PUT", "settings", `{"deny":[],"hide_pipelines":true}`)
	b.hs("GET", "/crm/v3/pipelines/deals", nil).want(200).is("[]", "results")
	b.ctl(b.hub, "PUT", "settings", `{"hide_pipelines":false}`)
	b.hs("POST", "/crm/v3/pipelines/deals", make).want(201)
	b.do("PUT", b.hub+"/_sandbox/settings", nil, `{"deny":["weather"]}`).want(400).contains("pipelines")
}

func TestPropertiesOfEveryType(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, object := range []string{"deals", "contacts", "companies"} {
		b.ctl(b.hub, "POST", "fields/"+object+"/examples", nil)
		path := "/crm/v3/objects/" + object
		id := b.hs("POST", path, `{"properties":{"example_text":"t","example_textarea":"a","example_phone":"+49 1","example_number":"1.50","example_date":"2026-03-04","example_datetime":"2026-03-04T05:06:07Z",
			"example_checkbox":"true","example_radio":"red","example_dropdown":"green","example_checkboxes":"red;blue","example_owner":"41629771"}}`).want(201).str("id")
		for _, bad := range []string{
			`"example_number":"x"`, `"example_date":"soon"`, `"example_checkbox":"maybe"`, `"example_radio":"pink"`, `"example_checkboxes":"red;pink"`, `"example_owner":"1"`, `"example_calculation":"1"`, `"example_score":"1"`,
		} {
			b.hs("PATCH", path+"/"+id, `{"properties":{`+bad+`}}`).want(400)
		}
		b.ctl(b.hub, "PATCH", "records/"+object+"/"+id, `{"fields":{"example_calculation":"7","example_score":"42"}}`) // as the formula would
		b.hs("GET", path+"/"+id+"?properties=example_calculation,example_score,example_checkboxes,example_date", nil).is("7", "properties", "example_calculation").is("42", "properties", "example_score").
			is("red;blue", "properties", "example_checkboxes").is("2026-03-04", "properties", "example_date")
		b.hs("GET", "/crm/v3/properties/"+object+"/example_score", nil).is("calculation_score", "fieldType").is("true", "calculated").is("true", "modificationMetadata", "readOnlyValue")
		b.hs("GET", "/crm/v3/properties/"+object+"/example_owner", nil).is("OWNER", "referencedObjectType")
	}
	b.ctl(b.hub, "POST", "fields/deals", `{"name":"region","type":"enumeration","fieldType":"select","options":[{"label":"North","value":"n"}]}`).is("region", "label").is("dealinformation", "groupName")
	b.do("POST", b.hub+"/_sandbox/fields/deals", nil, `{"name":"region","type":"string","fieldType":"text"}`).want(409)
	b.hs("POST", "/crm/v3/properties/deals", `{"groupName":"dealinformation","name":"score","label":"S","type":"number","fieldType":"calculation_score"}`).want(400)
}
