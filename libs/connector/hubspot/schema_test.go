package hubspot

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

const dealProperties = `{"results":[
	{"name":"dealname","label":"Deal name","type":"string","fieldType":"text","hubspotDefined":true},
	{"name":"amount","label":"Amount","type":"number","fieldType":"number","hubspotDefined":true},
	{"name":"deal_currency_code","label":"Currency","type":"enumeration","fieldType":"select","options":[{"label":"Euro","value":"EUR"},{"label":"Franc","value":"CHF"}],"hubspotDefined":true},
	{"name":"dealstage","label":"Stage","type":"enumeration","fieldType":"radio","hubspotDefined":true},
	{"name":"hubspot_owner_id","label":"Owner","type":"enumeration","fieldType":"select","referencedObjectType":"OWNER","hubspotDefined":true},
	{"name":"days_to_close","label":"Days","type":"number","fieldType":"calculation_equation","calculated":true,"hubspotDefined":true},
	{"name":"ext","label":"External","type":"string","fieldType":"text","hasUniqueValue":true},
	{"name":"old","label":"Old","type":"string","fieldType":"text","archived":true},
	{"name":"hs_merged_object_ids","label":"Merged","type":"enumeration","fieldType":"checkbox","hubspotDefined":true}]}`

func get(path string, status int, body string) connectortest.Exchange {
	return connectortest.Exchange{Method: "GET", Path: path, Status: status, Response: json.RawMessage(body)}
}

const forbiddenBody = `{"status":"error","message":"no scope","category":"MISSING_SCOPES"}`

func TestTheSchemaHasAllThatMappingsNeed(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t,
		get("/crm/properties/2026-09/deals", 200, dealProperties),
		list(otherPipeline),
		get("/account-info/2026-09/details", 200, `{"companyCurrency":"EUR","additionalCurrencies":["USD","EUR"],"timeZone":"Europe/Berlin"}`),
		get("/crm/owners/2026-09?limit=100", 200, `{"results":[{"id":"1","email":"ada@x.example","firstName":"Ada","lastName":"L"}],"paging":{"next":{"after":"1"}}}`),
		get("/crm/owners/2026-09?limit=100&after=1", 200, `{"results":[{"id":"2","email":"bob@x.example"}]}`),
		get("/crm/owners/2026-09?limit=100&archived=true", 200, `{"results":[{"id":"3","email":"gone@x.example","firstName":"G"}]}`),
	).URL)
	got, err := d.Schema(context.Background(), deal.Deals)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Golden(t, "schema/deals.json", got)
}

func TestWhatTheAccountMayNotSeeIsLeftOutOfTheSchema(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t,
		get("/crm/properties/2026-09/deals", 200, dealProperties),
		get(pipelinesPath, 403, forbiddenBody),
		get("/account-info/2026-09/details", 200, `{"companyCurrency":"EUR"}`),
		get("/crm/owners/2026-09?limit=100", 403, forbiddenBody),
	).URL)
	got, err := d.Schema(context.Background(), deal.Deals)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Pipelines) != 0 || len(got.Owners) != 0 || got.Zone != "" {
		t.Errorf("pipelines %v, owners %v, zone %q", got.Pipelines, got.Owners, got.Zone)
	}
	if diff := cmp.Diff([]string{"EUR", "CHF"}, got.Currencies); diff != "" {
		t.Errorf("currencies, where the account lists none (-want +got):\n%s", diff)
	}
}

func TestAWrongTokenIsNoMissingPermission(t *testing.T) {
	t.Parallel()
	wrong := get(pipelinesPath, 401, `{"status":"error","message":"no","category":"INVALID_AUTHENTICATION"}`)
	d := open(t, connectortest.Serve(t, get("/crm/properties/2026-09/deals", 200, dealProperties), wrong, wrong).URL)
	if _, err := d.Schema(context.Background(), deal.Deals); !fault.Is(err, fault.Auth) {
		t.Errorf("kind %s: %v", fault.KindOf(err), err)
	}
}

func TestOtherObjectsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := open(t, "http://127.0.0.1:1").Read(context.Background(), "ticket", []string{"1"})
	if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "object_not_shared" || connector.AppMessage(err) == "" {
		t.Error(err)
	}
}
