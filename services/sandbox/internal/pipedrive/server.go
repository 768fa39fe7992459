// Package pipedrive is a double of the Pipedrive API: v2 for deals, persons,
// organizations, pipelines, stages and fields, v1 for what only v1 has, OAuth
// and webhooks v2, in memory. It never calls Pipedrive, and it keeps nothing
// on disk.
package pipedrive

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
	Company int64
	Host    string
	User    int64 // whose API token it is
	Token   string
	App     grant.App

	Seed                       uint64
	SearchLagMin, SearchLagMax time.Duration
	Concurrency                int     // webhook requests in flight
	TimeScale                  float64 // of webhook retries and bans
	CheckURL                   bool    // call a webhook's URL when it is created
	Throttle                   bool
	Burst, OAuthBurst, Search  int // calls per 2 s
	Daily                      int // tokens a day
}

// Server is the double of one company. Make it with New.
type Server struct {
	opt    Options
	clock  *crm.Clock
	faults *fault.Set
	stats  *stat.Counters
	grants *grant.Store
	hooks  *hooks

	deals, persons, orgs *entity
	users                atomic.Pointer[[]*user]
	currencies           atomic.Pointer[[]currency]
	lines                atomic.Pointer[lines]

	throttling atomic.Bool
	htmlBlock  atomic.Bool // answer calls over the limit with an HTML 403
	checkURL   atomic.Bool
	hideLines  atomic.Bool // the lists of pipelines and stages are empty
	limits     atomic.Pointer[limits]
	lag        atomic.Pointer[lagRange]
	scale      atomic.Pointer[float64]

	rngMu sync.Mutex
	rng   *rand.Rand

	lastOption atomic.Int64

	handler http.Handler
}

type lagRange struct{ min, max int64 } // milliseconds

type limits struct {
	token, oauth, search *throttle.Window
	daily                *throttle.Budget
}

const (
	tokenLife  = 3599 * time.Second
	codeLife   = 5 * time.Minute
	refreshTTL = 60 * 24 * time.Hour
	purgeAfter = 30 * 24 * time.Hour // of deleted records
)

// New makes the double with its standard settings and no records.
func New(opt Options, clock *crm.Clock) *Server {
	s := &Server{opt: opt, clock: clock, faults: fault.NewSet(opt.Seed), stats: &stat.Counters{}}
	s.grants = grant.NewStore(clock.Now, tokenLife, codeLife, refreshTTL, "v1u:")
	app := opt.App
	app.Scopes = allScopes
	s.grants.AddApp(&app)
	s.grants.AddFixed(opt.Token, grant.Grant{App: &grant.App{}, Account: opt.Company, User: opt.User, Scopes: allScopes})
	s.hooks = newHooks(s)
	s.lag.Store(&lagRange{})
	s.deals = newEntity("deal", "deals", "Deal", "deals", dealFields, s.newView())
	s.persons = newEntity("person", "persons", "Person", "contacts", personFields, s.newView())
	s.orgs = newEntity("organization", "organizations", "Organization", "contacts", orgFields, s.newView())
	s.Reset()
	s.handler = stat.Wrap(s.stats, s.faults.Wrap(s.routes(), faultBody))
	return s
}

// Reset brings records and settings back to the start; webhooks, faults and
// counters too. Tokens stay.
func (s *Server) Reset() {
	s.faults.Reset()
	s.throttling.Store(s.opt.Throttle)
	s.htmlBlock.Store(false)
	s.hideLines.Store(false)
	s.checkURL.Store(s.opt.CheckURL)
	s.limits.Store(newLimits(s.opt.Burst, s.opt.OAuthBurst, s.opt.Search, s.opt.Daily))
	s.lag.Store(&lagRange{s.opt.SearchLagMin.Milliseconds(), s.opt.SearchLagMax.Milliseconds()})
	scale := s.opt.TimeScale
	s.scale.Store(&scale)
	s.rngMu.Lock()
	s.rng = rand.New(rand.NewPCG(s.opt.Seed, 2))
	s.rngMu.Unlock()
	s.hooks.clear()
	s.seedAccount()
	for _, e := range s.entities() {
		e.clear()
	}
	s.stats.Reset()
}

func (s *Server) seedAccount() {
	users, currencies := seedUsers(s.opt.User), seedCurrencies()
	s.users.Store(&users)
	s.currencies.Store(&currencies)
	s.lines.Store(seedLines())
}

func (s *Server) entities() []*entity { return []*entity{s.deals, s.persons, s.orgs} }

func newLimits(token, oauth, search, daily int) *limits {
	return &limits{
		token:  throttle.NewWindow(token, 2*time.Second),
		oauth:  throttle.NewWindow(oauth, 2*time.Second),
		search: throttle.NewWindow(search, 2*time.Second),
		daily:  throttle.NewBudget(daily),
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
func (s *Server) Run(ctx context.Context) { s.hooks.engine.Run(ctx) }

// Handler serves the API.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * *s.scale.Load())
}

// exists says whether a record that a field points to is there.
func (s *Server) exists(kind string, id int64) bool {
	switch kind {
	case "user":
		return s.user(id) != nil
	case "people":
		return live(s.persons.table.Get(id))
	default:
		return live(s.orgs.table.Get(id))
	}
}

func live(r *crm.Record) bool { return r != nil && !r.Archived }
