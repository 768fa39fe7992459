package detect

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

func TestTheTotalIsAGuessUntilItIsKnown_R13(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		cursor *ledgerv1.Cursor
		told   int
		read   int64
		want   int64
	}{
		{"nobody knows", &ledgerv1.Cursor{}, 0, 100, 0},
		{"the app knows from the first page", &ledgerv1.Cursor{}, 500, 100, 500},
		{"and does not repeat it", &ledgerv1.Cursor{Total: 500, Pages: 1}, 0, 200, 500},
		{"an app that counts what is left is not taken at its word", &ledgerv1.Cursor{Total: 500, Pages: 1}, 400, 200, 500},
		{"the last run's number is the guess", &ledgerv1.Cursor{Total: 300}, 0, 100, 300},
		{"the app knows better than the guess", &ledgerv1.Cursor{Total: 900}, 500, 100, 500},
		{"there are more than anybody knew", &ledgerv1.Cursor{Total: 300, Pages: 3}, 0, 400, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := total(tt.cursor, connector.Page{Total: tt.told}, tt.read); got != tt.want {
				t.Errorf("total = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestABackfillThatIsAskedForAgainOffersEverything_R13(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.threePages()
	sch := newScheduler(b.service)
	b.tick(t, sch)
	b.records(t, 6)
	b.finished(t, backfillKey)
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].BackfillMs = 77 })
	b.clock.advance(time.Hour)
	b.tick(t, sch)
	if diff := cmp.Diff(six, b.records(t, 6)); diff != "" {
		t.Errorf("records of the new run (-want +got):\n%s", diff)
	}
	c := b.finished(t, backfillKey)
	if c.GetRun() != "backfill:deals@77" || c.GetRead() != 6 || c.GetTotal() != 6 || c.GetStartedMs() < at(1000+3600).UnixMilli() || c.GetFinishedMs() < c.GetStartedMs() {
		t.Errorf("cursor = %v, want the counts of the new run", c)
	}
}

// pausing pauses the sync when the first page's position is saved.
type pausing struct {
	Cursors
	pause func()
}

func (p *pausing) Put(ctx context.Context, key ledger.Key, doc *ledgerv1.Cursor, revision uint64) (uint64, error) {
	if key == backfillKey && doc.GetPages() == 1 && !doc.GetPaused() && p.pause != nil {
		pause := p.pause
		p.pause = nil
		pause()
	}
	return p.Cursors.Put(ctx, key, doc, revision)
}

func TestABackfillGoesOnWhereItWasPausedAfterARestart_R13(t *testing.T) {
	t.Parallel()
	p := &pausing{}
	b := setup(t, func(d *Deps) { p.Cursors, d.Cursors = d.Cursors, p })
	b.threePages()
	p.pause = func() { b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Paused = true }) }
	b.app.total = 6
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{StartedMs: 5})
	b.records(t, 2)
	if c := b.finished(t, backfillKey); !c.GetPaused() || c.GetPages() != 1 || c.GetRead() != 2 || c.GetTotal() != 6 {
		t.Fatalf("cursor = %v, want paused behind the first page, 2 of 6", c)
	}
	b.tick(t, newScheduler(b.service)) // a restart while it is paused
	if calls := b.scans(); len(calls) != 1 {
		t.Fatalf("scans = %v, though the sync is paused", calls)
	}
	b.settings.set(func(s *configv1.Snapshot) { s.Syncs[0].Paused = false })
	b.tick(t, b.replica(t)) // and another when it goes on
	b.finished(t, backfillKey)
	if diff := cmp.Diff([]string{"2", "3", "4", "5"}, b.records(t, 4)); diff != "" {
		t.Errorf("records (-want +got), want those that were left:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pd scan ", "pd scan 1", "pd scan 2"}, b.scans()); diff != "" {
		t.Errorf("scans (-want +got):\n%s", diff)
	}
	if c := b.cursor(t, "pd", "backfill:deals"); c.GetRead() != 6 || c.GetTotal() != 6 || c.GetStartedMs() != 5 || c.GetPaused() {
		t.Errorf("cursor = %v, want one run of 6", c)
	}
}

// scans are the pages of deals of "pd" that were asked for.
func (b *bundle) scans() []string {
	var scans []string
	for _, c := range b.app.calls() {
		if len(c) >= len("pd scan") && c[:len("pd scan")] == "pd scan" {
			scans = append(scans, c)
		}
	}
	return scans
}

func TestABadRecordOfAPageIsParkedByItsName_N1_N6(t *testing.T) {
	t.Parallel()
	f := &flaky{}
	b := setup(t, f.into)
	f.onPut = func(_ int32, key ledger.Key) error {
		if key == b.key("3") {
			return fault.New(fault.Invalid, "too_large", "no room for this one")
		}
		return nil
	}
	b.threePages()
	b.begin(t, "backfill:deals", &ledgerv1.Cursor{})
	if c := b.finished(t, backfillKey); !c.GetDone() || c.GetRead() != 6 {
		t.Errorf("cursor = %v, want the run to end", c)
	}
	p := b.parked(t)
	if p.Code != "too_large" || p.Subject.Key != "3" || p.Subject.Connection != "pd" {
		t.Errorf("parked %s as %s: %s", p.Subject.Key, p.Code, p.Error)
	}
}
