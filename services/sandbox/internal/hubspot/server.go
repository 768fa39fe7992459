// Package hubspot is a double of the HubSpot API: records, batches, search,
// associations, pipelines, properties, owners, OAuth and webhooks, in memory.
// It serves the v3/v4 and the dated paths with the same handlers. It never
// calls HubSpot, and it keeps nothing on disk.
package hubspot

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/fault"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/throttle"
)

// Options of the double.
type Options struct {
	PortalID     int64
	App          grant.App // owns the development token and the webhooks
	Token        string
	PrivateToken string // of a private app: other limits, no webhooks
	DeveloperKey string // hapikey of the webhook API

	Seed                        uint64
	SearchLagMin, SearchLagMax  time.Duration // of the search index
	Gather                      time.Duration // how long webhook events are gathered into one request
	Concurrency                 int           // webhook requests in flight
	Shuffle                     bool          // mix the events within every webhook request
	TimeScale                   float64       // of webhook retries: 0.001 makes a minute 60 ms
	Throttle                    bool
	Burst, PrivateBurst, Search int // calls per 10 s, per 10 s, per second
	Daily                       int // calls a day of a private app
	StrictWrites                bool
}

// Server is the double. Make it with New.
type Server struct {
	opt    Options
	clock  *crm.Clock
	faults *fault.Set
	stats  *stat.Counters
	grants *grant.Store

	portals portals
	hooks   []*hooks
	hapikey string

	throttling atomic.Bool
	strict     atomic.Bool
	mergeNew   atomic.Bool // merging deals makes a new record
	hideLines  atomic.Bool // the list of pipelines is empty
	limits     atomic.Pointer[limits]
	lag        atomic.Pointer[lagRange]
	scale      atomic.Pointer[float64]

	rngMu sync.Mutex
	rng   *rand.Rand

	handler http.Handler
}

type lagRange struct{ min, max int64 } // milliseconds

type limits struct {
	burst, private, search *throttle.Window
	daily                  *throttle.Budget
}

// New makes the double with its standard settings and no records.
func New(opt Options, clock *crm.Clock) *Server {
	s := &Server{opt: opt, clock: clock, faults: fault.NewSet(opt.Seed), stats: &stat.Counters{}, hapikey: opt.DeveloperKey}
	s.grants = grant.NewStore(clock.Now, 30*time.Minute, 10*time.Minute, 0, "na1-")
	app := opt.App
	app.Scopes = allScopes
	s.grants.AddApp(&app)
	s.hooks = []*hooks{newHooks(s, &app)}
	s.grants.AddFixed(opt.Token, grant.Grant{App: &app, Account: opt.PortalID, User: 9586501, Scopes: allScopes})
	private := &grant.App{ID: app.ID + 1, Scopes: allScopes}
	s.grants.AddFixed(opt.PrivateToken, grant.Grant{App: private, Account: opt.PortalID, User: 9586501, Scopes: allScopes})
	s.Reset()
	s.handler = stat.Wrap(s.stats, s.faults.Wrap(s.routes(), faultBody))
	return s
}

// Reset brings records and settings back to the start; webhook subscriptions,
// faults and counters too. Tokens stay.
func (s *Server) Reset() {
	s.faults.Reset()
	s.throttling.Store(s.opt.Throttle)
	s.strict.Store(s.opt.StrictWrites)
	s.mergeNew.Store(true)
	s.hideLines.Store(false)
	s.limits.Store(s.newLimits(s.opt.Burst, s.opt.PrivateBurst, s.opt.Search, s.opt.Daily))
	s.lag.Store(&lagRange{s.opt.SearchLagMin.Milliseconds(), s.opt.SearchLagMax.Milliseconds()})
	scale := s.opt.TimeScale
	s.scale.Store(&scale)
	s.rngMu.Lock()
	s.rng = rand.New(rand.NewPCG(s.opt.Seed, 1))
	s.rngMu.Unlock()
	for _, h := range s.hooks {
		h.clear()
		h.engine.SetLimit(s.opt.Concurrency)
	}
	s.portals.mu.Lock()
	s.portals.m = map[int64]*Portal{s.opt.PortalID: s.newPortal(s.opt.PortalID)}
	s.portals.mu.Unlock()
	s.stats.Reset()
}

func (s *Server) newLimits(burst, private, search, daily int) *limits {
	return &limits{
		burst:   throttle.NewWindow(burst, 10*time.Second),
		private: throttle.NewWindow(private, 10*time.Second),
		search:  throttle.NewWindow(search, time.Second),
		daily:   throttle.NewBudget(daily),
	}
}

func (s *Server) newView() *crm.View {
	return crm.NewView(s.clock.Milli, func() int64 {
		l := s.lag.Load()
		if l.max <= l.min {
			return l.min
		}
		s.rngMu.Lock()
		defer s.rngMu.Unlock()
		return l.min + s.rng.Int64N(l.max-l.min+1)
	})
}

// Run delivers webhooks until ctx ends.
func (s *Server) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, h := range s.hooks {
		wg.Go(func() { h.engine.Run(ctx) })
	}
	wg.Wait()
	for _, h := range s.hooks {
		h.batchMu.Lock()
		if h.timer != nil {
			h.timer.Stop()
		}
		h.batchMu.Unlock()
	}
}

// Handler serves the API.
func (s *Server) Handler() http.Handler { return s.handler }

// eventID draws a webhook event id. Ids may collide, as HubSpot's do.
func (s *Server) eventID() int64 {
	if s.faults.Delivery().SameEventID {
		return 1
	}
	s.rngMu.Lock()
	defer s.rngMu.Unlock()
	return s.rng.Int64N(1 << 32)
}

func (s *Server) anyHooks() bool {
	for _, h := range s.hooks {
		if h.active.Load() > 0 {
			return true
		}
	}
	return false
}

func (s *Server) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * *s.scale.Load())
}
