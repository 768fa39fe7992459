package pipedrive

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

var (
	start = time.UnixMilli(1790000100000).UTC()
	since = time.Unix(1790000000, 123456789)
)

func open(t *testing.T, url string) *Driver {
	t.Helper()
	d, err := Open(connector.Account{BaseURL: url, UserID: "599", Tokens: connectortest.NewTokens("x-api-token", "token")})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	driver, ok := d.(*Driver)
	if !ok {
		t.Fatalf("opened a %T", d)
	}
	driver.now = func() time.Time { return start }
	return driver
}

const (
	pathDeals      = "/api/v2/deals"
	pathDealFields = "/api/v2/dealFields"
)

func code(c byte) string {
	b := make([]byte, 40)
	for i := range b {
		b[i] = c
	}
	return string(b)
}

func TestReadPresentsStagesAndCustomFieldsAndFindsDeletedDeals(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "read").URL)
	got, err := d.Read(context.Background(), deal.Deals, []string{"1", "2", "3"})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Golden(t, "read/records.json", got)
}

func TestWritesSendStrictTypesAndAnswerWhatTheDealHoldsNow(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "write").URL)
	write := func(w connector.Write) connector.Result {
		t.Helper()
		got, err := d.Write(context.Background(), deal.Deals, []connector.Write{w})
		if err != nil || len(got) != 1 {
			t.Fatalf("write: %v, %v", got, err)
		}
		return got[0]
	}
	got := write(connector.Write{PairKey: "k1", Fields: deal.Fields{
		"title": "New", "value": "1500.50", "currency": "", "stage": "1/won", "owner_id": "501", "label_ids": "9;7",
		"expected_close_date": "2026-12-31", "lost_reason": "none of it", "person_id": "",
		code('1'): "5.0", code('2'): "17", code('3'): "14;13", code('4'): "7", code('4') + ".currency": "USD",
	}})
	if got.Err != nil || got.ID != "5" || got.Fields[deal.PairKeyField] != "k1" || got.Fields["stage"] != "1/won" {
		t.Errorf("create: %+v", got)
	}
	got = write(connector.Write{ID: "5", Fields: deal.Fields{
		"title": "T", "person_id": "", "label_ids": "", "stage": "2/21", "won_time": "2026-01-01T00:00:00Z",
		code('2'): "", code('4'): "", code('4') + ".currency": "",
	}})
	if got.Err != nil || got.Fields["stage"] != "2/21" {
		t.Errorf("update: %+v", got)
	}
	got = write(connector.Write{ID: "6", Fields: deal.Fields{"stage": "2/lost", "lost_reason": "Budget"}})
	if got.Err != nil || got.Fields["stage"] != "2/lost" {
		t.Errorf("closing a deal of another pipeline: %+v", got)
	}
	got = write(connector.Write{ID: "7", Fields: deal.Fields{"value": "1"}})
	if !fault.Is(got.Err, fault.Rejected) || fault.CodeOf(got.Err) != "err_schema_validation_failed" {
		t.Errorf("refused: %v", got.Err)
	}
}

func TestAPairKeyThatWasRemovedIsMadeAnew(t *testing.T) {
	t.Parallel()
	fields := func(c string) json.RawMessage {
		return json.RawMessage(`{"data":[{"field_name":"dealsync_pair_id","field_code":"` + c + `","field_type":"varchar","is_custom_field":true}]}`)
	}
	const list = pathDealFields + "?limit=500"
	d := open(t, connectortest.Serve(t,
		connectortest.Exchange{Method: "GET", Path: list, Status: 200, Response: fields(code('a'))},
		connectortest.Exchange{Method: "POST", Path: pathDeals, Status: 400, Text: `{"success":false,"error":"Validation failed: custom_fields: Unrecognized key(s) in object: '` + code('a') + `'","code":"ERR_SCHEMA_VALIDATION_FAILED"}`},
		connectortest.Exchange{Method: "GET", Path: list, Status: 200, Response: json.RawMessage(`{"data":[]}`)},
		connectortest.Exchange{Method: "POST", Path: pathDealFields, Status: 201, Response: json.RawMessage(`{"data":{}}`)},
		connectortest.Exchange{Method: "GET", Path: list, Status: 200, Response: fields(code('b'))},
		connectortest.Exchange{Method: "POST", Path: pathDeals, Status: 201, Request: json.RawMessage(`{"title":"A","custom_fields":{"` + code('b') + `":"k"}}`), Response: json.RawMessage(`{"data":{"id":1}}`)},
	).URL)
	write := []connector.Write{{PairKey: "k", Fields: deal.Fields{"title": "A"}}}
	got, err := d.Write(context.Background(), deal.Deals, write)
	if err != nil || !fault.Is(got[0].Err, fault.Transient) || fault.CodeOf(got[0].Err) != "key_missing" {
		t.Fatalf("first try: %+v, %v", got, err)
	}
	if got, err = d.Write(context.Background(), deal.Deals, write); err != nil || got[0].Err != nil || got[0].ID != "1" {
		t.Errorf("second try: %+v, %v", got, err)
	}
}

func TestValuesOfTheWrongTypeAreRejectedWithoutACall(t *testing.T) {
	t.Parallel()
	s := &shape{kind: kinds[0], custom: map[string]string{"e": "enum", "m": "monetary", "a": "address"}}
	for name, v := range map[string]string{
		"value": "much", "owner_id": "Ada", "label_ids": "hot", "stage": "won", "e": "New",
		"nope": "1", "m.currency": "EUR", "a": "Main Street 1", "add_time": "2026-01-01T00:00:00Z", "expected_close_date": "tomorrow", "visible_to": "all",
	} {
		if _, err := s.encode(draft{fields: deal.Fields{name: v}}); !fault.Is(err, fault.Rejected) {
			t.Errorf("%s=%q: %v", name, v, err)
		}
	}
}

func TestAListByTimeGoesOnAtTheLastTimeSeen(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "scan_since").URL)
	var ids, deleted []string
	req := connector.ScanRequest{Object: deal.Deals, Since: since, Limit: 2}
	for {
		page, err := d.Scan(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		if want := start.Add(-overlap); !page.Horizon.Equal(want) {
			t.Errorf("horizon %s, want %s", page.Horizon, want)
		}
		for _, r := range page.Records {
			ids = append(ids, r.ID)
			if r.Deleted {
				deleted = append(deleted, r.ID)
			}
		}
		if req.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "4", "8"}, ids); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"8"}, deleted); diff != "" {
		t.Errorf("deleted records (-want +got):\n%s", diff)
	}
}

func TestCreatedDealsAreFoundByKeyAlsoWhenDeletedSince(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "find_created").URL)
	got, err := d.FindCreated(context.Background(), deal.Deals, []string{"k1", "k2", "k3"}, since)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"k1": "2", "k2": "3"}, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func TestSubscribeReplacesItsFormerWebhookAndLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "subscribe").URL)
	for range 2 {
		err := d.Subscribe(context.Background(), "https://sync.example.com/w",
			connector.WebhookSecret{User: "u", Secret: "p"}, []deal.Object{deal.Deals})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryObjectThatSyncsHasAWebhookAndNoOtherHas(t *testing.T) {
	t.Parallel()
	hook := func(id, object string) string {
		return `{"id":` + id + `,"subscription_url":"https://sync.example.com/w","event_action":"*","event_object":"` + object +
			`","version":"2.0","http_auth_user":"u","http_auth_password":"p","is_active":1}`
	}
	create := func(object string) connectortest.Exchange {
		return exchange("POST", pathWebhooks, 201, `{"subscription_url":"https://sync.example.com/w","event_action":"*","event_object":"`+object+
			`","name":"dealsync","version":"2.0","http_auth_user":"u","http_auth_password":"p"}`, `{"data":{"id":9}}`)
	}
	d := open(t, connectortest.Serve(t,
		exchange("GET", pathWebhooks, 200, "", `{"data":[`+hook("1", "person")+`,`+hook("2", "product")+`,`+hook("3", "person")+`,`+hook("4", "*")+`]}`),
		exchange("DELETE", pathWebhooks+"/2", 200, "", `{}`),
		exchange("DELETE", pathWebhooks+"/3", 404, "", `{"status":"error","success":false,"errors":{"id":["not found"]}}`),
		exchange("DELETE", pathWebhooks+"/4", 200, "", `{}`),
		create("deal"), create("organization"),
	).URL)
	err := d.Subscribe(context.Background(), "https://sync.example.com/w",
		connector.WebhookSecret{User: "u", Secret: "p"}, []deal.Object{deal.Deals, deal.Contacts, deal.Companies})
	if err != nil {
		t.Fatal(err)
	}
}

func TestACreateOfUnknownOutcomeIsNeverRepeated(t *testing.T) {
	t.Parallel()
	keyed := &shape{kind: kinds[0], pairCode: code('a'), custom: map[string]string{code('a'): "varchar"}}
	for _, c := range []struct {
		name string
		url  func(t *testing.T) string
		code string
	}{
		{"no answer came", func(t *testing.T) string {
			return connectortest.Serve(t, connectortest.Exchange{Method: "POST", Path: pathDeals, Hang: true}).URL
		}, CodeUncertain},
		{"a gateway answered", func(t *testing.T) string {
			return connectortest.Serve(t, connectortest.Exchange{Method: "POST", Path: pathDeals, Status: 504, Text: "<html>"}).URL
		}, CodeUncertain},
		{"it was never sent", func(*testing.T) string { return "http://127.0.0.1:1" }, rest.CodeUnsent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, c.url(t))
			d.entities[deal.Deals].shape.Store(keyed)
			got, err := d.Write(context.Background(), deal.Deals, []connector.Write{{PairKey: "k", Fields: deal.Fields{"title": "x"}}})
			if err != nil {
				t.Fatal(err)
			}
			if !fault.Is(got[0].Err, fault.Transient) || fault.CodeOf(got[0].Err) != c.code {
				t.Errorf("code %q: %v", fault.CodeOf(got[0].Err), got[0].Err)
			}
		})
	}
}
