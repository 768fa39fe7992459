package detect

import (
	"context"
	"time"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// leaseKey is in no workspace: none has an empty name.
var leaseKey = ledger.CursorKey("", "change-detector", "scheduler", "lease")

// lease lets one replica at a time schedule. The holder renews a document; who
// sees it unchanged for the lease's life, on its own clock, takes it. Clocks of
// different machines are never compared. Two holders for a moment would do no
// harm: everything that a scheduler does is done once by compare-and-swap.
type lease struct {
	cursors Cursors
	id      string
	ttl     time.Duration
	now     func() time.Time

	seen   uint64    // revision of another's document
	since  time.Time // when it was seen first
	mine   uint64    // revision of our own; 0 when we do not hold it
	proven time.Time // when it was stored
}

// hold takes or renews the lease and reports whether it is ours.
func (l *lease) hold(ctx context.Context) (bool, error) {
	now := l.now()
	if l.mine != 0 && now.Sub(l.proven) < l.ttl/3 {
		return true, nil
	}
	e, err := l.cursors.Fresh(ctx, leaseKey)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return l.mine != 0 && now.Sub(l.proven) < l.ttl, err
	}
	if owner := e.Doc.GetRun(); owner != "" && owner != l.id {
		l.mine = 0
		if e.Revision != l.seen {
			l.seen, l.since = e.Revision, now
			return false, nil
		}
		if now.Sub(l.since) < l.ttl {
			return false, nil
		}
	}
	stored, err := l.cursors.Put(ctx, leaseKey, &ledgerv1.Cursor{Run: l.id, StartedMs: now.UnixMilli()}, e.Revision)
	if fault.Is(err, fault.Conflict) {
		l.mine = 0
		return false, nil
	}
	if err != nil {
		return false, err
	}
	l.mine, l.proven = stored, now
	return true, nil
}

// release gives the lease back, so that another need not wait for its end.
func (l *lease) release(ctx context.Context) {
	if l.mine == 0 {
		return
	}
	// Whoever cannot be told waits for the lease to end.
	_, _ = l.cursors.Put(ctx, leaseKey, &ledgerv1.Cursor{}, l.mine)
	l.mine = 0
}
