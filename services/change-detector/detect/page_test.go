package detect

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// A backfill's cursor of the tests.
var backfillKey = ledger.CursorKey("acme", "pd", "deal", "backfill:deals")

// begin saves a run and asks for its first page, as the scheduler does.
func (b *bundle) begin(t *testing.T, kind string, c *ledgerv1.Cursor) {
	t.Helper()
	lane := bus.Live
	if kind != ledger.PollCursor {
		lane = bus.Bulk
	}
	c.Run = ledger.Run(kind, 1)
	if _, err := b.ledger.Cursors.Put(t.Context(), ledger.CursorKey("acme", "pd", "deal", kind), c, 0); err != nil {
		t.Fatalf("save run: %v", err)
	}
	if err := b.service.ask(t.Context(), place{"acme", "pd", deal.Deals, lane}, c, ""); err != nil {
		t.Fatalf("ask for the first page: %v", err)
	}
}

// threePages fills the app with six deals on three pages.
func (b *bundle) threePages() {
	for i := range 6 {
		b.app.put(fmt.Sprint(i), at(10), deal.Fields{"title": fmt.Sprint("Deal ", i)})
	}
	b.app.pages = [][]string{{"0", "1"}, {"2", "3"}, {"4", "5"}}
}

// finished waits until a run is done or paused.
func (b *bundle) finished(t *testing.T, key ledger.Key) *ledgerv1.Cursor {
	t.Helper()
	kv, err := b.bus.JetStream().KeyValue(t.Context(), "dealsync_cursors_00")
	if err != nil {
		t.Fatalf("open cursors: %v", err)
	}
	w, err := kv.Watch(t.Context(), string(key))
	if err != nil {
		t.Fatalf("watch cursor: %v", err)
	}
	defer func() { _ = w.Stop() }()
	for range w.Updates() {
		e, err := b.ledger.Cursors.Fresh(t.Context(), key)
		if err == nil && (e.Doc.GetDone() || e.Doc.GetPaused()) {
			return e.Doc
		}
	}
	t.Fatal("the run did not end")
	return nil
}

// records waits for changes of n records; a repeat of one is no other.
func (b *bundle) records(t *testing.T, n int) []string {
	t.Helper()
	var ids []string
	for len(ids) < n {
		if id := b.next(t).change.GetRecord(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

var six = []string{"0", "1", "2", "3", "4", "5"}

func TestABackfillOffersEveryRecordOnTheBulkLane_R13(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.hold(t, "3", at(10), map[string]string{"title": "Deal 3"}) // known and unchanged: another sync had it
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{StartedMs: 1})
	var ids []string
	for range 6 {
		g := b.next(t)
		ids = append(ids, g.change.GetRecord())
		if g.lane != bus.Bulk || g.change.GetCause() != eventv1.Cause_CAUSE_BACKFILL {
			t.Errorf("change of %s on lane %s by %s", g.change.GetRecord(), g.lane, g.change.GetCause())
		}
	}
	slices.Sort(ids)
	if diff := cmp.Diff(six, ids); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	c := b.finished(t, backfillKey)
	if c.GetRead() != 6 || c.GetTotal() != 6 || c.GetPages() != 3 || c.GetFinishedMs() == 0 {
		t.Errorf("progress = %v, want 6 of 6 on 3 pages, finished", c)
	}
}

func TestABackfillValueNeverOverridesALaterEdit_N5(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.hold(t, "0", at(500), map[string]string{"title": "Edited since"})
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{})
	for range 6 {
		if c := b.next(t).change; c.GetRecord() == "0" && c.GetFields()["title"].GetValue() != "Edited since" {
			t.Errorf("change = %v, want the later edit", c)
		}
	}
}

// crashing cursors and bus fail once each between two effects of a page.
type crashing struct {
	Cursors
	Bus
	saves, asks int // one key, so one page at a time
}

func (c *crashing) Put(ctx context.Context, key ledger.Key, doc *ledgerv1.Cursor, revision uint64) (uint64, error) {
	c.saves++
	if c.saves == 1 { // the page's changes are out, its position is not saved
		return 0, fault.New(fault.Transient, "test", "crashed before saving the position")
	}
	return c.Cursors.Put(ctx, key, doc, revision)
}

func (c *crashing) Publish(ctx context.Context, m bus.Message) error {
	if m.Subject.Stage == bus.Notices {
		if c.asks++; c.asks == 2 { // the position is saved, the next page not asked for
			return fault.New(fault.Transient, "test", "crashed before asking for the next page")
		}
	}
	return c.Bus.Publish(ctx, m)
}

func TestABackfillResumesAtTheSavedPage_R13(t *testing.T) {
	t.Parallel()
	c := &crashing{}
	b := setup(t, func(d *Deps) { c.Cursors, c.Bus, d.Cursors, d.Bus = d.Cursors, d.Bus, c, c })
	b.threePages()
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{})
	if diff := cmp.Diff(six, b.records(t, 6)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	b.finished(t, backfillKey)
	want := []string{"pd scan ", "pd scan ", "pd scan 1", "pd scan 2"}
	if diff := cmp.Diff(want, b.app.calls()); diff != "" {
		t.Errorf("calls (-want +got), want only the page that was not saved again:\n%s", diff)
	}
}

func TestABackfillPausesWithItsSync_R13(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Paused = true })
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{})
	if c := b.finished(t, backfillKey); !c.GetPaused() || c.GetDone() || c.GetPages() != 0 {
		t.Errorf("cursor = %v, want paused at its page", c)
	}
	if calls := b.app.calls(); len(calls) != 0 {
		t.Errorf("asked the app while paused: %v", calls)
	}
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Paused = false })
	sch := newScheduler(b.service)
	b.tick(t, sch)
	if diff := cmp.Diff(six, b.records(t, 6)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestAPollTellsWhatChangedOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	for i := range 6 {
		b.hold(t, fmt.Sprint(i), at(10), map[string]string{"title": fmt.Sprint("Deal ", i)})
	}
	b.app.put("4", at(70), deal.Fields{"title": "Renamed"})
	b.app.horizon = at(900)
	b.begin(t, ledger.PollCursor, &ledgerv1.Cursor{SinceMs: at(5).UnixMilli()})
	g := b.next(t)
	if g.change.GetRecord() != "4" || g.lane != bus.Live || g.change.GetFields()["title"].GetEditedMs() != at(70).UnixMilli() {
		t.Errorf("change = %v on lane %s, want 4, renamed at 70, on the live lane", g.change, g.lane)
	}
	c := b.finished(t, ledger.CursorKey("acme", "pd", "deal", ledger.PollCursor))
	if c.GetHorizonMs() != at(900).UnixMilli() {
		t.Errorf("horizon = %d, want that of the page", c.GetHorizonMs())
	}
	if diff := cmp.Diff([]string{"pd poll since 5 ", "pd poll since 5 1", "pd poll since 5 2"}, b.app.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAPollReadsEditTimesWhereTheAppKnowsThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.app.manifest.EditTimes = true
	for i := range 6 {
		b.hold(t, fmt.Sprint(i), at(10), map[string]string{"title": fmt.Sprint("Deal ", i)})
	}
	r := b.app.records["4"]
	r.Fields, r.Modified = deal.Fields{"title": "Renamed"}, at(70)
	r.Edited = editedAt("title", 55)
	b.app.records["4"] = r
	b.begin(t, ledger.PollCursor, &ledgerv1.Cursor{SinceMs: at(5).UnixMilli()})
	if f := b.next(t).change.GetFields()["title"]; f.GetValue() != "Renamed" || f.GetEditedMs() != at(55).UnixMilli() {
		t.Errorf("title = %v, want the time of the edit, not of the record", f)
	}
	reads := 0
	b.finished(t, ledger.CursorKey("acme", "pd", "deal", ledger.PollCursor))
	for _, call := range b.app.calls() {
		if call == "pd read 1" {
			reads++
		}
	}
	if reads != 1 {
		t.Errorf("read %d records, want the one that differs: %v", reads, b.app.calls())
	}
}

func TestAPageOfAnotherRunIsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{})
	b.records(t, 6)
	b.finished(t, backfillKey)
	old := &ledgerv1.Cursor{Run: ledger.Run("backfill:deals", 0), Pages: 1, Cursor: "1"}
	for _, c := range []*ledgerv1.Cursor{old, {Run: ledger.Run("backfill:nobody", 1)}} {
		if err := b.service.ask(t.Context(), place{"acme", "pd", deal.Deals, bus.Bulk}, c, ""); err != nil {
			t.Fatalf("ask: %v", err)
		}
	}
	before := len(b.app.calls())
	b.hold(t, "x", at(0), map[string]string{"title": "A"})
	b.webhook(t, edit("x", at(60), "title", "B"))
	if c := b.next(t).change; c.GetRecord() != "x" || len(b.app.calls()) != before {
		t.Errorf("change of %s, calls %v; want none for runs that are over", c.GetRecord(), b.app.calls()[before:])
	}
}

func TestARefreshOffersACopyEachTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	b.app.put("42", at(0), deal.Fields{"title": "Boat", "value": "1"})
	ask := func(read bool) {
		b.notify(t, &eventv1.Notice{Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{
			Object: "deal", Records: []string{"42"}, Read: read, Reason: "test",
		}}}, bus.Bulk)
	}
	ask(false)
	ask(false)
	for range 2 {
		g := b.next(t)
		if g.change.GetCause() != eventv1.Cause_CAUSE_REFRESH || g.lane != bus.Bulk || g.change.GetFields()["title"].GetValue() != "Boat" {
			t.Errorf("change = %v on lane %s", g.change, g.lane)
		}
	}
	if calls := b.app.calls(); len(calls) != 0 {
		t.Errorf("asked the app: %v", calls)
	}
	ask(true)
	b.next(t)
	if diff := cmp.Diff([]string{"pd read 1"}, b.app.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestARefreshReadsWhatNewSettingsWant(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	b.app.put("42", at(0), deal.Fields{"title": "Boat", "value": "1", "colour": "red"})
	b.settings.set(func(s *configv1.Snapshot) {
		s.Syncs[0].Fields = append(s.Syncs[0].Fields, &configv1.FieldLine{App: &configv1.FieldSpec{Name: "colour"}})
	})
	b.notify(t, &eventv1.Notice{Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{Object: "deal", Records: []string{"42"}}}}, bus.Bulk)
	if c := b.next(t).change; c.GetFields()["colour"].GetValue() != "red" {
		t.Errorf("change = %v, want the field that the copy did not have", c)
	}
}
