// Package sandbox runs faithful in-memory doubles of the HubSpot and Pipedrive
// APIs, for development, tests and demos. It never calls either vendor and
// keeps nothing on disk.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/hubspot"
	"github.com/dealsync/dealsync/services/sandbox/internal/pipedrive"
)

// Sandbox is the pair of doubles. Make it with New, start it with Run.
type Sandbox struct {
	cfg       Config
	hubspot   *hubspot.Server
	pipedrive *pipedrive.Server
	handlers  [2]http.Handler

	ready chan struct{}
	mu    sync.Mutex
	urls  [2]string
}

// double is what both doubles have in common here.
type double interface {
	control.Double
	Handler() http.Handler
	Run(ctx context.Context)
}

// New makes the doubles; nothing listens yet.
func New(cfg Config) *Sandbox {
	hubClock, pipeClock := &crm.Clock{}, &crm.Clock{}
	s := &Sandbox{cfg: cfg, ready: make(chan struct{})}
	s.hubspot = hubspot.New(hubspot.Options{
		PortalID: HubSpotPortal, Token: HubSpotToken, PrivateToken: HubSpotPrivateToken, DeveloperKey: HubSpotDeveloperKey,
		App:  grant.App{ID: HubSpotAppID, ClientID: HubSpotClientID, Secret: HubSpotClientSecret},
		Seed: cfg.Seed, SearchLagMin: cfg.SearchLagMin, SearchLagMax: cfg.SearchLagMax,
		Gather: cfg.WebhookGather, Concurrency: cfg.WebhookParallel, Shuffle: cfg.WebhookShuffle, TimeScale: cfg.RetryScale,
		Throttle: cfg.Throttle, Burst: 110, PrivateBurst: 190, Search: 5, Daily: 625000, StrictWrites: cfg.StrictWrites,
	}, hubClock)
	s.pipedrive = pipedrive.New(pipedrive.Options{
		Company: PipedriveCompany, Host: PipedriveHost, User: PipedriveUser, Token: PipedriveToken,
		App:  grant.App{ID: 1357900, ClientID: PipedriveClientID, Secret: PipedriveClientSecret},
		Seed: cfg.Seed, SearchLagMin: cfg.SearchLagMin, SearchLagMax: cfg.SearchLagMax,
		Concurrency: cfg.WebhookParallel, TimeScale: cfg.RetryScale, CheckURL: cfg.CheckHookURL, Throttle: cfg.Throttle,
		Burst: 20, OAuthBurst: 80, Search: 10, Daily: 30000,
	}, pipeClock)
	s.handlers = [2]http.Handler{handler(s.hubspot, hubClock), handler(s.pipedrive, pipeClock)}
	return s
}

func handler(d double, clock *crm.Clock) http.Handler {
	mux := http.NewServeMux()
	control.Routes(mux, d, clock)
	mux.Handle("/", d.Handler())
	return mux
}

// Run listens on both addresses and works until ctx ends. It then closes all
// connections, gives up webhooks that wait, and returns nil.
func (s *Sandbox) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var servers [2]*http.Server
	var listeners [2]net.Listener
	for i, addr := range []string{s.cfg.HubSpotAddr, s.cfg.PipedriveAddr} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			if i > 0 {
				_ = listeners[0].Close() // the error that matters is the other one
			}
			return fmt.Errorf("listen on %s: %w", addr, err)
		}
		listeners[i] = l
		servers[i] = &http.Server{
			Handler: s.handlers[i], ReadHeaderTimeout: 10 * time.Second,
			BaseContext: func(net.Listener) context.Context { return ctx },
		}
		s.mu.Lock()
		s.urls[i] = "http://" + l.Addr().String()
		s.mu.Unlock()
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.hubspot.Run(ctx) })
	wg.Go(func() { s.pipedrive.Run(ctx) })
	failed := make(chan error, len(servers))
	for i := range servers {
		wg.Go(func() {
			if err := servers[i].Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve on %s: %w", listeners[i].Addr(), err)
			}
		})
	}
	close(s.ready)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel() // ends calls that a fault holds
	for _, srv := range servers {
		stop(srv)
	}
	wg.Wait()
	return err
}

// stop lets calls in flight finish for a moment, then closes their connections.
func stop(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		_ = srv.Close() // nothing more can be done
	}
}

// Ready is closed when both doubles listen.
func (s *Sandbox) Ready() <-chan struct{} { return s.ready }

// HubSpotURL is the base address of the HubSpot double, once Ready.
func (s *Sandbox) HubSpotURL() string { return s.url(0) }

// PipedriveURL is the base address of the Pipedrive double, once Ready.
func (s *Sandbox) PipedriveURL() string { return s.url(1) }

func (s *Sandbox) url(i int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urls[i]
}
