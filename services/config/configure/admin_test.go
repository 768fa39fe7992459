package configure_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// keep puts a document into the ledger.
func keep[T proto.Message](t *testing.T, b *ledger.Bucket[T], key ledger.Key, doc T) {
	t.Helper()
	if _, err := b.Put(t.Context(), key, doc, 0); err != nil {
		t.Fatal(err)
	}
}

// withPairs is a service with seven pairs: p0 to p4 in sync, p5 and p6 not.
func withPairs(t *testing.T) (*testBundle, *replica) {
	t.Helper()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	for i := range 7 {
		id := fmt.Sprintf("p%d", i)
		pair := &ledgerv1.Pair{
			Sync: "pipedrive-deals", Status: "in_sync", Version: 3,
			Hubspot: &ledgerv1.PairSide{Record: fmt.Sprintf("h%d", i)}, App: &ledgerv1.PairSide{Record: fmt.Sprintf("a%d", i)},
		}
		switch i {
		case 5:
			pair.Status, pair.Reason = "excluded", "stage_not_mapped"
			pair.App.Record = ""
		case 6:
			pair.Status, pair.Reason = "failing", "rejected"
		}
		keep(t, b.ledger.Pairs, ledger.PairKey("acme", "pipedrive-deals", id), pair)
		keep(t, b.ledger.Links, ledger.LinkKey("acme", "hubspot", "deal", pair.GetHubspot().GetRecord(), "pipedrive-deals"), &ledgerv1.Link{Pair: id})
		keep(t, b.ledger.Records, ledger.RecordKey("acme", "hubspot", "deal", pair.GetHubspot().GetRecord()), &ledgerv1.Record{})
		if record := pair.GetApp().GetRecord(); record != "" {
			keep(t, b.ledger.Links, ledger.LinkKey("acme", "pipedrive-main", "deal", record, "pipedrive-deals"), &ledgerv1.Link{Pair: id})
			keep(t, b.ledger.Records, ledger.RecordKey("acme", "pipedrive-main", "deal", record), &ledgerv1.Record{})
		}
	}
	// Another sync's pair is nobody's business here.
	keep(t, b.ledger.Pairs, ledger.PairKey("acme", "another", "p9"), &ledgerv1.Pair{Status: "in_sync"})
	return b, r
}

func TestPairsAreListedInPagesWithTotals(t *testing.T) {
	t.Parallel()
	b, r := withPairs(t)
	req := &configv1.ListPairsRequest{Workspace: "acme", Sync: "pipedrive-deals", PageSize: 3}
	// Nor is one that has ended, as its record belongs to p4 now.
	keep(t, b.ledger.Pairs, ledger.PairKey("acme", "pipedrive-deals", "p41"), &ledgerv1.Pair{
		Status: "excluded", Reason: "folded", FoldedInto: "p4", App: &ledgerv1.PairSide{Record: "a4"},
	})
	var got []string
	for page := 0; ; page++ {
		resp, err := r.admin.ListPairs(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int64{"in_sync": 5, "excluded: stage_not_mapped": 1, "failing: rejected": 1}
		if page > 0 {
			want = nil
		}
		if diff := cmp.Diff(want, resp.GetTotals()); diff != "" {
			t.Errorf("totals of page %d: %s", page, diff)
		}
		for _, row := range resp.GetPairs() {
			got = append(got, row.GetId())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"p0", "p1", "p2", "p3", "p4", "p5", "p6"}, got); diff != "" {
		t.Error(diff)
	}
	for narrowed, want := range map[*configv1.ListPairsRequest]string{
		{Workspace: "acme", Sync: "pipedrive-deals", Status: "failing"}: "p6",
		{Workspace: "acme", Sync: "pipedrive-deals", Record: "a4"}:      "p4",
	} {
		resp, err := r.admin.ListPairs(t.Context(), narrowed)
		if err != nil || len(resp.GetPairs()) != 1 || resp.GetPairs()[0].GetId() != want || len(resp.GetTotals()) != 3 {
			t.Errorf("%v: %v %v", narrowed, resp, err)
		}
	}
}

func TestAPairIsFoundByItsRecords(t *testing.T) {
	t.Parallel()
	_, r := withPairs(t)
	for _, id := range []string{"p3", "h3", "a3"} {
		resp, err := r.admin.GetPair(t.Context(), &configv1.GetPairRequest{Workspace: "acme", Pair: id})
		if err != nil || resp.GetPair().GetId() != "p3" || resp.GetPair().GetPair().GetVersion() != 3 {
			t.Errorf("%s: %v %v", id, resp, err)
		}
	}
}

func TestAJournalIsReadInOrder(t *testing.T) {
	t.Parallel()
	b, r := withPairs(t)
	for version := range uint64(3) {
		for _, pair := range []string{"p1", "p2"} {
			m, err := event.Journal(&eventv1.Journal{Workspace: "acme", Sync: "pipedrive-deals", Pair: pair, Entries: []*eventv1.JournalEntry{
				{Event: "edit", Version: version, Unit: pair}, {Event: "write", Version: version, Unit: pair},
			}}, "pipedrive-main", "deal", version)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.bus.Publish(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	for limit, want := range map[int32]string{0: "edit0 write0 edit1 write1 edit2 write2", 3: "write1 edit2 write2"} {
		resp, err := r.admin.GetJournal(t.Context(), &configv1.GetJournalRequest{Workspace: "acme", Pair: "h1", Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range resp.GetEntries() {
			if e.GetUnit() != "p1" {
				t.Errorf("an entry of %s", e.GetUnit())
			}
			got = append(got, fmt.Sprint(e.GetEvent(), e.GetVersion()))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
}

func TestSyncsTellHowFarTheirBackfillsAre(t *testing.T) {
	t.Parallel()
	b, r := withPairs(t)
	cursor := &ledgerv1.Cursor{Read: 40, Total: 200, Pages: 4}
	keep(t, b.ledger.Cursors, ledger.CursorKey("acme", "pipedrive-main", "deal", "backfill:pipedrive-deals"), cursor)
	resp, err := r.admin.ListSyncs(t.Context(), &configv1.ListSyncsRequest{})
	if err != nil || len(resp.GetSyncs()) != 1 {
		t.Fatalf("%v %v", resp, err)
	}
	if diff := cmp.Diff(map[string]*ledgerv1.Cursor{"app": cursor}, resp.GetSyncs()[0].GetBackfill(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	connections, err := r.admin.ListConnections(t.Context(), &configv1.ListConnectionsRequest{Workspace: "acme"})
	if err != nil || len(connections.GetConnections()) != 2 {
		t.Errorf("%v %v", connections, err)
	}
}

// consume takes n messages of a stage.
func consume(t *testing.T, b *bus.Bus, stage bus.Stage, n int) []*bus.Delivery {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	arrived := make(chan *bus.Delivery, n)
	ended := make(chan error, 1)
	go func() {
		ended <- b.Consume(ctx, stage, func(_ context.Context, d *bus.Delivery) error {
			arrived <- d
			return nil
		})
	}()
	var got []*bus.Delivery
	for range n {
		select {
		case d := <-arrived:
			got = append(got, d)
		case err := <-ended:
			t.Fatalf("consume %s: %v", stage, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("consume %s: %v", stage, err)
	}
	return got
}

func TestAResyncOffersRecordsAndPairsAgain(t *testing.T) {
	t.Parallel()
	b, r := withPairs(t)
	one, err := r.admin.Resync(t.Context(), &configv1.ResyncRequest{Workspace: "acme", Pair: "a2"})
	if err != nil || one.GetRecords() != 2 {
		t.Fatalf("one pair: %v %v", one, err)
	}
	all, err := r.admin.Resync(t.Context(), &configv1.ResyncRequest{Workspace: "acme", Sync: "pipedrive-deals"})
	if err != nil || all.GetRecords() != 13 {
		t.Fatalf("all: %v %v", all, err)
	}
	records := map[string]int{}
	for _, d := range consume(t, b.bus, bus.Notices, 4) {
		var n eventv1.Notice
		if err := event.Decode(d, &n); err != nil {
			t.Fatal(err)
		}
		if !n.GetRefresh().GetRead() || n.GetRefresh().GetObject() != "deal" {
			t.Errorf("notice: %v", &n)
		}
		lane := bus.Bulk
		if slices.Contains([]string{"h2", "a2"}, strings.Join(n.GetRefresh().GetRecords(), "")) {
			lane = bus.Live
		}
		if d.Subject.Lane != lane {
			t.Errorf("%v in lane %s", n.GetRefresh().GetRecords(), d.Subject.Lane)
		}
		records[n.GetConnection()] += len(n.GetRefresh().GetRecords())
	}
	if diff := cmp.Diff(map[string]int{"hubspot": 8, "pipedrive-main": 7}, records); diff != "" {
		t.Error(diff)
	}
	pairs := map[string]int{}
	for _, d := range consume(t, b.bus, bus.Proposals, 8) {
		var p eventv1.Proposal
		if err := event.Decode(d, &p); err != nil {
			t.Fatal(err)
		}
		if p.GetCommand().GetName() != "resync" || p.GetCommand().GetAtMs() == 0 || d.Subject.Connection != "pipedrive-main" {
			t.Errorf("proposal: %v to %v", &p, d.Subject)
		}
		pairs[p.GetPair()]++
	}
	if pairs["p2"] != 2 || len(pairs) != 7 {
		t.Errorf("commands to %v", pairs)
	}
}

func TestParkedMessagesAreShownAndReplayed(t *testing.T) {
	t.Parallel()
	b, r := withPairs(t)
	for i := range 3 {
		m, err := event.Notice(&eventv1.Notice{Workspace: "acme", Connection: "hubspot", Kind: &eventv1.Notice_Webhook{
			Webhook: &eventv1.Webhook{Body: fmt.Appendf(nil, "[%d, %s", i, strings.Repeat("ü", 400))},
		}}, "deal", bus.Live, fmt.Sprint(i), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.bus.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	park := func(code string) bus.Handler {
		return func(ctx context.Context, d *bus.Delivery) error {
			return b.bus.Park(ctx, d, fault.New(fault.Invalid, code, "not JSON"))
		}
	}
	drainInto(t, b.bus, park("malformed"), 3)
	list, err := r.admin.ListParked(t.Context(), &configv1.ListParkedRequest{Workspace: "acme", PageSize: 2})
	if err != nil || len(list.GetParked()) != 2 || list.GetNextPageToken() == "" {
		t.Fatalf("%v %v", list, err)
	}
	first := list.GetParked()[0]
	if first.GetCode() != "malformed" || first.GetKind() != "invalid" || first.GetError() != "not JSON" || !strings.HasPrefix(first.GetPreview(), "[") || len(first.GetPreview()) > 510 {
		t.Errorf("parked: %v", first)
	}
	rest, err := r.admin.ListParked(t.Context(), &configv1.ListParkedRequest{Workspace: "acme", PageSize: 2, PageToken: list.GetNextPageToken()})
	if err != nil || len(rest.GetParked()) != 1 || rest.GetNextPageToken() != "" {
		t.Errorf("%v %v", rest, err)
	}
	r.apply(t, "apiVersion: dealsync/v1\nkind: Workspace\nmetadata: {name: other}\nspec: {}\n")
	if _, err := r.admin.ReplayParked(t.Context(), &configv1.ReplayParkedRequest{Workspace: "other", Ids: []uint64{first.GetId()}}); status.Code(err) != codes.NotFound {
		t.Errorf("replay of another workspace's message (N9): %v", err)
	}
	if none, err := r.admin.ReplayParked(t.Context(), &configv1.ReplayParkedRequest{Workspace: "acme", Code: "else"}); err != nil || none.GetReplayed() != 0 {
		t.Errorf("%v %v", none, err)
	}
	if one, err := r.admin.ReplayParked(t.Context(), &configv1.ReplayParkedRequest{Workspace: "acme", Ids: []uint64{first.GetId()}}); err != nil || one.GetReplayed() != 1 {
		t.Errorf("%v %v", one, err)
	}
	if all, err := r.admin.ReplayParked(t.Context(), &configv1.ReplayParkedRequest{Workspace: "acme", Code: "malformed"}); err != nil || all.GetReplayed() != 2 {
		t.Errorf("%v %v", all, err)
	}
	if got := consume(t, b.bus, bus.Notices, 3); len(got) != 3 {
		t.Errorf("%d came back", len(got))
	}
}

func TestParkedMessagesAreDropped(t *testing.T) {
	t.Parallel()
	b, r := withPairs(t)
	for i := range 2 {
		m, err := event.Notice(&eventv1.Notice{Workspace: "acme", Connection: "hubspot"}, "deal", bus.Live, fmt.Sprint(i), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.bus.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	drainInto(t, b.bus, func(ctx context.Context, d *bus.Delivery) error {
		return b.bus.Park(ctx, d, fault.New(fault.Invalid, "malformed", "not JSON"))
	}, 2)
	r.apply(t, "apiVersion: dealsync/v1\nkind: Workspace\nmetadata: {name: other}\nspec: {}\n")
	list, err := r.admin.ListParked(t.Context(), &configv1.ListParkedRequest{Workspace: "acme"})
	if err != nil || len(list.GetParked()) != 2 {
		t.Fatalf("%v %v", list, err)
	}
	ids := []uint64{list.GetParked()[0].GetId()}
	if _, err := r.admin.DropParked(t.Context(), &configv1.DropParkedRequest{Workspace: "other", Ids: ids}); status.Code(err) != codes.NotFound {
		t.Errorf("drop of another workspace's message (N9): %v", err)
	}
	if one, err := r.admin.DropParked(t.Context(), &configv1.DropParkedRequest{Workspace: "acme", Ids: ids}); err != nil || one.GetDropped() != 1 {
		t.Errorf("%v %v", one, err)
	}
	if rest, err := r.admin.DropParked(t.Context(), &configv1.DropParkedRequest{Workspace: "acme", Code: "malformed"}); err != nil || rest.GetDropped() != 1 {
		t.Errorf("%v %v", rest, err)
	}
	if left, err := r.admin.ListParked(t.Context(), &configv1.ListParkedRequest{Workspace: "acme"}); err != nil || len(left.GetParked()) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

// drainInto handles n messages of the notices stage.
func drainInto(t *testing.T, b *bus.Bus, handle bus.Handler, n int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	handled := make(chan error, n)
	ended := make(chan error, 1)
	go func() {
		ended <- b.Consume(ctx, bus.Notices, func(ctx context.Context, d *bus.Delivery) error {
			err := handle(ctx, d)
			handled <- err
			return err
		})
	}()
	for range n {
		if err := <-handled; err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("consume: %v", err)
	}
}

func TestASchemaIsWhatTheAppHas(t *testing.T) {
	t.Parallel()
	_, r := withPairs(t)
	resp, err := r.admin.GetSchema(t.Context(), &configv1.GetSchemaRequest{Workspace: "acme", Connection: "pipedrive-main", Object: "deal"})
	if err != nil || len(resp.GetFields()) != 9 || len(resp.GetPipelines()) != 1 || resp.GetPipelines()[0].GetStages()[2].GetId() != "1/won" {
		t.Fatalf("%v %v", resp, err)
	}
}
