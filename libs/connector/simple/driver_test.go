package simple

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// dial opens the app on a server that expects the calls, in that order.
func dial(t *testing.T, open connector.Opener, calls ...connectortest.Exchange) connector.Driver {
	t.Helper()
	for i := range calls {
		calls[i].Header = map[string]string{"Authorization": "Bearer secret"}
	}
	d, err := open(connector.Account{BaseURL: connectortest.Serve(t, calls...).URL, Tokens: connectortest.NewTokens("bearer", "secret")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func answer(method, path, request string, status int, response string) connectortest.Exchange {
	e := connectortest.Exchange{Method: method, Path: path, Status: status, Response: json.RawMessage(response)}
	if request != "" {
		e.Request = json.RawMessage(request)
	}
	return e
}

const order = `{"id":"7","external_key":"k","fields":{"title":"A","amount":"1.50","contact":"3","due_date":null},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00.5Z","deleted":false,"merged_from":["5"]}`

var record7 = connector.Record{
	ID: "7", Fields: deal.Fields{deal.PairKeyField: "k", "title": "A", "amount": "1.50", "contact": "3", "due_date": ""},
	Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Modified: time.Date(2026, 1, 2, 0, 0, 0, 500e6, time.UTC), MergedFrom: []string{"5"},
}

func TestAnAppSharesItsObjectsOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		open   connector.Opener
		object deal.Object
		shared bool
	}{
		{OpenOrders, deal.Deals, true},
		{OpenOrders, deal.Contacts, true},
		{OpenOrders, deal.Companies, false},
		{OpenDirectory, deal.Deals, false},
		{OpenDirectory, deal.Contacts, true},
		{OpenDirectory, deal.Companies, true},
	} {
		d := dial(t, c.open)
		m := d.Describe()
		err := d.Provision(t.Context(), c.object)
		if m.Shares(c.object) != c.shared || (err == nil) != c.shared || err != nil && fault.CodeOf(err) != "object_not_shared" {
			t.Errorf("%s and %ss: shared %t, %v", m.App, c.object, m.Shares(c.object), err)
		}
		if !c.shared {
			_, err = d.Write(t.Context(), c.object, []connector.Write{{ID: "1"}})
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s writes %ss: %v", m.App, c.object, err)
			}
		}
	}
}

func TestRecordsAreReadById(t *testing.T) {
	t.Parallel()
	gone := `{"id":"8","external_key":"","fields":{},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","deleted":true,"merged_into":"7"}`
	d := dial(t, OpenOrders, answer("GET", "/v1/orders?ids=7,8,9", "", 200, `{"items":[`+order+`,`+gone+`],"next":""}`))
	got, err := d.Read(t.Context(), deal.Deals, []string{"7", "8", "9"})
	if err != nil || len(got) != 2 || !got[1].Deleted || got[1].MergedInto != "7" {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(record7, got[0]); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestAScanGoesFromPageToPageAndSaysWhatItHasSeen(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	d := dial(t, OpenOrders,
		answer("GET", "/v1/orders?deleted=true&limit=2&updated_since=2026-01-02T00:00:00Z", "", 200, `{"items":[`+order+`],"next":"12.7","as_of":"2026-01-03T00:00:10Z","total":9}`),
		answer("GET", "/v1/orders?deleted=true&limit=2&cursor=12.7", "", 200, `{"items":[],"next":"","as_of":"2026-01-02T00:00:01Z"}`),
		answer("GET", "/v1/orders?deleted=true&limit=500", "", 200, `{"items":[],"next":"","as_of":"2026-01-03T00:00:10Z","total":9}`),
	)
	page, err := d.Scan(t.Context(), connector.ScanRequest{Object: deal.Deals, Since: since, Limit: 2})
	if err != nil || page.Next != "12.7" || len(page.Records) != 1 || page.Total != 0 || !page.Horizon.Equal(time.Date(2026, 1, 3, 0, 0, 8, 0, time.UTC)) {
		t.Errorf("first page %+v, %v", page, err)
	}
	page, err = d.Scan(t.Context(), connector.ScanRequest{Object: deal.Deals, Since: since, Limit: 2, Cursor: page.Next})
	if err != nil || page.Next != "" || !page.Horizon.Equal(since) {
		t.Errorf("last page %+v, %v", page, err)
	}
	page, err = d.Scan(t.Context(), connector.ScanRequest{Object: deal.Deals, Limit: 5000})
	if err != nil || page.Total != 9 {
		t.Errorf("whole scan %+v, %v", page, err)
	}
}

func TestWritesCarryAssociationsAndNeverFailForOne(t *testing.T) {
	t.Parallel()
	refused := `{"error":{"code":"invalid_value","message":"\"9\" is no reference that contact takes","field":"contact"}}`
	d := dial(t, OpenOrders,
		answer("POST", "/v1/orders", `{"external_key":"k","fields":{"title":"A","contact":"3"}}`, 201, order),
		answer("POST", "/v1/orders", `{"external_key":"k","fields":{"title":"A"}}`, 200, order),
		answer("PATCH", "/v1/orders/7", `{"fields":{"amount":"1.50","contact":"9"}}`, 400, refused),
		answer("PATCH", "/v1/orders/7", `{"fields":{"amount":"1.50"}}`, 200, order),
	)
	contact := func(id string) connector.Reference { return connector.Reference{Object: deal.Contacts, ID: id} }
	company := connector.Reference{Object: deal.Companies, ID: "1"}
	fields := deal.Fields{"title": "A"}
	got, err := d.Write(t.Context(), deal.Deals, []connector.Write{
		{PairKey: "k", Fields: fields, Associate: []connector.Reference{contact("3"), company}},
		{PairKey: "k", Fields: fields},
		{ID: "7", Fields: deal.Fields{"amount": "1.50"}, Associate: []connector.Reference{contact("9")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(fields) != 1 {
		t.Errorf("the caller's fields became %v", fields)
	}
	for i, want := range []struct {
		existed bool
		refused []connector.Reference
	}{{false, []connector.Reference{company}}, {true, nil}, {false, []connector.Reference{contact("9")}}} {
		r := got[i]
		var names []connector.Reference
		for _, x := range r.Refused {
			if !fault.Is(x.Err, fault.Rejected) {
				t.Errorf("write %d: refused with %v", i, x.Err)
			}
			names = append(names, x.Reference)
		}
		if r.Err != nil || r.ID != "7" || r.Existed != want.existed || !cmp.Equal(names, want.refused) || r.Fields["amount"] != "1.50" || !r.Modified.Equal(record7.Modified) {
			t.Errorf("write %d: %+v", i, r)
		}
	}
}

func TestCreatedRecordsAreFoundByKey(t *testing.T) {
	t.Parallel()
	d := dial(t, OpenOrders,
		answer("GET", "/v1/orders?deleted=true&external_key=k,l&limit=500", "", 200, `{"items":[`+order+`],"next":"1.1"}`),
		answer("GET", "/v1/orders?cursor=1.1&deleted=true&external_key=k,l&limit=500", "", 200, `{"items":[],"next":""}`),
	)
	got, err := d.FindCreated(t.Context(), deal.Deals, []string{"k", "l"}, time.Now())
	if diff := cmp.Diff(map[string]string{"k": "7"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if none, err := d.FindCreated(t.Context(), deal.Deals, nil, time.Now()); err != nil || len(none) != 0 {
		t.Errorf("no keys gave %v, %v", none, err)
	}
}

func TestTheSchemaHasFieldsOwnersAndCurrencies(t *testing.T) {
	t.Parallel()
	d := dial(t, OpenOrders,
		answer("GET", "/v1/orders/fields", "", 200, `{"items":[{"name":"title","label":"Title","type":"text","required":true},{"name":"amount","label":"Amount","type":"number","currency":"currency"},
			{"name":"currency","label":"Currency","type":"currency"},{"name":"channel","label":"Channel","type":"picklist","options":[{"id":"web","label":"Web shop"}]},
			{"name":"contact","label":"Contact","type":"reference","references":"contacts"},{"name":"shape","label":"Shape","type":"polygon"}]}`),
		answer("GET", "/v1/account", "", 200, `{"currency":"EUR","currencies":["EUR","USD"],"time_zone":"Europe/Berlin"}`),
		answer("GET", "/v1/users", "", 200, `{"items":[{"id":"1","name":"Ada","email":"ada@example.com","active":true}]}`),
	)
	s, err := d.Schema(t.Context(), deal.Deals)
	if err != nil {
		t.Fatal(err)
	}
	option := func(id, label string) connector.Option { return connector.Option{ID: id, Label: label} }
	want := []connector.Field{
		{Name: deal.PairKeyField, Label: "External key", Type: deal.Text, ReadOnly: true, Unique: true},
		{Name: "title", Label: "Title", Type: deal.Text, Required: true},
		{Name: "amount", Label: "Amount", Type: deal.Number, Currency: "currency"},
		{Name: "currency", Label: "Currency", Type: deal.Picklist, Options: []connector.Option{option("EUR", "EUR"), option("USD", "USD")}},
		{Name: "channel", Label: "Channel", Type: deal.Picklist, Options: []connector.Option{option("web", "Web shop")}},
		{Name: "contact", Label: "Contact", Type: deal.Reference},
	}
	if diff := cmp.Diff(want, s.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if s.Currency != "EUR" || len(s.Currencies) != 2 || s.Zone != "Europe/Berlin" || len(s.Pipelines) != 0 || !cmp.Equal(s.Owners, []connector.Owner{{ID: "1", Name: "Ada", Email: "ada@example.com", Active: true}}) {
		t.Errorf("schema %+v", s)
	}
}

func TestErrorsHaveTheKindThatDecidesWhatBecomesOfTheWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		code   string
		after  time.Duration
	}{
		{"a wrong token", 401, `{"error":{"code":"unauthorized","message":"no"}}`, fault.Auth, "unauthorized", 0},
		{"a denied object", 403, `{"error":{"code":"forbidden","message":"no"}}`, fault.Auth, "forbidden", 0},
		{"a record that is gone", 404, `{"error":{"code":"not_found","message":"no"}}`, fault.NotFound, "not_found", 0},
		{"a refused value", 400, `{"error":{"code":"invalid_value","message":"no","field":"amount"}}`, fault.Rejected, "invalid_value", 0},
		{"the rate limit", 429, `{"error":{"code":"rate_limited","message":"no"}}`, fault.RateLimited, "rate_limited", time.Second},
		{"a gateway", 502, `<html>`, fault.Transient, "app_unavailable", 0},
		{"what nobody expects", 418, ``, fault.Rejected, "refused", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := dial(t, OpenOrders, connectortest.Exchange{Method: "GET", Path: "/v1/orders?ids=1", Status: c.status, Text: c.body})
			_, err := d.Read(t.Context(), deal.Deals, []string{"1"})
			if d.Kind(err) != c.kind || fault.CodeOf(err) != c.code || fault.RetryAfter(err) != c.after {
				t.Errorf("kind %s, code %q, after %s: %v", d.Kind(err), fault.CodeOf(err), fault.RetryAfter(err), err)
			}
		})
	}
	d := dial(t, OpenOrders, answer("GET", "/v1/orders?ids=1", "", 200, `"no list"`))
	if _, err := d.Read(t.Context(), deal.Deals, []string{"1"}); !fault.Is(err, fault.Transient) {
		t.Errorf("a malformed answer: %v", err)
	}
}
