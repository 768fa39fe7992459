package simple

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/fault"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/throttle"
)

// Faults are the faults that are switched on.
func (s *Server) Faults() *fault.Set { return s.faults }

// Stats are the counters.
func (s *Server) Stats() *stat.Counters { return s.stats }

// Grants hold the one token.
func (s *Server) Grants() *grant.Store { return s.grants }

// Pending is 0: this app pushes nothing.
func (s *Server) Pending() int { return 0 }

// Advanced has nothing to do: nothing here is purged by time.
func (s *Server) Advanced() {}

// Throttle changes the rate limit and returns what is set.
func (s *Server) Throttle(t control.Throttling) control.Throttling {
	if t.On != nil {
		s.throttling.Store(*t.On)
	}
	if t.Burst != nil {
		s.window.Store(throttle.NewWindow(*t.Burst, time.Second))
	}
	on, burst := s.throttling.Load(), s.window.Load().Limit
	return control.Throttling{On: &on, Burst: &burst}
}

type settings struct {
	Account    string    `json:"account,omitempty"` // whose currencies and zone are meant
	Deny       *[]string `json:"deny,omitempty"`
	Currencies []string  `json:"currencies,omitempty"` // the account's own first
	TimeZone   string    `json:"time_zone,omitempty"`
}

// Settings changes the switches that raw names and returns what is set.
func (s *Server) Settings(raw json.RawMessage) (any, error) {
	var in settings
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fmt.Errorf("decode settings: %w", err)
		}
	}
	if in.Deny != nil {
		if err := s.faults.Deny(*in.Deny, append(slices.Clone(plurals), "fields", "users", "account")); err != nil {
			return nil, fmt.Errorf("deny: %w", err)
		}
	}
	a := s.account(in.Account)
	next := *a.settings.Load()
	if len(in.Currencies) > 0 {
		next.Currencies = in.Currencies
	}
	if in.TimeZone != "" {
		zone, err := time.LoadLocation(in.TimeZone)
		if err != nil {
			return nil, control.Errorf(400, "time zone %q is not known", in.TimeZone)
		}
		next.Zone = zone
	}
	a.settings.Store(&next)
	deny := s.faults.Denials()
	return settings{Account: a.name, Deny: &deny, Currencies: next.Currencies, TimeZone: next.Zone.String()}, nil
}

// Records gives access to an account as a person.
func (s *Server) Records(account string) (control.Records, error) {
	return person{s.account(account)}, nil
}
