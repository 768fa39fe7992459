package configure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/resolve"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// refreshKey says when some replica last looked for new owners and currencies.
const refreshKey = "refreshed"

// refresh looks for new owners and currencies in every period, so that they
// become known without an apply (R18). One replica does it in each, whichever
// is first; two would do no harm.
func (s *Service) refresh(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.RefreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			mine, err := s.turn(ctx, now)
			if err == nil && mine {
				err = s.renewAll(ctx)
			}
			if err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "config.refresh_failed", "error", err.Error())
			}
		}
	}
}

// turn takes this period by compare-and-swap, and reports whether nobody had it.
func (s *Service) turn(ctx context.Context, now time.Time) (bool, error) {
	kv, value := s.store.KV(), []byte(strconv.FormatInt(now.UnixMilli(), 10))
	entry, err := kv.Get(ctx, refreshKey)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		_, err = kv.Create(ctx, refreshKey, value)
	case err == nil:
		last, _ := strconv.ParseInt(string(entry.Value()), 10, 64)
		// Replicas tick at different moments; half a period keeps them apart.
		if now.UnixMilli()-last < s.cfg.RefreshEvery.Milliseconds()/2 {
			return false, nil
		}
		_, err = kv.Update(ctx, refreshKey, value, entry.Revision())
	}
	if err != nil && store.Conflicts(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take the turn to refresh: %w", err)
	}
	return true, nil
}

// asked are the two schemas of a sync, read through connections of a revision.
type asked struct {
	hubspot, app *connector.Schema
	revisions    [2]uint64
}

// renewAll reads what the accounts have now, then stores what that changes. An
// account that does not answer holds up no other.
func (s *Service) renewAll(ctx context.Context) error {
	told := map[string]map[string]asked{} // by workspace and sync
	var failed error
	for name, w := range sorted(s.store.State().Workspaces) {
		told[name] = map[string]asked{}
		for y, sync := range sorted(w.Syncs) {
			if !changing(sync.Resolved.Sync) {
				continue
			}
			a, err := s.ask(ctx, w, sync.Resolved.Sync)
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			told[name][y] = a
		}
	}
	_, err := s.store.Update(ctx, func(now *store.State) ([]*store.Workspace, error) { return renewed(ctx, now, told) })
	return errors.Join(failed, err)
}

// changing reports whether a sync has what changes without an apply.
func changing(sync *configv1.Sync) bool {
	for _, line := range sync.GetFields() {
		if resolve.HasOwners(line) || line.GetHubspot().GetCurrency() != "" || line.GetApp().GetCurrency() != "" {
			return true
		}
	}
	return false
}

// refreshTimeout bounds the reading for one sync, waiting for the bulk lane's
// share of the budget included.
const refreshTimeout = 2 * time.Minute

func (s *Service) ask(ctx context.Context, w *store.Workspace, sync *configv1.Sync) (a asked, err error) {
	ctx, cancel := context.WithTimeout(connector.WithBulk(ctx), refreshTimeout)
	defer cancel()
	for i, side := range []struct {
		name string
		to   **connector.Schema
	}{{sync.GetHubspotConnection(), &a.hubspot}, {sync.GetAppConnection(), &a.app}} {
		c, err := s.connect(w.Name, side.name)
		if err != nil {
			return asked{}, err
		}
		if *side.to, err = c.Refresh(ctx, deal.Object(sync.GetObject())); err != nil {
			return asked{}, fmt.Errorf("refresh sync %s/%s: %w", w.Name, sync.GetName(), err)
		}
		a.revisions[i] = w.Connections[side.name].Revision
	}
	return a, nil
}

// renewed are the workspaces in which something changed. What was read through
// a connection that has been changed meanwhile counts for nothing.
func renewed(ctx context.Context, now *store.State, told map[string]map[string]asked) ([]*store.Workspace, error) {
	var changed []*store.Workspace
	for name, syncs := range sorted(told) {
		w := now.Workspaces[name]
		var next *store.Workspace
		for y, a := range sorted(syncs) {
			if w == nil || w.Syncs[y] == nil {
				continue
			}
			sync := w.Syncs[y].Resolved.Sync
			if !a.through(w, sync) {
				continue
			}
			renewed, differs := resolve.Renewed(sync, a.hubspot, a.app)
			if !differs {
				continue
			}
			if next == nil {
				var err error
				if next, err = w.Clone(name); err != nil {
					return nil, err
				}
				changed = append(changed, next)
			}
			renewed.Revision = now.Revision + 1
			next.Syncs[y].Resolved.Sync = renewed
			slog.InfoContext(ctx, "config.refreshed", "workspace", name, "sync", y)
		}
	}
	return changed, nil
}

func (a *asked) through(w *store.Workspace, sync *configv1.Sync) bool {
	hubspot, app := w.Connections[sync.GetHubspotConnection()], w.Connections[sync.GetAppConnection()]
	return hubspot != nil && app != nil && a.revisions == [2]uint64{hubspot.Revision, app.Revision}
}
