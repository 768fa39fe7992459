package configure

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

func TestPendingPairsAreNotCountedAtEveryLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pendings
		counted := int64(0)
		slowly := func() (int64, error) {
			time.Sleep(time.Second)
			counted++
			return counted, nil
		}
		look := func(what, phase string, want int64) {
			t.Helper()
			if got, err := p.of("acme/deals").take(phase, slowly); err != nil || got != want {
				t.Errorf("%s: %d, %v, want count %d", what, got, err, want)
			}
		}
		look("the first look", "reading", 1)
		time.Sleep(9 * time.Second)
		look("a look soon after", "reading", 1)
		look("once the backfill is at something else", "applying", 2)
		time.Sleep(10 * time.Second)
		look("later", "applying", 3)
		if _, err := p.of("acme/contacts").take("applying", func() (int64, error) { return 0, errors.New("down") }); err == nil {
			t.Error("a count that failed is told")
		}
		if got, err := p.of("acme/contacts").take("applying", slowly); err != nil || got != 4 {
			t.Errorf("after a failure: %d, %v", got, err)
		}
	})
}

func TestEachStepOfABackfillIsCountedAnew(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range [][]*ledgerv1.Cursor{
		{nil, nil, nil},
		{{Run: "backfill@1"}, nil, nil},
		{{Run: "backfill@1", Done: true}, nil, nil},
		{{Run: "backfill@1", Done: true}, {Run: "backfill@1", Done: true}, nil},
		{{Run: "backfill@1", Done: true}, {Run: "backfill@1", Done: true}, {Run: "1.matched@1", Done: true}},
		{{Run: "backfill@2"}, {Run: "backfill@1", Done: true}, {Run: "1.matched@1", Done: true}},
	} {
		name := runs(c...)
		if seen[name] {
			t.Errorf("%q is no other step", name)
		}
		seen[name] = true
	}
}
