package hubspot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	Deny           *[]string   `json:"deny,omitempty"`           // areas that the account may not use
	HidePipelines  *bool       `json:"hide_pipelines,omitempty"` // the list of pipelines is empty
	Currencies     []string    `json:"currencies,omitempty"`     // enabled ones, the company's own first
	TimeZone       string      `json:"time_zone,omitempty"`      // IANA name
	Owner          *newOwner   `json:"owner,omitempty"`          // to add, or to change by e-mail
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
	if err := s.changeAccount(&in); err != nil {
		return nil, err
	}
	return s.shown(), nil
}

// changeAccount changes what the default account's own settings say.
func (s *Server) changeAccount(in *settings) error {
	if in.HidePipelines != nil {
		s.hideLines.Store(*in.HidePipelines)
	}
	if in.Deny != nil {
		if err := s.faults.Deny(*in.Deny, slices.Compact(slices.Sorted(maps.Values(areas)))); err != nil {
			return fmt.Errorf("deny: %w", err)
		}
	}
	p := s.portals.get(s.opt.PortalID)
	if in.Owner != nil {
		if err := p.putOwner(in.Owner); err != nil {
			return err
		}
	}
	return p.changeMoney(in.Currencies, in.TimeZone)
}

func (s *Server) shown() settings {
	lag, m := *s.lag.Load(), s.portals.get(s.opt.PortalID).money.Load()
	strict, mergeNew, hide, deny := s.strict.Load(), s.mergeNew.Load(), s.hideLines.Load(), s.faults.Denials()
	return settings{
		SearchLagMinMS: &lag.min, SearchLagMaxMS: &lag.max, StrictWrites: &strict, MergeMakesNew: &mergeNew, RetryScale: s.scale.Load(),
		Deny: &deny, HidePipelines: &hide, Currencies: m.codes, TimeZone: m.zone.String(),
	}
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
