package sandbox_test

import (
	"fmt"
	"testing"
)

const persons, orgs = "/api/v2/persons", "/api/v2/organizations"

// brief shows a webhook by what happened to what.
func brief(t *testing.T, h hook) string {
	t.Helper()
	v := decode(t, h.body)
	s := fmt.Sprint(show(walk(t, v, "meta", "entity")), " ", show(walk(t, v, "meta", "action")), " ", show(walk(t, v, "meta", "entity_id")))
	for _, k := range []string{"merged_to_id", "merged_from_id"} {
		if id := walk(t, v, "meta", k); id != nil {
			s += fmt.Sprint(" ", k, " ", show(id))
		}
	}
	return s
}

func TestPersonsAndOrganizationsTellEverythingThatHappensToThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, plural, entity string }{{persons, "persons", "person"}, {orgs, "organizations", "organization"}} {
		t.Run(c.plural, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			url, got := receiver(t, nil)
			for _, action := range []string{"create", "change", "delete"} {
				b.pd("POST", "/api/v1/webhooks", `{"subscription_url":"`+url+`","event_action":"`+action+`","event_object":"`+c.entity+`","name":"t"}`).want(201)
			}
			expect := func(want string) hook {
				t.Helper()
				h := next(t, got)
				if s := brief(t, h); s != want {
					t.Errorf("told %q, want %q", s, want)
				}
				return h
			}
			b.pd("POST", c.path, `{"name":"Ada Old"}`).want(200)
			expect(c.entity + " create 1")
			b.ctl(b.pipe, "PATCH", "records/"+c.plural+"/1", `{"fields":{"name":"Ada New"},"user":502}`)
			v := decode(t, expect(c.entity+" change 1").body)
			if walk(t, v, "data", "name") != "Ada New" || walk(t, v, "previous", "name") != "Ada Old" || walk(t, v, "meta", "change_source") != "app" {
				t.Errorf("change came as %v", v)
			}
			b.ctl(b.pipe, "DELETE", "records/"+c.plural+"/1", nil)
			expect(c.entity + " delete 1")
			b.ctl(b.pipe, "POST", "records/"+c.plural+"/1/restore", nil)
			expect(c.entity + " change 1")
			b.pd("POST", c.path, `{"name":"Twin"}`).want(200)
			expect(c.entity + " create 2")
			b.pd("PUT", "/api/v1/"+c.plural+"/2/merge", `{"merge_with_id":1}`).want(200).is("1", "data", "id").is("true", "data", "active_flag")
			both := map[string]bool{brief(t, next(t, got)): true, brief(t, next(t, got)): true}
			if !both[c.entity+" delete 2 merged_to_id 1"] || !both[c.entity+" change 1 merged_from_id 2"] {
				t.Errorf("merge came as %v", both)
			}
			b.pd("GET", c.path+"/2", nil).want(404)
		})
	}
}

func TestAMergeKeepsAllAddressesAndWhatBelongedToTheOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.pd("POST", orgs, `{"name":"Acme"}`).want(200)
	b.pd("POST", orgs, `{"name":"Acme Ltd","website":"https://acme.example"}`).want(200)
	b.pd("POST", persons, `{"name":"Ada","emails":[{"value":"ada@acme.example","primary":true}]}`).want(200)
	b.pd("POST", persons, `{"name":"Ada M","org_id":2,"emails":[{"value":"ADA@acme.example","primary":true},{"value":"am@acme.example"}],"phones":[{"value":"+1","primary":true}]}`).want(200)
	b.pdDeal(map[string]any{"title": "A", "person_id": 2, "org_id": 2})
	url, got := receiver(t, nil)
	b.pdHook(url, "") // of deals
	b.ctl(b.pipe, "POST", "records/persons/merge", `{"primary":1,"other":2}`)
	r := b.pd("GET", persons+"/1", nil).is("Ada", "data", "name").is("2", "data", "org_id").is("+1", "data", "phones", 0, "value").is("true", "data", "phones", 0, "primary")
	r.is("am@acme.example", "data", "emails", 1, "value").is("false", "data", "emails", 1, "primary")
	if n := len(r.list("data", "emails")); n != 2 {
		t.Errorf("the survivor has %d e-mail addresses", n)
	}
	if s := brief(t, next(t, got)); s != "deal change 1" {
		t.Errorf("told %q", s)
	}
	b.pd("PUT", "/api/v1/organizations/2/merge", `{"merge_with_id":1}`).want(200)
	b.pd("GET", pdDeals+"/1", nil).is("1", "data", "person_id").is("1", "data", "org_id")
	b.pd("GET", persons+"/1", nil).is("1", "data", "org_id")
	b.pd("GET", orgs+"/1", nil).is("https://acme.example", "data", "website")
}

func TestPipedriveTakesActiveCurrenciesOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.pd("GET", "/v1/currencies?term=german", nil).want(200).is("DEM", "data", 0, "code").is("false", "data", 0, "active_flag")
	for _, code := range []string{"DEM", "XXX"} {
		b.pd("POST", pdDeals, `{"title":"A","value":1,"currency":"`+code+`"}`).want(400).is("ERR_SCHEMA_VALIDATION_FAILED", "code")
	}
	b.ctl(b.pipe, "PUT", "settings", `{"currency":{"code":"DEM","active":true}}`)
	b.ctl(b.pipe, "PUT", "settings", `{"currency":{"code":"JPY","decimal_points":0}}`)
	b.ctl(b.pipe, "PUT", "settings", `{"currency":{"code":"USD","active":false}}`)
	for code, status := range map[string]int{"DEM": 200, "JPY": 200, "USD": 400} {
		b.pd("POST", pdDeals, `{"title":"A","value":1,"currency":"`+code+`"}`).want(status)
	}
	b.ctl(b.pipe, "PUT", "settings", `{"user":{"email":"eva@example.com","name":"Eva New"}}`)
	u := b.pd("GET", "/v1/users/find?term=eva@&search_by_email=1", nil).is("Eva New", "data", 0, "name").is("true", "data", 0, "active_flag")
	b.pd("POST", pdDeals, `{"title":"A","owner_id":`+u.str("data", 0, "id")+`}`).want(200)
	b.ctl(b.pipe, "PUT", "settings", `{"user":{"email":"eva@example.com","active":false}}`)
	b.pd("GET", "/v1/users/"+u.str("data", 0, "id"), nil).is("false", "data", "active_flag").is("Eva New", "data", "name")
}

func TestDeniedAreasOfPipedrive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ctl(b.pipe, "PUT", "settings", `{"deny":["pipelines"]}`)
	for _, path := range []string{"/api/v2/pipelines", "/api/v2/stages?pipeline_id=1", "/api/v2/stages/1"} {
		b.pd("GET", path, nil).want(403).is("false", "success")
	}
	b.pd("GET", pdDeals, nil).want(200)
	b.ctl(b.pipe, "PUT", "settings", `{"deny":["pipelines.write","fields","users"]}`)
	b.pd("GET", "/api/v2/stages", nil).want(200)
	b.pd("POST", "/api/v2/pipelines", `{"name":"X"}`).want(403)
	b.pd("GET", "/api/v2/personFields", nil).want(403)
	b.pd("GET", "/api/v1/users", nil).want(403)
	b.pd("GET", "/v1/users/me", nil).want(200)
	b.ctl(b.pipe, "PUT", "settings", `{"deny":[],"hide_pipelines":true}`)
	b.pd("GET", "/api/v2/pipelines", nil).want(200).is("[]", "data")
	b.pd("GET", "/api/v2/stages", nil).want(200).is("[]", "data")
	b.do("PUT", b.pipe+"/_sandbox/settings", nil, `{"deny":["owners"]}`).want(400)
}

func TestFieldsOfEveryTypeOnAllObjects(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct{ plural, name, must string }{{"deals", "deal", "title"}, {"persons", "person", "name"}, {"organizations", "organization", "name"}} {
		made := b.ctl(b.pipe, "POST", "fields/"+c.plural+"/examples", nil)
		code, option := map[string]string{}, map[string]string{}
		for i := range made.list("fields") {
			typ := made.str("fields", i, "field_type")
			code[typ] = made.str("fields", i, "field_code")
			if typ == "enum" || typ == "set" {
				option[typ] = made.str("fields", i, "options", 1, "id")
			}
		}
		if len(code) != 16 {
			t.Fatalf("%s have %d types", c.plural, len(code))
		}
		value := map[string]string{
			"varchar": `"x"`, "varchar_auto": `"x"`, "text": `"x"`, "phone": `"+1"`, "double": `1.5`, "monetary": `{"value":5,"currency":"EUR"}`, "date": `"2026-01-31"`,
			"daterange": `{"value":"2026-01-31","until":"2026-02-01"}`, "time": `{"value":"09:00:00"}`, "timerange": `{"value":"09:00:00","until":"10:00:00"}`,
			"enum": option["enum"], "set": `[` + option["set"] + `]`, "address": `{"value":"Street 1"}`, "user": `501`,
		}
		for typ, v := range value {
			b.pd("POST", "/api/v2/"+c.plural, `{"`+c.must+`":"A","custom_fields":{"`+code[typ]+`":`+v+`}}`).want(200)
		}
		b.pd("POST", "/api/v2/"+c.plural, `{"`+c.must+`":"A","custom_fields":{"`+code["monetary"]+`":{"value":5,"currency":"DEM"}}}`).want(400)
		b.pd("POST", "/api/v2/"+c.name+"Fields", `{"field_name":"More","field_type":"varchar"}`).want(200)
	}
	b.ctl(b.pipe, "POST", "fields/persons", `{"field_name":"Kind","field_type":"enum","options":[{"label":"Lead"}]}`).is("Lead", "options", 0, "label")
	b.do("POST", b.pipe+"/_sandbox/fields/persons", nil, `{"field_name":"Kind","field_type":"colour"}`).want(400)
}
