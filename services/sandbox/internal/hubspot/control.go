package hubspot

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/fault"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
)

// Faults are the faults that are switched on.
func (s *Server) Faults() *fault.Set { return s.faults }

// Stats are the counters.
func (s *Server) Stats() *stat.Counters { return s.stats }

// Grants are the OAuth tokens.
func (s *Server) Grants() *grant.Store { return s.grants }

// Advanced has nothing to do: nothing here is purged by time.
func (s *Server) Advanced() {}

// Records gives access to an account as a person; empty is the default one.
func (s *Server) Records(account string) (control.Records, error) {
	id := s.opt.PortalID
	if account != "" {
		n, err := strconv.ParseInt(account, 10, 64)
		if err != nil {
			return nil, control.Errorf(404, "no account %s", account)
		}
		id = n
	}
	if p := s.portals.get(id); p != nil {
		return person{p}, nil
	}
	return nil, control.Errorf(404, "no account %d", id)
}

// Pending counts webhook requests that are not settled.
func (s *Server) Pending() int {
	n := 0
	for _, h := range s.hooks {
		n += h.engine.Pending()
		h.batchMu.Lock()
		if len(h.batch) > 0 {
			n++
		}
		h.batchMu.Unlock()
	}
	return n
}

// Throttle changes the rate limits and returns what is set.
func (s *Server) Throttle(t control.Throttling) control.Throttling {
	if t.On != nil {
		s.throttling.Store(*t.On)
	}
	l := s.limits.Load()
	burst, private, search, daily := l.burst.Limit, l.private.Limit, l.search.Limit, l.daily.Size()
	if t.Burst != nil || t.Search != nil || t.Daily != nil {
		if t.Burst != nil {
			burst, private = *t.Burst, *t.Burst
		}
		put(&search, t.Search)
		put(&daily, t.Daily)
		s.limits.Store(s.newLimits(burst, private, search, daily))
	}
	on := s.throttling.Load()
	return control.Throttling{On: &on, Burst: &burst, Search: &search, Daily: &daily}
}

// settings are the switches that only this double has; nil members stay.
type settings struct {
	SearchLagMinMS *int64      `json:"search_lag_min_ms,omitempty"`
	SearchLagMaxMS *int64      `json:"search_lag_max_ms,omitempty"`
	StrictWrites   *bool       `json:"strict_writes,omitempty"`
	MergeMakesNew  *bool       `json:"merge_makes_new,omitempty"`
	RetryScale     *float64    `json:"retry_scale,omitempty"`
	AnswerWithinMS *int64      `json:"answer_within_ms,omitempty"`
	AddAccount     int64       `json:"add_account,omitempty"`
	Webhooks       *hookPreset `json:"webhooks,omitempty"`
}

// hookPreset sets up webhooks in one call, as a project app does with a file.
type hookPreset struct {
	TargetURL     string        `json:"targetUrl"`
	Max           int           `json:"maxConcurrentRequests"`
	Subscriptions []hookPresetS `json:"subscriptions"`
}

type hookPresetS struct {
	Type         string `json:"subscriptionType"`
	ObjectType   string `json:"objectType,omitempty"`
	PropertyName string `json:"propertyName,omitempty"`
}

// Settings changes the switches that raw names and returns what is set.
func (s *Server) Settings(raw json.RawMessage) (any, error) {
	var in settings
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fmt.Errorf("decode settings: %w", err)
		}
	}
	lag := *s.lag.Load()
	put(&lag.min, in.SearchLagMinMS)
	put(&lag.max, in.SearchLagMaxMS)
	s.lag.Store(&lag)
	if in.StrictWrites != nil {
		s.strict.Store(*in.StrictWrites)
	}
	if in.MergeMakesNew != nil {
		s.mergeNew.Store(*in.MergeMakesNew)
	}
	if in.RetryScale != nil {
		s.scale.Store(in.RetryScale)
	}
	for _, h := range s.hooks {
		if in.AnswerWithinMS != nil {
			h.engine.SetTimeout(time.Duration(*in.AnswerWithinMS) * time.Millisecond)
		}
	}
	if in.AddAccount != 0 && s.portals.get(in.AddAccount) == nil {
		s.portals.put(s.newPortal(in.AddAccount))
	}
	if in.Webhooks != nil {
		if err := s.preset(in.Webhooks); err != nil {
			return nil, err
		}
	}
	strict, mergeNew := s.strict.Load(), s.mergeNew.Load()
	return settings{
		SearchLagMinMS: &lag.min, SearchLagMaxMS: &lag.max, StrictWrites: &strict, MergeMakesNew: &mergeNew, RetryScale: s.scale.Load(),
	}, nil
}

// preset replaces the webhook settings of the app; its subscriptions are active at once.
func (s *Server) preset(in *hookPreset) error {
	h := s.hooks[0]
	h.clear()
	if in.Max == 0 {
		in.Max = s.opt.Concurrency
	}
	if err := h.configure(in.TargetURL, in.Max, ""); err != nil {
		return refusal(err)
	}
	for _, sub := range in.Subscriptions {
		row := subscription{EventType: sub.Type, PropertyName: sub.PropertyName, Active: true}
		if k := findKind(sub.ObjectType); k != nil {
			row.ObjectTypeID = k.typeID
		}
		if _, err := h.subscribe(row); err != nil {
			return refusal(err)
		}
	}
	return nil
}
