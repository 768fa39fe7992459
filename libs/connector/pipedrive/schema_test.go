package pipedrive

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

const (
	meAnswer         = `{"data":{"id":599,"default_currency":"USD","timezone_name":"Europe/Berlin"}}`
	usersAnswer      = `{"data":[{"id":501,"name":"Ada","email":"ada@x.com","active_flag":true},{"id":504,"name":"Dan","email":"dan@x.com","active_flag":false}]}`
	currenciesAnswer = `{"data":[{"code":"EUR","active_flag":true},{"code":"USD","active_flag":true},{"code":"DEM","active_flag":false},{"code":"GBP","active_flag":true}]}`
	scopeAnswer      = `{"success":false,"error":"Scope and URL mismatch"}`
)

func getExchange(path string, status int, response string) connectortest.Exchange {
	return exchange("GET", path, status, "", response)
}

func TestTheSchemaOfDealsHasTypedFieldsStagesOwnersAndCurrencies(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "schema").URL)
	got, err := d.Schema(context.Background(), deal.Deals)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Golden(t, "schema/schema.json", got)
}

// What all objects share is read for the first of them; one that asks again has
// a reason to.
func TestObjectsShareWhatTheCompanyHas(t *testing.T) {
	t.Parallel()
	account := []connectortest.Exchange{
		getExchange("/api/v1/users/me", 200, meAnswer), getExchange("/api/v1/users", 200, usersAnswer), getExchange("/api/v1/currencies", 200, currenciesAnswer),
	}
	persons := getExchange("/api/v2/personFields?limit=500", 200, `{"data":[{"field_name":"Telefon","field_code":"phone","field_type":"phone"},{"field_name":"Budget","field_code":"c1","field_type":"monetary","is_custom_field":true}]}`)
	organizations := getExchange("/api/v2/organizationFields?limit=500", 200, `{"data":[{"field_name":"Branche","field_code":"industry","field_type":"enum","options":[{"id":1,"label":"Finance"}]}]}`)
	calls := append([]connectortest.Exchange{persons}, account...)
	calls = append(calls, organizations, persons)
	d := open(t, connectortest.Serve(t, append(calls, account...)...).URL)
	read := func(object deal.Object) *connector.Schema {
		t.Helper()
		s, err := d.Schema(context.Background(), object)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Owners) != 2 || s.Zone != "Europe/Berlin" || s.Currency != "USD" || len(s.Pipelines) != 0 {
			t.Errorf("schema of %s: %+v", object, s)
		}
		if diff := cmp.Diff([]string{"USD", "EUR", "GBP"}, s.Currencies); diff != "" {
			t.Errorf("currencies (-want +got):\n%s", diff)
		}
		return s
	}
	s := read(deal.Contacts)
	if f := s.Field("c1"); f == nil || f.Type != deal.Number || f.Currency != "c1.currency" || s.Field("c1.currency") == nil {
		t.Errorf("a monetary field: %+v", f)
	}
	if f := read(deal.Companies).Field("industry"); f == nil || f.Label != "Branche" || len(f.Options) != 1 {
		t.Errorf("a field of the account's own words: %+v", f)
	}
	read(deal.Contacts)
}

// R10: who may not see the stages still gets the fields.
func TestWhatMayNotBeSeenIsLeftOutOfTheSchema(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t,
		getExchange("/api/v2/dealFields?limit=500", 200, `{"data":[]}`),
		getExchange("/api/v2/pipelines?limit=500", 403, scopeAnswer),
		getExchange("/api/v1/users/me", 200, meAnswer),
		getExchange("/api/v1/users", 403, scopeAnswer),
		getExchange("/api/v1/currencies", 403, scopeAnswer),
	).URL)
	s, err := d.Schema(context.Background(), deal.Deals)
	if err != nil || len(s.Pipelines) != 0 || len(s.Owners) != 0 || len(s.Currencies) != 0 || s.Currency != "USD" || s.StageField() != "stage" {
		t.Errorf("schema %+v, %v", s, err)
	}
}

func TestAWrongTokenFailsTheSchema(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t,
		getExchange("/api/v2/dealFields?limit=500", 200, `{"data":[]}`),
		getExchange("/api/v2/pipelines?limit=500", 401, `{"success":false,"error":"unauthorized access"}`),
	).URL)
	if s, err := d.Schema(context.Background(), deal.Deals); !fault.Is(err, fault.Auth) {
		t.Errorf("schema %+v, %v", s, err)
	}
}

func TestTheManifestNamesOnlyFieldsThatThereAre(t *testing.T) {
	t.Parallel()
	m := Manifest()
	for _, shared := range m.Shared {
		k := newEntities()[shared.Object]
		for _, f := range shared.Fields {
			if field, ok := k.fields[f.App]; !ok || field.ReadOnly || f.HubSpot == "" {
				t.Errorf("default mapping of %s: %+v", shared.Object, f)
			}
		}
		for _, f := range shared.Match {
			if _, ok := k.fields[f.Field]; !ok {
				t.Errorf("rule of %s: %+v", shared.Object, f)
			}
		}
	}
	for _, a := range m.Associations {
		if f := newEntities()[a.From].fields[a.Field]; f.Type != deal.Reference || a.Title == "" || a.Many {
			t.Errorf("association %+v", a)
		}
	}
	want := []connector.Association{
		{From: deal.Deals, To: deal.Contacts, Field: "person_id", Title: "person"},
		{From: deal.Deals, To: deal.Companies, Field: "org_id", Title: "organization"},
		{From: deal.Contacts, To: deal.Companies, Field: "org_id", Title: "organization"},
	}
	if diff := cmp.Diff(want, m.Associations); diff != "" {
		t.Errorf("associations (-want +got):\n%s", diff)
	}
}
