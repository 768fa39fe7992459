package detect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// parentPatience is how long the backfills of parents may make no progress
// before records are read without them. Their associations are then made when the
// parents are paired.
const parentPatience = 5 * time.Minute

// parentsOf are the syncs between the same two connections whose records may be
// associated with those of a sync. One that is paused is waited for by nobody.
func parentsOf(snapshot *settings.Snapshot, y *configv1.Sync) []*configv1.Sync {
	family := deal.Family()
	mine := slices.Index(family, deal.Object(y.GetObject()))
	var parents []*configv1.Sync
	for _, p := range snapshot.Syncs() {
		at := slices.Index(family, deal.Object(p.GetObject()))
		if p.GetWorkspace() == y.GetWorkspace() && 0 <= at && at < mine && !p.GetPaused() &&
			p.GetHubspotConnection() == y.GetHubspotConnection() && p.GetAppConnection() == y.GetAppConnection() {
			parents = append(parents, p)
		}
	}
	return parents
}

// parentsFirst reports whether a backfill waits for those of its parents to have
// read everything, and to have offered it for matching, so that most associations
// find their counterparts at once. It waits only while they get on: one that
// cannot holds up nobody (N6).
func (s *scheduler) parentsFirst(ctx context.Context, y *configv1.Sync, sc *scan) (bool, error) {
	var progress strings.Builder
	waits := false
	for _, p := range parentsOf(s.deps.Settings.Snapshot(), y) {
		for _, side := range settings.Scanned(p) {
			connection := settings.ConnectionOf(p, side)
			key, run := backfillOf(p, connection)
			saved, _, err := s.cursor(ctx, key)
			if err != nil {
				return false, err
			}
			if c := saved.Doc; c.GetRun() != run || !c.GetDone() {
				waits = true
				fmt.Fprintf(&progress, "%s/%s/%s/%d;", p.GetName(), connection, c.GetRun(), c.GetPages())
			}
		}
		if matched, err := s.matchedAll(ctx, p); err != nil {
			return false, err
		} else if !matched {
			waits = true
			fmt.Fprintf(&progress, "%s/matched;", p.GetName())
		}
	}
	if !waits {
		return false, nil
	}
	if now, seen := s.now(), progress.String(); seen != sc.parents {
		sc.parents, sc.parentsSince = seen, now
	}
	return s.now().Sub(sc.parentsSince) < parentPatience, nil
}
