package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	contacts  = "/crm/v3/objects/contacts"
	companies = "/crm/objects/2026-09/companies"
)

func (b *testBundle) contact(email string) string {
	b.t.Helper()
	return b.hs("POST", contacts, `{"properties":{"email":"`+email+`"}}`).want(201).str("id")
}

func (b *testBundle) company(name string) string {
	b.t.Helper()
	return b.hs("POST", companies, `{"properties":{"name":"`+name+`"}}`).want(201).str("id")
}

// tell shows an event by its type and what it says beside that.
func tell(e map[string]any) string {
	s := show(e["subscriptionType"])
	for _, k := range []string{"objectTypeId", "objectId", "associationType", "fromObjectId", "toObjectId", "associationRemoved", "isPrimaryAssociation", "propertyName", "propertyValue", "changeFlag", "primaryObjectId", "newObjectId", "mergedObjectIds"} {
		if v, ok := e[k]; ok {
			s += " " + show(v)
		}
	}
	return s
}

func TestContactsAndCompaniesTellEverythingThatHappensToThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ object, singular, typeID, field, value string }{
		{"contacts", "contact", "0-1", "firstname", "Ada"},
		{"companies", "company", "0-2", "domain", "acme.example"},
	} {
		t.Run(c.object, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			url, got := receiver(t, nil)
			one := b.hs("POST", "/crm/v3/objects/"+c.object, `{"properties":{}}`).want(201).str("id")
			var subs []string
			for _, what := range []string{"creation", "deletion", "restore", "merge"} {
				subs = append(subs, sub(c.singular+"."+what), `{"eventType":"object.`+what+`","objectTypeId":"`+c.typeID+`","active":true}`)
			}
			for _, typ := range []string{c.singular + ".propertyChange", "object.propertyChange"} {
				subs = append(subs, `{"eventType":"`+typ+`","objectTypeId":"`+c.typeID+`","propertyName":"`+c.field+`","active":true}`)
			}
			b.subscribe(url, subs...)
			expect := func(want string) { // of the legacy subscription; the generic one names the type too
				t.Helper()
				legacy, rest, _ := strings.Cut(want, " ")
				generic := "object" + legacy[strings.Index(legacy, "."):] + " " + c.typeID + " " + rest
				both := map[string]bool{}
				for _, e := range events(t, got, 2) {
					both[tell(e)] = true
				}
				if !both[want] || !both[generic] {
					t.Errorf("events are %v, want %q and %q", both, want, generic)
				}
			}
			two := b.hs("POST", "/crm/v3/objects/"+c.object, `{"properties":{}}`).want(201).str("id")
			expect(c.singular + ".creation " + two + " CREATED")
			b.hs("PATCH", "/crm/v3/objects/"+c.object+"/"+two, `{"properties":{"`+c.field+`":"`+c.value+`"}}`).want(200)
			expect(c.singular + ".propertyChange " + two + " " + c.field + " " + c.value)
			b.ctl(b.hub, "DELETE", "records/"+c.object+"/"+two, nil)
			expect(c.singular + ".deletion " + two + " DELETED")
			b.ctl(b.hub, "POST", "records/"+c.object+"/"+two+"/restore", nil)
			expect(c.singular + ".restore " + two + " RESTORED")
			b.ctl(b.hub, "POST", "records/"+c.object+"/merge", `{"primary":`+one+`,"other":`+two+`}`).is(one, "id")
			gotMerge := map[string]bool{}
			for _, e := range events(t, got, 4) { // and the value that came over
				gotMerge[tell(e)] = true
			}
			if want := c.singular + ".merge " + one + " " + one + " " + one + " [" + two + "]"; !gotMerge[want] || !gotMerge[c.singular+".propertyChange "+one+" "+c.field+" "+c.value] {
				t.Errorf("merge came as %v, want %q", gotMerge, want)
			}
			b.hs("GET", "/crm/v3/objects/"+c.object+"/"+two+"?properties=hs_merged_object_ids", nil).want(200).is(one, "id").is(two, "properties", "hs_merged_object_ids")
			b.hs("POST", "/crm/v3/objects/"+c.object+"/batch/read", `{"inputs":[{"id":"`+two+`"}]}`).want(200).is("[]", "results")
		})
	}
}

func TestAssociationsAreToldFromBothEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	deal, contact, company := b.deal(map[string]any{"dealname": "A"}), b.contact("ada@acme.example"), b.company("Acme")
	url, got := receiver(t, nil)
	subs := []string{sub("deal.associationChange"), sub("contact.associationChange"), sub("company.associationChange")}
	for _, id := range []string{"0-1", "0-2", "0-3"} {
		subs = append(subs, `{"eventType":"object.associationChange","objectTypeId":"`+id+`","active":true}`)
	}
	b.subscribe(url, subs...)
	for _, c := range []struct{ from, fromID, fromType, name, to, toID, toType string }{
		{"deals", deal, "0-3", "DEAL_TO_CONTACT", "contacts", contact, "0-1"},
		{"deals", deal, "0-3", "DEAL_TO_COMPANY", "companies", company, "0-2"},
		{"contacts", contact, "0-1", "CONTACT_TO_COMPANY", "companies", company, "0-2"},
	} {
		a, z, _ := strings.Cut(c.name, "_TO_")
		back := z + "_TO_" + a
		for _, removed := range []string{"false", "true"} {
			method := map[string]string{"false": "PUT", "true": "DELETE"}[removed]
			path := "/crm/v4/objects/" + c.from + "/" + c.fromID + "/associations/"
			if method == "PUT" {
				path += "default/"
			}
			if r := b.hs(method, path+c.to+"/"+c.toID, nil); r.status > 204 {
				t.Fatalf("%s: %d %s", c.name, r.status, r.raw)
			}
			seen := map[string]bool{}
			for _, e := range events(t, got, 4) {
				seen[tell(e)] = true
			}
			there := fmt.Sprintf("%s %s %s %s false", c.name, c.fromID, c.toID, removed)
			here := fmt.Sprintf("%s %s %s %s false", back, c.toID, c.fromID, removed)
			for _, want := range []string{
				strings.ToLower(a) + ".associationChange " + there, strings.ToLower(z) + ".associationChange " + here,
				"object.associationChange " + c.fromType + " " + there, "object.associationChange " + c.toType + " " + here,
			} {
				if !seen[want] {
					t.Errorf("%s removed=%s: no %q in %v", c.name, removed, want, seen)
				}
			}
		}
	}
	b.hs("PUT", "/crm/v4/objects/contacts/"+contact+"/associations/companies/"+company, `[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":1}]`).want(201)
	primary := 0
	for _, e := range events(t, got, 8) { // the primary and the unlabeled one, from both ends, to both kinds of subscriptions
		if show(e["isPrimaryAssociation"]) == "true" {
			primary++
		}
	}
	if primary != 4 {
		t.Errorf("%d events say that the association is primary, want 4", primary)
	}
}

func TestAnEmailBelongsToOneContact(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, other := b.contact("ada@acme.example"), b.contact("ben@acme.example")
	taken := "Contact already exists. Existing ID: " + id
	for _, base := range []string{"/crm/v3/objects", "/crm/objects/2026-09"} {
		b.hs("POST", base+"/contacts", `{"properties":{"email":"ADA@acme.example"}}`).want(409).is("CONFLICT", "category").is(taken, "message")
		b.hs("PATCH", base+"/contacts/"+other, `{"properties":{"email":"ada@acme.example"}}`).want(409).is("CONFLICT", "category").is(taken, "message")
		batch := func(call, inputs string, status int) *reply {
			t.Helper()
			return b.hs("POST", base+"/contacts/batch/"+call, `{"inputs":[`+inputs+`]}`).want(status)
		}
		row := func(r *reply) {
			t.Helper()
			r.is("1", "numErrors").is("CONFLICT", "errors", 0, "category").is(taken, "errors", 0, "message").is(`["bad"]`, "errors", 0, "context", "objectWriteTraceId")
			if len(r.list("results")) != 1 {
				t.Errorf("the good row did not get through: %s", r.raw)
			}
		}
		fresh := strings.ReplaceAll(base[len("/crm/"):], "/", ".") + "@acme.example"
		row(batch("create", `{"objectWriteTraceId":"bad","properties":{"email":"ada@acme.example"}},{"objectWriteTraceId":"good","properties":{"email":"`+fresh+`"}}`, 207))
		row(batch("update", `{"id":"`+other+`","objectWriteTraceId":"bad","properties":{"email":"ada@acme.example"}},{"id":"`+id+`","objectWriteTraceId":"good","properties":{"firstname":"`+base+`"}}`, 207))
		batch("create", `{"properties":{"email":"new@acme.example"}},{"properties":{"email":"ada@acme.example"}}`, 409).is(taken, "message")
		batch("update", `{"id":"`+id+`","properties":{"firstname":"never"}},{"id":"`+other+`","properties":{"email":"ada@acme.example"}}`, 409).is(taken, "message")
		b.hs("GET", contacts+"/"+id, nil).is(base, "properties", "firstname")
	}
	b.hs("POST", "/crm/v3/properties/contacts", `{"groupName":"contactinformation","name":"ext","label":"Ext","type":"string","fieldType":"text","hasUniqueValue":true}`).want(201)
	up := b.hs("POST", contacts+"/batch/upsert", `{"inputs":[{"id":"X1","idProperty":"ext","objectWriteTraceId":"bad","properties":{"ext":"X1","email":"ada@acme.example"}},{"id":"X2","idProperty":"ext","objectWriteTraceId":"good","properties":{"ext":"X2","email":"cleo@acme.example"}}]}`).want(207)
	up.is("CONFLICT", "errors", 0, "category").is(taken, "errors", 0, "message").is("X2", "results", 0, "properties", "ext")
	if n := len(b.hs("GET", contacts+"?limit=100", nil).list("results")); n != 5 {
		t.Errorf("there are %d contacts", n)
	}
}

func TestManyAssociationsAtOnceInBothPathFamilies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	deal, one, two := b.deal(map[string]any{"dealname": "A"}), b.contact("a@acme.example"), b.contact("b@acme.example")
	pair := func(from, to string) string { return `{"from":{"id":"` + from + `"},"to":{"id":"` + to + `"}}` }
	b.hs("POST", "/crm/associations/2026-09/deals/contacts/batch/associate/default", `{"inputs":[`+pair(deal, one)+`,`+pair(deal, "5")+`]}`).want(207).is("1", "numErrors").is(one, "results", 0, "to", "id")
	b.hs("POST", "/crm/v4/associations/deals/contacts/batch/associate/default", `{"inputs":[`+pair(deal, one)+`,`+pair(deal, two)+`]}`).want(200)
	for _, base := range []string{"/crm/v4/associations", "/crm/associations/2026-09"} {
		r := b.hs("POST", base+"/deals/contacts/batch/read", `{"inputs":[{"id":"`+deal+`"}]}`).want(200).is(deal, "results", 0, "from", "id")
		if n := len(r.list("results", 0, "to")); n != 2 {
			t.Errorf("%s reads %d associations", base, n)
		}
	}
	b.ctl(b.hub, "GET", "stats", nil).is("2", "objects", "deals/contacts", "associated").is("2", "objects", "contacts", "created")
	b.ctl(b.hub, "DELETE", "records/contacts/"+one, nil)
	if n := len(b.hs("GET", "/crm/v4/objects/deals/"+deal+"/associations/contacts", nil).list("results")); n != 1 {
		t.Errorf("with an archived contact the deal has %d", n)
	}
	b.ctl(b.hub, "POST", "records/contacts/"+one+"/restore", nil)
	b.ctl(b.hub, "POST", "records/contacts/merge", `{"primary":`+one+`,"other":`+two+`}`)
	b.hs("GET", "/crm/v4/objects/deals/"+deal+"/associations/contacts", nil).is(one, "results", 0, "toObjectId")
	b.hs("GET", deals+"/"+deal+"?properties=num_associated_contacts", nil).is("1", "properties", "num_associated_contacts")
}
