package configure

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/ledger"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// countShare is the part of the time that may go into counting: what took a
// second to count is good for ten, however many people watch.
const countShare = 10

// pendings remember how many pairs of each sync are pending. Counting reads all
// pairs of the sync.
type pendings struct {
	mu   sync.Mutex
	held map[string]*pendingCount
}

// pendingCount is one sync's count; whoever counts holds its lock.
type pendingCount struct {
	mu    sync.Mutex
	phase string // what the backfill was at when they were counted
	count int64
	until time.Time
}

func (p *pendings) of(name string) *pendingCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[string]*pendingCount{}
	}
	if p.held[name] == nil {
		p.held[name] = &pendingCount{}
	}
	return p.held[name]
}

// take answers the count, a new one where the last is too old or where the
// backfill is at something else since.
func (c *pendingCount) take(phase string, count func() (int64, error)) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	begun := time.Now()
	if c.phase == phase && begun.Before(c.until) {
		return c.count, nil
	}
	n, err := count()
	if err != nil {
		return 0, err
	}
	now := time.Now()
	c.phase, c.count, c.until = phase, n, now.Add(countShare*now.Sub(begun))
	return n, nil
}

// pending counts the pairs of a sync that are being brought in step.
func (s *Service) pending(ctx context.Context, sync *configv1.Sync, cursors map[string]*ledgerv1.Cursor, matched *ledgerv1.Cursor) (int64, error) {
	phase := runs(cursors["hubspot"], cursors["app"], matched)
	return s.pendings.of(sync.GetWorkspace()+"/"+sync.GetName()).take(phase, func() (n int64, err error) {
		err = s.deps.Ledger.Pairs.Each(ctx, ledger.Prefix(sync.GetWorkspace(), sync.GetName()), func(item ledger.Item[*ledgerv1.Pair]) error {
			if item.Doc.GetStatus() == "pending" {
				n++
			}
			return nil
		})
		if err != nil {
			err = fmt.Errorf("count the pending pairs of %s: %w", sync.GetName(), err)
		}
		return n, err
	})
}

// runs names what the cursors of a backfill are at.
func runs(cursors ...*ledgerv1.Cursor) string {
	var b strings.Builder
	for _, c := range cursors {
		fmt.Fprintf(&b, "%s %t;", c.GetRun(), c.GetDone())
	}
	return b.String()
}
