package detect

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// editedAt is when one field was edited.
func editedAt(name string, seconds int) map[string]time.Time {
	return map[string]time.Time{name: at(seconds)}
}

// tick lets a scheduler look twice: what it prepares in the background at the
// first look may allow more at the second.
func (b *bundle) tick(t *testing.T, s *scheduler) {
	t.Helper()
	for range 2 {
		s.tick(t.Context())
		s.wg.Wait()
	}
}

func (b *bundle) cursor(t *testing.T, connection, kind string) *ledgerv1.Cursor {
	t.Helper()
	e, err := b.ledger.Cursors.Fresh(t.Context(), ledger.CursorKey("acme", connection, "deal", kind))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		t.Fatalf("cursor %s: %v", kind, err)
	}
	return e.Doc
}

func TestTheSchedulerPreparesAndBackfillsBothSides_R13(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.tick(t, newScheduler(b.service))
	if diff := cmp.Diff(six, b.records(t, 6)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	calls := b.app.calls()
	for _, want := range []string{"hs provision", "pd provision", "pd subscribe https://dealsync.test/hook"} {
		if !slices.Contains(calls, want) {
			t.Errorf("did not %s: %v", want, calls)
		}
	}
	for _, connection := range []string{"hs", "pd"} {
		if c := b.cursor(t, connection, "backfill:deals"); c.GetRun() != "backfill:deals@1" {
			t.Errorf("backfill of %s = %v, want one for this activation", connection, c)
		}
		if b.cursor(t, connection, ledger.PollCursor) == nil {
			t.Errorf("no poll of %s at the start", connection)
		}
	}
}

func TestABackfillIsDoneOncePerActivation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	sch := newScheduler(b.service)
	b.tick(t, sch)
	b.records(t, 6)
	b.finished(t, backfillKey)
	scans := func() (n int) {
		for _, c := range b.app.calls() {
			if strings.HasPrefix(c, "pd scan") {
				n++
			}
		}
		return n
	}
	b.tick(t, b.replica(t))
	if got := scans(); got != 3 {
		t.Errorf("%d pages, want the 3 of the first run", got)
	}
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].ActivatedMs = 2 })
	b.clock.advance(time.Hour)
	b.tick(t, b.replica(t))
	if diff := cmp.Diff(six, b.records(t, 6)); diff != "" {
		t.Errorf("records of the new activation (-want +got):\n%s", diff)
	}
}

// replica is another replica's scheduler, after the life of the holder's lease.
func (b *bundle) replica(t *testing.T) *scheduler {
	t.Helper()
	s := newScheduler(b.service)
	s.tick(t.Context()) // sees the holder
	b.clock.advance(b.service.cfg.LeaseTTL)
	return s
}

func TestOneWayBackfillsTheSource_R6(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Direction = configv1.Direction_DIRECTION_TO_HUBSPOT })
	b.tick(t, newScheduler(b.service))
	if b.cursor(t, "pd", "backfill:deals") == nil || b.cursor(t, "hs", "backfill:deals") != nil {
		t.Error("want a backfill of the app's side only")
	}
}

func TestOneReplicaSchedules(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := newScheduler(b.service), newScheduler(b.service)
	b.tick(t, first)
	asked := len(b.app.calls())
	b.tick(t, second)
	if first.lease.mine == 0 || second.lease.mine != 0 || len(b.app.calls()) < asked {
		t.Fatal("want the first to hold the lease alone")
	}
	b.clock.advance(b.service.cfg.LeaseTTL / 2)
	b.tick(t, first) // renews
	b.clock.advance(b.service.cfg.LeaseTTL / 2)
	b.tick(t, second)
	if second.lease.mine != 0 {
		t.Fatal("a lease that was renewed has been taken")
	}
	b.clock.advance(b.service.cfg.LeaseTTL)
	b.tick(t, second)
	if second.lease.mine == 0 {
		t.Fatal("a dead holder's lease was not taken")
	}
	b.tick(t, first)
	if first.lease.mine != 0 {
		t.Error("the old holder goes on")
	}
	second.stop(t.Context())
	b.tick(t, first)
	if first.lease.mine == 0 {
		t.Error("a lease that was given back is waited for")
	}
}

func TestPollsReachBackToTheLastHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.service.cfg.CatchUp, b.service.cfg.Overlap = 100*time.Second, 10*time.Second
	key := ledger.CursorKey("acme", "pd", "deal", ledger.PollCursor)
	last := &ledgerv1.Cursor{Run: "poll@1", Done: true, HorizonMs: at(700).UnixMilli(), StartedMs: at(990).UnixMilli()}
	if _, err := b.ledger.Cursors.Put(t.Context(), key, last, 0); err != nil {
		t.Fatalf("last poll: %v", err)
	}
	sch := newScheduler(b.service)
	b.app.horizon = at(950)
	b.tick(t, sch)
	b.pollEnds(t)
	b.clock.advance(time.Minute + time.Second)
	b.tick(t, sch)
	b.pollEnds(t)
	var polls []string
	for _, c := range b.app.calls() {
		if strings.HasPrefix(c, "pd poll") {
			polls = append(polls, c)
		}
	}
	// After a start 100 s behind the horizon, then 10 s.
	if diff := cmp.Diff([]string{"pd poll since 600 ", "pd poll since 940 "}, polls); diff != "" {
		t.Errorf("polls (-want +got):\n%s", diff)
	}
}

func TestTheFirstPollLeavesToTheBackfillWhatWasBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.service.cfg.CatchUp = 100 * time.Second
	b.settings.set(func(s *configv1.Snapshot) {
		s.Connections[1].ActivatedMs, s.Syncs[0].ActivatedMs = at(-9999).UnixMilli(), at(500).UnixMilli()
	})
	b.tick(t, newScheduler(b.service))
	b.pollEnds(t)
	if calls := b.app.calls(); !slices.Contains(calls, "pd poll since 400 ") {
		t.Errorf("calls = %v, want a poll since the sync's activation, less the catch-up", calls)
	}
}

func (b *bundle) pollEnds(t *testing.T) {
	t.Helper()
	b.finished(t, ledger.CursorKey("acme", "pd", "deal", ledger.PollCursor))
}

func TestARunThatStandsStillIsTakenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	// The position is saved, but the notice of the next page was lost.
	lost := &ledgerv1.Cursor{Run: "backfill:deals@1", Cursor: "1", Pages: 1, Read: 2}
	if _, err := b.ledger.Cursors.Put(t.Context(), backfillKey, lost, 0); err != nil {
		t.Fatalf("save run: %v", err)
	}
	sch := newScheduler(b.service)
	b.tick(t, sch)
	b.clock.advance(b.service.cfg.StallAfter)
	b.tick(t, sch)
	if diff := cmp.Diff([]string{"2", "3", "4", "5"}, b.records(t, 4)); diff != "" {
		t.Errorf("records (-want +got), want those of the pages that were not read:\n%s", diff)
	}
}

func TestAFailingConnectionHoldsUpOnlyItsBackfills_N6(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	b.app.fail("pd subscribe https://dealsync.test/hook", fault.New(fault.Rejected, "no_admin", "may not administer webhooks"))
	b.app.fail("hs provision", fault.New(fault.Auth, "revoked", "signed out"))
	sch := newScheduler(b.service)
	b.tick(t, sch)
	if b.cursor(t, "pd", ledger.PollCursor) == nil || b.cursor(t, "pd", "backfill:deals") != nil {
		t.Error("want polls, and no backfill that would create records without a key")
	}
	if sch.trouble["connection acme/hs"] != "revoked" {
		t.Errorf("trouble = %v, want it to be known", sch.trouble)
	}
	b.app.fail("hs provision", nil)
	b.clock.advance(firstRetry)
	b.tick(t, sch)
	if b.cursor(t, "pd", "backfill:deals") == nil || sch.trouble["connection acme/hs"] != "" {
		t.Errorf("want the backfill once the field is there; trouble: %v", sch.trouble)
	}
}

func TestChangedSettingsOfferEveryCopyAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sch := newScheduler(b.service)
	b.tick(t, sch)
	for _, id := range []string{"1", "2", "3"} {
		b.hold(t, id, at(0), map[string]string{"title": "Deal " + id, "value": "1"})
	}
	doc := &ledgerv1.Record{Complete: true, Fields: map[string]*eventv1.Field{"dealname": {Value: "Boat"}, "amount": {}}}
	hs := ledger.RecordKey("acme", "hs", "deal", "900")
	if _, err := b.ledger.Records.Put(t.Context(), hs, doc, 0); err != nil {
		t.Fatalf("hold: %v", err)
	}
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Revision = 2 })
	b.tick(t, sch)
	b.clock.advance(b.service.cfg.Settle)
	b.tick(t, sch)
	if diff := cmp.Diff([]string{"1", "2", "3", "900"}, b.records(t, 4)); diff != "" {
		t.Errorf("records offered (-want +got):\n%s", diff)
	}
	if c := b.cursor(t, "hs", "refresh:deals"); c.GetRun() != "2" || c.GetRead() != 4 {
		t.Errorf("cursor = %v, want revision 2 with 4 records", c)
	}
}

func TestObjectsThatNoSyncWantsAreLeftAlone_R5(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs = nil })
	b.tick(t, newScheduler(b.service))
	if calls := b.app.calls(); len(calls) != 0 {
		t.Errorf("asked for %v, though connecting is not syncing", calls)
	}
}
