// Package simple is a small app of our own making, behind a plain JSON API: the
// sandbox's orders and its directory of contacts and companies. It has no stages
// and no webhooks, so it shows what syncing with such an app is like, and its
// connector is the smallest one to copy from. It keeps nothing on disk.
package simple

import (
	"context"
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

// Options of the app.
type Options struct {
	Token    string // opens every account
	Seed     uint64
	Throttle bool
	Burst    int // calls a second, per account
}

// Server is the app with all its accounts. Make it with New.
type Server struct {
	opt        Options
	clock      *crm.Clock
	faults     *fault.Set
	stats      *stat.Counters
	grants     *grant.Store
	throttling atomic.Bool
	window     atomic.Pointer[throttle.Window]

	mu       sync.Mutex
	accounts map[string]*account

	handler http.Handler
}

// New makes the app without any records.
func New(opt Options, clock *crm.Clock) *Server {
	s := &Server{opt: opt, clock: clock, faults: fault.NewSet(opt.Seed), stats: &stat.Counters{}}
	s.grants = grant.NewStore(clock.Now, time.Hour, time.Minute, 0, "simple-")
	s.grants.AddFixed(opt.Token, grant.Grant{App: &grant.App{}})
	s.Reset()
	s.handler = stat.Wrap(s.stats, s.faults.Wrap(s.routes(), faultBody))
	return s
}

// Reset forgets all accounts, faults, settings and counters.
func (s *Server) Reset() {
	s.faults.Reset()
	s.throttling.Store(s.opt.Throttle)
	s.window.Store(throttle.NewWindow(s.opt.Burst, time.Second))
	s.mu.Lock()
	s.accounts = map[string]*account{}
	s.mu.Unlock()
	s.stats.Reset()
}

// account finds an account by name; it is there as soon as somebody asks for it.
func (s *Server) account(name string) *account {
	if name == "" {
		name = "main"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	if a == nil {
		a = newAccount(s, name)
		s.accounts[name] = a
	}
	return a
}

// Run has nothing to do until ctx ends: this app pushes nothing.
func (s *Server) Run(ctx context.Context) { <-ctx.Done() }

// Handler serves the API.
func (s *Server) Handler() http.Handler { return s.handler }
