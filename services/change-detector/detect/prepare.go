package detect

import (
	"context"
	"errors"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// prep is how far a connection is prepared for its syncs. Once background work
// has it, only that work changes it; the scheduler's mutex guards it.
type prep struct {
	revision    uint64
	provisioned map[deal.Object]bool
	due         time.Time
	backoff     time.Duration
}

// Waits between tries to prepare a connection.
const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// prepare makes sure that a connection's account has the pair key field and
// that its webhooks reach us; both are repeated until they work, and the
// webhooks looked at again from time to time. Polls go on without webhooks.
func (s *scheduler) prepare(ctx context.Context, conn *configv1.Connection, objects []deal.Object) {
	name := conn.GetWorkspace() + "/" + conn.GetName()
	s.mu.Lock()
	p := s.preps[name]
	if p == nil || p.revision != conn.GetRevision() {
		p = &prep{revision: conn.GetRevision(), provisioned: map[deal.Object]bool{}}
		s.preps[name] = p
	}
	now := s.now()
	due := !now.Before(p.due)
	for _, o := range objects {
		due = due || p.backoff == 0 && !p.provisioned[o] // an object that a new sync brought
	}
	s.mu.Unlock()
	if !due {
		return
	}
	s.background(ctx, "connection "+name, func(ctx context.Context) error {
		err := s.prepareNow(ctx, conn, objects, p)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			p.backoff, p.due = 0, s.now().Add(s.cfg.Resubscribe)
		} else {
			p.backoff = min(max(2*p.backoff, firstRetry), lastRetry)
			p.due = s.now().Add(p.backoff)
		}
		return err
	})
}

func (s *scheduler) prepareNow(ctx context.Context, conn *configv1.Connection, objects []deal.Object, p *prep) error {
	app, err := s.deps.Apps.Get(ctx, conn.GetWorkspace(), conn.GetName())
	if err != nil {
		return err
	}
	var failed error
	for _, object := range objects {
		s.mu.Lock()
		done := p.provisioned[object]
		s.mu.Unlock()
		if done {
			continue
		}
		if err := app.Provision(ctx, object); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		s.mu.Lock()
		p.provisioned[object] = true
		s.mu.Unlock()
	}
	if !app.Manifest().Webhooks || conn.GetWebhookUrl() == "" {
		return failed
	}
	secret, err := s.deps.Settings.WebhookSecret(ctx, conn.GetWorkspace(), conn.GetName())
	if err == nil {
		err = app.Subscribe(ctx, conn.GetWebhookUrl(), secret, objects)
	}
	return errors.Join(failed, err)
}

// provisioned reports whether creates on a connection can be told apart.
func (s *scheduler) provisioned(workspace, connection string, object deal.Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.preps[workspace+"/"+connection]
	return p != nil && p.provisioned[object]
}
