package hubspot

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

var start = time.UnixMilli(1790000100000).UTC()

func open(t *testing.T, url string) *Driver {
	t.Helper()
	d, err := Open(connector.Account{
		BaseURL: url, AppID: "2468000", Tokens: connectortest.NewTokens("bearer", "token", "second"),
	})
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

func TestReadGivesEditTimesDeletedAndMergedRecords(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "read").URL)
	got, err := d.Read(context.Background(), deal.Deals, []string{"1", "2", "3", "4"})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Golden(t, "read/records.json", got)
}

func TestUpdatesThatAreRefusedNeverFailTheirNeighbours(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "update_isolates").URL)
	got, err := d.Write(context.Background(), deal.Deals, []connector.Write{
		{ID: "1", Fields: deal.Fields{"amount": "10"}},
		{ID: "2", Fields: deal.Fields{"amount": "x"}},
		{ID: "3", Fields: deal.Fields{"nope": "1"}},
		{ID: "4", Fields: deal.Fields{"amount": "40"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Err != nil || got[0].Fields["amount"] != "10" || got[0].Modified.IsZero() {
		t.Errorf("the good record: %+v", got[0])
	}
	check := func(i int, kind fault.Kind, code, text string) {
		t.Helper()
		err := got[i].Err
		if fault.KindOf(err) != kind || fault.CodeOf(err) != code || err.Error() != text {
			t.Errorf("record %d: kind %s, code %q, %v", i, fault.KindOf(err), fault.CodeOf(err), err)
		}
	}
	check(1, fault.Rejected, "invalid_integer", "hubspot deals.batch_update: amount: x was not a valid number")
	check(2, fault.Rejected, "property_doesnt_exist", `hubspot deals.batch_update: nope: Property "nope" does not exist`)
	check(3, fault.NotFound, "not_found", "hubspot batch: Could not get some DEAL objects, they may be deleted or not exist.")
}

func TestCreatesAreUpsertsByPairKey(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "upsert_partial").URL)
	got, err := d.Write(context.Background(), deal.Deals, []connector.Write{
		{PairKey: "k0", Fields: deal.Fields{"dealname": "A", "amount": ""}},
		{PairKey: "k1", Fields: deal.Fields{"dealname": "B", "dealstage": "zzz"}},
		{PairKey: "k2", Fields: deal.Fields{"dealname": "C"}},
		{Fields: deal.Fields{"dealname": "D"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].ID != "10" || got[0].Existed || got[0].Err != nil {
		t.Errorf("new record: %+v", got[0])
	}
	if !fault.Is(got[1].Err, fault.Rejected) || fault.CodeOf(got[1].Err) != "invalid_option" {
		t.Errorf("bad record: %v", got[1].Err)
	}
	if got[2].ID != "12" || !got[2].Existed || got[2].Err != nil {
		t.Errorf("existing record: %+v", got[2])
	}
	if fault.CodeOf(got[3].Err) != "no_pair_key" {
		t.Errorf("create without a key: %v", got[3].Err)
	}
}

func TestAPairKeyThatWasRemovedIsMadeAnew(t *testing.T) {
	t.Parallel()
	key := "/crm/properties/2026-09/deals"
	upsert := "/crm/objects/2026-09/deals/batch/upsert"
	unique := json.RawMessage(`{"hasUniqueValue":true}`)
	d := open(t, connectortest.Serve(t,
		connectortest.Exchange{Method: "GET", Path: key + "/dealsync_pair_id", Status: 200, Response: unique},
		connectortest.Exchange{Method: "POST", Path: upsert, Status: 400, Text: `{"status":"error","message":"Unable to perform update/upsert by non-unique 0-3 property dealsync_pair_id in portal ID 1","category":"VALIDATION_ERROR"}`},
		connectortest.Exchange{Method: "GET", Path: key + "/dealsync_pair_id", Status: 404, Text: `{}`},
		connectortest.Exchange{Method: "POST", Path: key, Status: 201, Response: unique},
		connectortest.Exchange{Method: "POST", Path: upsert, Status: 200, Response: json.RawMessage(`{"results":[{"id":"1","new":true,"properties":{"dealsync_pair_id":"k"}}]}`)},
	).URL)
	write := []connector.Write{{PairKey: "k", Fields: deal.Fields{"dealname": "A"}}}
	got, err := d.Write(context.Background(), deal.Deals, write)
	if err != nil || !fault.Is(got[0].Err, fault.Transient) || fault.CodeOf(got[0].Err) != "key_missing" {
		t.Fatalf("first try: %+v, %v", got, err)
	}
	if got, err = d.Write(context.Background(), deal.Deals, write); err != nil || got[0].Err != nil || got[0].ID != "1" {
		t.Errorf("second try: %+v, %v", got, err)
	}
}

func TestScanSinceReadsPastTimesThatManyRecordsShare(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "scan_ties").URL)
	since := time.UnixMilli(1790000000000)
	var ids, deleted []string
	req := connector.ScanRequest{Object: deal.Deals, Since: since, Limit: 2}
	for {
		page, err := d.Scan(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		if want := start.Add(-lag); !page.Horizon.Equal(want) {
			t.Errorf("horizon %s, want the start less the lag %s", page.Horizon, want)
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
	if diff := cmp.Diff([]string{"1", "2", "2", "3", "2", "3", "4", "5", "6"}, ids); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"6"}, deleted); diff != "" {
		t.Errorf("deleted records (-want +got):\n%s", diff)
	}
}

func TestAScanOfEverythingSaysHowManyThereAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		want   int
	}{{"the count of a search", 200, 38}, {"unknown when it can't be had", 429, 0}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, connectortest.Serve(t,
				connectortest.Exchange{Method: "GET", Path: "/crm/objects/2026-09/deals?limit=2&properties=" + strings.Join(append(slices.Clone(kinds[0].defaults), propModified, propMerged), "%2C"), Status: 200, Response: json.RawMessage(`{"results":[{"id":"1"}],"paging":{"next":{"after":"2"}}}`)},
				connectortest.Exchange{Method: "POST", Path: "/crm/objects/2026-09/deals/search", Status: c.status, Response: json.RawMessage(`{"total":38,"results":[]}`)},
			).URL)
			page, err := d.Scan(context.Background(), connector.ScanRequest{Object: deal.Deals, Limit: 2})
			if err != nil || page.Total != c.want || len(page.Records) != 1 || page.Next == "" {
				t.Errorf("page %+v, %v", page, err)
			}
		})
	}
}

func TestSubscribeMakesWhatIsMissingAndWakesWhatSleeps(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Replay(t, "subscribe").URL)
	err := d.Subscribe(context.Background(), "https://sync.example.com/w",
		connector.WebhookSecret{DeveloperKey: "devkey"}, []deal.Object{deal.Deals})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCursorsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	d := open(t, "http://127.0.0.1:1")
	for _, cursor := range []string{"x", "live|1|2|", "search|a|2|", "list|1|b|"} {
		_, err := d.Scan(context.Background(), connector.ScanRequest{Object: deal.Deals, Cursor: cursor})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

func TestVersionsHaveTheirOwnPaths(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v3": "/crm/v3/objects/ /crm/v4/associations/deals/contacts", "2026-03": "/crm/objects/2026-03/ /crm/associations/2026-03/deals/contacts",
		"2027-03-beta": "/crm/objects/2027-03-beta/ /crm/associations/2027-03-beta/deals/contacts",
	} {
		p, err := pathsOf(version)
		got := p.objects + " " + p.links(kindByObject(deal.Deals), kindByObject(deal.Contacts))
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", version, got, err)
		}
	}
	if _, err := pathsOf("v4"); !fault.Is(err, fault.Invalid) {
		t.Errorf("v4: %v", err)
	}
}
