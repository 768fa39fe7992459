package configure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

func TestR13ProgressTellsThePhaseAndTheTimeLeft(t *testing.T) {
	t.Parallel()
	type cursors = map[string]*ledgerv1.Cursor
	both, oneWay := &configv1.Sync{ActivatedMs: 1000}, &configv1.Sync{ActivatedMs: 1000, Direction: configv1.Direction_DIRECTION_TO_HUBSPOT}
	matching := &configv1.Sync{ActivatedMs: 1000, Direction: configv1.Direction_DIRECTION_TO_HUBSPOT, Match: []*configv1.MatchRule{{Name: "email"}}}
	again := &configv1.Sync{ActivatedMs: 1000, BackfillMs: 5000}
	for _, c := range []struct {
		name    string
		sync    *configv1.Sync
		cursors cursors
		pending int64
		want    *configv1.Progress
		matched int64 // the number of the run that records were matched after
	}{
		{"nothing has begun", both, nil, 0, &configv1.Progress{Phase: "waiting"}, 0},
		{
			"one side has begun, the total is not known", both,
			cursors{"app": {Read: 10, Total: 100, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "reading", Read: 10}, 0,
		},
		{
			"both are being read", both,
			cursors{"app": {Read: 30, Total: 100, StartedMs: 2000}, "hubspot": {Read: 30, Total: 40, StartedMs: 3000}},
			10,
			&configv1.Progress{Phase: "reading", Read: 60, Total: 140, Pending: 10, LeftMs: 14_400}, 0, // 50 in 8 s, 90 to go
		},
		{
			"one way reads the source only", oneWay,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "done", Read: 30, Total: 30}, 0,
		},
		{
			"but both where records are matched", matching,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "reading", Read: 30}, 0,
		},
		{
			"all is read, and which records belong together is yet to be decided", matching,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}, "hubspot": {Read: 10, Done: true, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "applying", Read: 40, Total: 40}, 0,
		},
		{
			"matched after an earlier run", matching,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}, "hubspot": {Read: 10, Done: true, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "applying", Read: 40, Total: 40}, 999,
		},
		{
			"matched", matching,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}, "hubspot": {Read: 10, Done: true, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "done", Read: 40, Total: 40}, 1000,
		},
		{
			"all is read, pairs are pending", both,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}, "hubspot": {Read: 10, Done: true, StartedMs: 2000}},
			20,
			&configv1.Progress{Phase: "applying", Read: 40, Total: 40, Pending: 20, LeftMs: 8000}, 0,
		},
		{
			"a run that was asked for again has yet to begin", again,
			cursors{"app": {Read: 30, Done: true, StartedMs: 2000}, "hubspot": {Read: 10, Done: true, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "waiting"}, 0,
		},
		{
			"what was asked for decides, not the clock of who reads", again,
			cursors{"app": {Run: "backfill:deals@5000", Read: 30, Done: true, StartedMs: 4000}, "hubspot": {Run: "backfill:deals@1000", Done: true, StartedMs: 6000}},
			0,
			&configv1.Progress{Phase: "reading", Read: 30}, 0,
		},
		{
			"a paused sync", &configv1.Sync{Paused: true},
			cursors{"app": {Read: 30, Total: 60, StartedMs: 2000}},
			0,
			&configv1.Progress{Phase: "paused", Read: 30}, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := progressOf(c.sync, c.cursors, &ledgerv1.Cursor{SinceMs: c.matched, Done: true}, c.pending, time.UnixMilli(10_000))
			if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
