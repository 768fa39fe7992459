package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/settings"
)

// Publisher stores messages durably.
type Publisher interface {
	Publish(ctx context.Context, m bus.Message) error
}

// Settings is what the service asks of the configuration.
type Settings interface {
	Snapshot() *settings.Snapshot
	WebhookSecret(ctx context.Context, workspace, connection string) (connector.WebhookSecret, error)
}

// Deps are what the service works with.
type Deps struct {
	Bus      Publisher
	Replays  Replays
	Settings Settings
	// Verifier finds the webhook side of an app.
	Verifier func(app string) (connector.WebhookDriver, error)
	// Now is the clock; nil is the wall clock.
	Now func() time.Time
}

// Service takes webhooks over HTTP.
type Service struct {
	cfg     Config
	deps    Deps
	slots   chan struct{}
	secrets secrets
	metrics *metrics
	ready   chan struct{}
	addr    string

	mu        sync.Mutex
	verifiers map[string]connector.WebhookDriver
}

// New makes the service; Run starts it.
func New(cfg Config, deps Deps) (*Service, error) {
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Service{
		cfg: cfg, deps: deps, metrics: m, slots: make(chan struct{}, cfg.InFlight),
		secrets: newSecrets(deps.Settings), ready: make(chan struct{}), verifiers: map[string]connector.WebhookDriver{},
	}, nil
}

// Ready is closed when the address is open.
func (s *Service) Ready() <-chan struct{} { return s.ready }

// Addr is the open address, once Ready.
func (s *Service) Addr() string { return s.addr }

// Run serves until ctx ends, then lets deliveries in hand finish.
func (s *Service) Run(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen for webhooks on %s (DEALSYNC_INGEST_ADDR): %w", s.cfg.Addr, err)
	}
	s.addr = ln.Addr().String()
	close(s.ready)
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = server.Shutdown(grace)
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve webhooks: %w", err)
	}
	return nil
}

// verifier keeps one driver per app.
func (s *Service) verifier(app string) (connector.WebhookDriver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.verifiers[app]; ok {
		return v, nil
	}
	v, err := s.deps.Verifier(app)
	if err != nil {
		return nil, err
	}
	s.verifiers[app] = v
	return v, nil
}
