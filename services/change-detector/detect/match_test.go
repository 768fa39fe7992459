package detect

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// slow is a bus that has more to do before it has passed anything.
type slow struct {
	Bus
	busy   atomic.Bool
	looked atomic.Int32
}

func (s *slow) Passed(ctx context.Context, stage bus.Stage, workspace, connection, object string, mark uint64) (bool, error) {
	s.looked.Add(1)
	if s.busy.Load() {
		return false, nil
	}
	return s.Bus.Passed(ctx, stage, workspace, connection, object, mark)
}

// people has two contacts on either side.
func (b *bundle) people() {
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs = nil })
	b.settings.set(share(deal.Contacts))
	for _, id := range []string{"1", "2", "901", "902"} {
		b.app.put(id, at(10), deal.Fields{"email": id + "@acme.test", "phone": id})
	}
	b.app.others["pd contact"] = [][]string{{"1"}, {"2"}}
	b.app.others["hs contact"] = [][]string{{"901"}, {"902"}}
}

var everybody = []string{"1", "2", "901", "902"}

func (b *bundle) contactCursor(t *testing.T, connection, kind string) *ledgerv1.Cursor {
	t.Helper()
	e, err := b.ledger.Cursors.Fresh(t.Context(), ledger.CursorKey("acme", connection, "contact", kind))
	if err != nil {
		return nil
	}
	return e.Doc
}

// until ticks until a condition holds; each tick is some seconds later.
func (b *bundle) until(t *testing.T, s *scheduler, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if holds() {
			return
		}
		b.clock.advance(b.service.cfg.Settle)
		b.tick(t, s)
	}
	t.Fatal("it never came to that")
}

// offered collects the changes of a cause until every record has come.
func (b *bundle) offered(t *testing.T, cause eventv1.Cause, want []string) {
	t.Helper()
	heard := map[string]bool{}
	for len(heard) < len(want) {
		if c := b.next(t).change; c.GetCause() == cause {
			heard[c.GetRecord()] = true
		}
	}
	for _, id := range want {
		if !heard[id] {
			t.Errorf("%s was not offered: %v", id, heard)
		}
	}
}

func TestAllRecordsAreOfferedForMatchingOnceAllAreKnown_R15(t *testing.T) {
	t.Parallel()
	s := &slow{}
	s.busy.Store(true)
	b := setup(t, func(d *Deps) { s.Bus, d.Bus = d.Bus, s })
	b.people()
	sch := newScheduler(b.service)
	b.tick(t, sch)
	b.offered(t, eventv1.Cause_CAUSE_BACKFILL, everybody)
	for _, connection := range []string{"hs", "pd"} {
		b.finished(t, ledger.CursorKey("acme", connection, "contact", "backfill:contact"))
	}
	b.until(t, sch, func() bool { return s.looked.Load() > 0 })
	if c := b.contactCursor(t, "hs", "matched:contact"); c != nil {
		t.Fatalf("cursor = %v, though not all has been taken in", c)
	}
	s.busy.Store(false)
	done := func() bool { return b.contactCursor(t, "hs", "matched:contact").GetDone() }
	b.until(t, sch, done)
	b.offered(t, eventv1.Cause_CAUSE_REFRESH, everybody)
	c := b.contactCursor(t, "hs", "matched:contact")
	if c.GetRun() != "1.matched@1" || c.GetRead() != 4 || c.GetSinceMs() != 1 {
		t.Errorf("cursor = %v, want 4 records of revision 1, backfill 1", c)
	}

	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Revision = 2 })
	b.until(t, sch, func() bool { return b.contactCursor(t, "hs", "refresh:contact").GetRun() == "2" })
	b.offered(t, eventv1.Cause_CAUSE_REFRESH, everybody)
	b.until(t, sch, func() bool { return sch.matches["acme/contact"].done })
	if c := b.contactCursor(t, "hs", "matched:contact"); c.GetRun() != "1.matched@1" {
		t.Errorf("cursor = %v, though the rules are the same", c)
	}
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Revision, s.Syncs[0].Match[0].AppField = 3, "mail" })
	b.until(t, sch, func() bool {
		return strings.HasPrefix(b.contactCursor(t, "hs", "matched:contact").GetRun(), "3.") && done()
	})
}

func TestMatchingGoesOnAfterACrash_R15(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.people()
	sch := newScheduler(b.service)
	b.tick(t, sch)
	b.offered(t, eventv1.Cause_CAUSE_BACKFILL, everybody)
	for _, connection := range []string{"hs", "pd"} {
		b.finished(t, ledger.CursorKey("acme", connection, "contact", "backfill:contact"))
	}
	// All are known, but not all have been offered.
	key := ledger.CursorKey("acme", "hs", "contact", "matched:contact")
	begun := &ledgerv1.Cursor{Run: "1.matched@1", Cursor: settings.RulesOf(b.settings.Snapshot().Sync("acme", "contact")), SinceMs: 1, StartedMs: 5}
	if _, err := b.ledger.Cursors.Put(t.Context(), key, begun, 0); err != nil {
		t.Fatalf("save: %v", err)
	}
	next := b.replica(t)
	b.until(t, next, func() bool { return b.contactCursor(t, "hs", "matched:contact").GetDone() })
	b.offered(t, eventv1.Cause_CAUSE_REFRESH, everybody)
}

func TestAOneWaySyncThatMatchesScansBothSides_R15(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.people()
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Direction = configv1.Direction_DIRECTION_TO_HUBSPOT })
	b.tick(t, newScheduler(b.service))
	for _, connection := range []string{"hs", "pd"} {
		if c := b.contactCursor(t, connection, "backfill:contact"); c == nil {
			t.Errorf("no backfill of %s", connection)
		}
	}
}

func TestParentsAreReadFirst_R16(t *testing.T) {
	t.Parallel()
	family := func(t *testing.T) (*bundle, *scheduler) {
		b := setup(t)
		b.threePages()
		b.settings.set(share(deal.Contacts))
		b.settings.set(share(deal.Companies))
		return b, newScheduler(b.service)
	}
	t.Run("companies, contacts, deals", func(t *testing.T) {
		t.Parallel()
		b, sch := family(t)
		for _, object := range []string{"company", "contact"} {
			b.tick(t, sch)
			for _, connection := range []string{"hs", "pd"} {
				b.finished(t, ledger.CursorKey("acme", connection, object, "backfill:"+object))
			}
			b.clock.advance(b.service.cfg.StallAfter / 3)
		}
		b.tick(t, sch)
		b.finished(t, backfillKey)
		var order []string
		for _, c := range b.app.calls() {
			if strings.Contains(c, "scan ") && strings.HasPrefix(c, "pd") && strings.HasSuffix(c, " ") {
				order = append(order, strings.TrimSpace(c))
			}
		}
		if diff := cmp.Diff([]string{"pd company scan", "pd contact scan", "pd scan"}, order); diff != "" {
			t.Errorf("first pages (-want +got):\n%s", diff)
		}
	})
	t.Run("nobody waits for a paused sync", func(t *testing.T) {
		t.Parallel()
		b, sch := family(t)
		b.settings.set(func(s *configv1.Snapshot) { s.Syncs[1].Paused, s.Syncs[2].Paused = true, true })
		b.tick(t, sch)
		if b.cursor(t, "pd", "backfill:deals") == nil {
			t.Error("deals wait for syncs that are paused")
		}
	})
	t.Run("parents that cannot be read hold up nobody for long", func(t *testing.T) {
		t.Parallel()
		b, sch := family(t)
		// Their runs have begun, and their notices are lost.
		for _, object := range []string{"contact", "company"} {
			for _, connection := range []string{"hs", "pd"} {
				key := ledger.CursorKey("acme", connection, object, "backfill:"+object)
				if _, err := b.ledger.Cursors.Put(t.Context(), key, &ledgerv1.Cursor{Run: "backfill:" + object + "@1"}, 0); err != nil {
					t.Fatalf("save run: %v", err)
				}
			}
		}
		b.service.cfg.StallAfter = 24 * parentPatience // nor are they taken up
		b.tick(t, sch)
		b.clock.advance(parentPatience / 2)
		b.tick(t, sch)
		if b.cursor(t, "pd", "backfill:deals") != nil {
			t.Fatal("deals did not wait")
		}
		b.clock.advance(parentPatience)
		b.tick(t, sch)
		if b.cursor(t, "pd", "backfill:deals") == nil {
			t.Error("deals wait for ever")
		}
	})
}
