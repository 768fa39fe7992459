// Package sandbox runs faithful in-memory doubles of the HubSpot and Pipedrive
// APIs, and two small apps of its own, for development, tests and demos. It never
// calls either vendor and keeps nothing on disk.
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
	"github.com/dealsync/dealsync/services/sandbox/internal/simple"
)

// Sandbox are the doubles and the sandbox's own apps. Make it with New, start it
// with Run.
type Sandbox struct {
	served []served
	ready  chan struct{}
	mu     sync.Mutex
	urls   []string // in the order of served
}

// double is what all of them have in common here.
type double interface {
	control.Double
	Handler() http.Handler
	Run(ctx context.Context)
}

// served is one of them and where it listens.
type served struct {
	double
	addr    string
	handler http.Handler
}

// Their places in Sandbox.served.
const (
	hubspotAt = iota
	pipedriveAt
	simpleAt
)

// New makes all of them; nothing listens yet.
func New(cfg Config) *Sandbox {
	serve := func(addr string, open func(clock *crm.Clock) double) served {
		clock := &crm.Clock{}
		d := open(clock)
		return served{d, addr, handler(d, clock)}
	}
	return &Sandbox{ready: make(chan struct{}), urls: make([]string, simpleAt+1), served: []served{
		hubspotAt:   serve(cfg.HubSpotAddr, func(clock *crm.Clock) double { return newHubSpot(cfg, clock) }),
		pipedriveAt: serve(cfg.PipedriveAddr, func(clock *crm.Clock) double { return newPipedrive(cfg, clock) }),
		simpleAt: serve(cfg.SimpleAddr, func(clock *crm.Clock) double {
			return simple.New(simple.Options{Token: SimpleToken, Seed: cfg.Seed, Throttle: cfg.Throttle, Burst: 50}, clock)
		}),
	}}
}

func newHubSpot(cfg Config, clock *crm.Clock) double {
	return hubspot.New(hubspot.Options{
		PortalID: HubSpotPortal, Token: HubSpotToken, PrivateToken: HubSpotPrivateToken, DeveloperKey: HubSpotDeveloperKey,
		App:  grant.App{ID: HubSpotAppID, ClientID: HubSpotClientID, Secret: HubSpotClientSecret},
		Seed: cfg.Seed, SearchLagMin: cfg.SearchLagMin, SearchLagMax: cfg.SearchLagMax,
		Gather: cfg.WebhookGather, Concurrency: cfg.WebhookParallel, Shuffle: cfg.WebhookShuffle, TimeScale: cfg.RetryScale,
		Throttle: cfg.Throttle, Burst: 110, PrivateBurst: 190, Search: 5, Daily: 625000, StrictWrites: cfg.StrictWrites,
	}, clock)
}

func newPipedrive(cfg Config, clock *crm.Clock) double {
	return pipedrive.New(pipedrive.Options{
		Company: PipedriveCompany, Host: PipedriveHost, User: PipedriveUser, Token: PipedriveToken,
		App:  grant.App{ID: 1357900, ClientID: PipedriveClientID, Secret: PipedriveClientSecret},
		Seed: cfg.Seed, SearchLagMin: cfg.SearchLagMin, SearchLagMax: cfg.SearchLagMax,
		Concurrency: cfg.WebhookParallel, TimeScale: cfg.RetryScale, CheckURL: cfg.CheckHookURL, Throttle: cfg.Throttle,
		Burst: 20, OAuthBurst: 80, Search: 10, Daily: 30000,
	}, clock)
}

func handler(d double, clock *crm.Clock) http.Handler {
	mux := http.NewServeMux()
	control.Routes(mux, d, clock)
	mux.Handle("/", d.Handler())
	return mux
}

// Run listens on all addresses and works until ctx ends. It then closes all
// connections, gives up webhooks that wait, and returns nil.
func (s *Sandbox) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listeners, err := s.listen(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	servers := make([]*http.Server, len(s.served))
	failed := make(chan error, len(servers))
	for i, d := range s.served {
		wg.Go(func() { d.Run(ctx) })
		servers[i] = &http.Server{
			Handler: d.handler, ReadHeaderTimeout: 10 * time.Second,
			BaseContext: func(net.Listener) context.Context { return ctx },
		}
		wg.Go(func() {
			if err := servers[i].Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve on %s: %w", listeners[i].Addr(), err)
			}
		})
	}
	close(s.ready)
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

// listen opens all addresses, or none.
func (s *Sandbox) listen(ctx context.Context) ([]net.Listener, error) {
	var all []net.Listener
	for i, d := range s.served {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.addr)
		if err != nil {
			for _, open := range all {
				_ = open.Close() // the error that matters is the other one
			}
			return nil, fmt.Errorf("listen on %s: %w", d.addr, err)
		}
		all = append(all, l)
		s.mu.Lock()
		s.urls[i] = "http://" + l.Addr().String()
		s.mu.Unlock()
	}
	return all, nil
}

// stop lets calls in flight finish for a moment, then closes their connections.
func stop(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		_ = srv.Close() // nothing more can be done
	}
}

// Ready is closed when all of them listen.
func (s *Sandbox) Ready() <-chan struct{} { return s.ready }

// HubSpotURL is the base address of the HubSpot double, once Ready.
func (s *Sandbox) HubSpotURL() string { return s.url(hubspotAt) }

// PipedriveURL is the base address of the Pipedrive double, once Ready.
func (s *Sandbox) PipedriveURL() string { return s.url(pipedriveAt) }

// SimpleURL is the base address of the sandbox's own apps, once Ready.
func (s *Sandbox) SimpleURL() string { return s.url(simpleAt) }

func (s *Sandbox) url(i int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urls[i]
}
