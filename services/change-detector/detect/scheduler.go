package detect

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// scheduler starts polls and backfills, offers records again when they are to be
// judged anew, and keeps connections prepared. It holds no truth: what is done
// stands in the cursors, and what it remembers only saves it from looking.
type scheduler struct {
	*Service
	lease lease

	revision uint64
	scans    map[string]*scan
	offers   map[string]*offer
	matches  map[string]*matching
	preps    map[string]*prep

	mu      sync.Mutex // guards what background work changes
	running map[string]bool
	trouble map[string]string
	wg      sync.WaitGroup
}

func newScheduler(s *Service) *scheduler {
	sch := &scheduler{
		Service: s, running: map[string]bool{}, trouble: map[string]string{},
		lease: lease{cursors: s.deps.Cursors, id: rand.Text(), ttl: s.cfg.LeaseTTL, now: s.now},
	}
	sch.forget()
	return sch
}

// forget drops what the scheduler remembers, so that everything is looked at.
func (s *scheduler) forget() {
	s.scans, s.preps = map[string]*scan{}, map[string]*prep{}
	s.offers, s.matches = map[string]*offer{}, map[string]*matching{}
}

// run looks for due work until ctx ends.
func (s *scheduler) run(ctx context.Context) error {
	ticker := time.NewTicker(s.cfg.Tick)
	defer ticker.Stop()
	defer s.stop(ctx)
	for {
		changed := s.deps.Settings.Changed()
		s.tick(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-changed:
		}
	}
}

func (s *scheduler) stop(ctx context.Context) {
	s.wg.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	s.lease.release(ctx)
}

// tick does what is due, if this replica holds the lease. Trouble with one
// connection or sync is noted and leaves the others alone.
func (s *scheduler) tick(ctx context.Context) {
	had := s.lease.mine != 0
	held, err := s.lease.hold(ctx)
	s.note(ctx, "lease", err)
	if !held {
		return
	}
	if !had {
		s.forget()
		s.log.InfoContext(ctx, "scheduler.elected", "id", s.lease.id)
	}
	snapshot := s.deps.Settings.Snapshot()
	if snapshot.Revision() != s.revision {
		s.revision = snapshot.Revision()
		for _, sc := range s.scans {
			sc.due = time.Time{}
		}
	}
	for _, conn := range snapshot.Connections() {
		objects := objectsOf(snapshot, conn)
		if len(objects) == 0 {
			continue
		}
		s.prepare(ctx, conn, objects)
		for _, object := range objects {
			s.note(ctx, "poll "+conn.GetWorkspace()+"/"+conn.GetName()+"/"+string(object), s.poll(ctx, conn, object))
		}
	}
	for _, y := range settings.ParentsFirst(snapshot.Syncs()) {
		name := y.GetWorkspace() + "/" + y.GetName()
		for _, side := range settings.Scanned(y) {
			s.note(ctx, "backfill "+name+"/"+side.String(), s.backfill(ctx, y, settings.ConnectionOf(y, side)))
		}
		s.note(ctx, "offer "+name, s.reoffer(ctx, y))
		s.note(ctx, "match "+name, s.match(ctx, y))
	}
}

// objectsOf are the objects of a connection that some sync wants.
func objectsOf(snapshot *settings.Snapshot, conn *configv1.Connection) []deal.Object {
	var objects []deal.Object
	for _, o := range deal.Family() {
		if len(snapshot.SyncsOf(conn.GetWorkspace(), conn.GetName(), o)) > 0 {
			objects = append(objects, o)
		}
	}
	return objects
}

// background runs work that may take long, unless the same is still running.
func (s *scheduler) background(ctx context.Context, name string, work func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[name] {
		return
	}
	s.running[name] = true
	s.wg.Go(func() {
		err := work(ctx)
		s.note(ctx, name, err)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, name)
	})
}

// note logs trouble once when it begins or becomes another, and once when it
// is over.
func (s *scheduler) note(ctx context.Context, what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.trouble[what]
	if err == nil {
		if was != "" {
			delete(s.trouble, what)
			s.log.InfoContext(ctx, "scheduler.recovered", "what", what, "from", was)
		}
		return
	}
	if code := fault.CodeOf(err); code != was {
		s.trouble[what] = code
		s.log.WarnContext(ctx, "scheduler.trouble", "what", what, "code", code, "error", err.Error())
	}
}
