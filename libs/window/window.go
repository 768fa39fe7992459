// Package window keeps the values of recent edits while a conflict about them
// is still possible (R7). The ledger knows fingerprints and times of edits;
// their values live here, in Redis, for a little longer than the window.
//
// It never decides a conflict, and losing it loses no edit: a rival that is
// known but not here is read again from the record's copy.
package window

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// CodeDown marks errors while Redis cannot be asked: wait, never guess.
const CodeDown = "redis_down"

// Edit is one edit of a unit on one side.
type Edit struct {
	// Unit names the field mapping line.
	Unit string
	// Own are the values in the side's own terms, Other in the other side's.
	Own, Other deal.Fields
	// At is the edit's time at its source, kept to the microsecond.
	At time.Time
}

// Windows are the open windows of all workspaces. It is safe for concurrent
// use, over any number of replicas.
type Windows struct{ rdb redis.UniversalClient }

// New keeps windows in rdb, which stays the caller's.
func New(rdb redis.UniversalClient) *Windows { return &Windows{rdb} }

// Exchange stores edits of one side of a pair and answers the edits of the same
// units that are open on the other side, in one step, so that of two edits
// arriving at once at least one meets the other. An edit older than the stored
// one of its unit and side is not stored; one of the same time replaces it.
// Stored edits stay open for life on the server's clock: the conflict window
// and what late news may take. Repeating an exchange changes nothing but that.
func (w *Windows) Exchange(ctx context.Context, workspace, pair string, side deal.Side, edits []Edit, life time.Duration) (rivals []Edit, err error) {
	if len(edits) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 4+3*len(edits))
	args = append(args, side.String(), side.Other().String(), life.Microseconds(), pair)
	for _, e := range edits {
		args = append(args, e.Unit, e.At.UnixMicro(), encode(e))
	}
	reply, err := exchange.Run(ctx, w.rdb, []string{windowKey(workspace, pair), openKey(workspace)}, args...).StringSlice()
	if err != nil {
		return nil, down("exchange edits of pair "+pair, err)
	}
	for i := 0; i+1 < len(reply); i += 2 {
		e, _, err := decode(reply[i], reply[i+1])
		if err != nil {
			return nil, fmt.Errorf("pair %s: %w", pair, err)
		}
		rivals = append(rivals, e)
	}
	return rivals, nil
}

// OpenWindow is an edit whose window is open.
type OpenWindow struct {
	Pair string
	Side deal.Side
	Edit
	// Closes is when it is forgotten, on the server's clock.
	Closes time.Time
}

// Open lists the open windows of a workspace, those pairs first whose last
// window closes first, and at most limit pairs. It is for people and metrics.
func (w *Windows) Open(ctx context.Context, workspace string, limit int) ([]OpenWindow, error) {
	reply, err := open.Run(ctx, w.rdb, []string{openKey(workspace)}, limit).StringSlice()
	if err != nil {
		return nil, down("list windows of "+workspace, err)
	}
	if len(reply) == 0 {
		return nil, nil
	}
	now, pairs := reply[0], reply[1:]
	pipe := w.rdb.Pipeline()
	held := make([]*redis.MapStringStringCmd, len(pairs))
	for i, pair := range pairs {
		held[i] = pipe.HGetAll(ctx, windowKey(workspace, pair))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, down("list windows of "+workspace, err)
	}
	var windows []OpenWindow
	for i, pair := range pairs {
		opened, err := openEdits(pair, held[i].Val(), now)
		if err != nil {
			return nil, err
		}
		windows = append(windows, opened...)
	}
	return windows, nil
}

// Count is how many pairs of a workspace have an open window.
func (w *Windows) Count(ctx context.Context, workspace string) (int, error) {
	n, err := count.Run(ctx, w.rdb, []string{openKey(workspace)}).Int()
	if err != nil {
		return 0, down("count windows of "+workspace, err)
	}
	return n, nil
}

// The braces keep all windows of a workspace in one hash slot of a cluster;
// escaping keeps names from having braces of their own.
func windowKey(workspace, pair string) string {
	return "dealsync:{" + url.PathEscape(workspace) + "}:window:" + url.PathEscape(pair)
}

func openKey(workspace string) string {
	return "dealsync:{" + url.PathEscape(workspace) + "}:windows"
}

func down(doing string, err error) error {
	return fault.Wrap(fault.Transient, CodeDown, fmt.Errorf("%s: %w", doing, err))
}
