package ledger_test

import (
	"testing"

	"github.com/dealsync/dealsync/libs/ledger"
)

func TestARunIsNamedAfterItsKindAndNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		run, kind string
		number    int64
	}{
		{ledger.Run(ledger.BackfillCursor+"deals", 1795533761590), "backfill:deals", 1795533761590},
		{ledger.Run(ledger.PollCursor, 7), "poll", 7},
		{"poll", "poll", 0},
		{"backfill:deals@soon", "backfill:deals", 0},
	} {
		if kind, number := ledger.SplitRun(c.run); kind != c.kind || number != c.number {
			t.Errorf("%s: %s, %d, want %s, %d", c.run, kind, number, c.kind, c.number)
		}
	}
}
