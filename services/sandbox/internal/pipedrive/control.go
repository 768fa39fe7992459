package pipedrive

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

// Pending counts webhook requests that are not settled.
func (s *Server) Pending() int { return s.hooks.engine.Pending() }

// Advanced purges what has been deleted for 30 days.
func (s *Server) Advanced() {
	for _, e := range s.entities() {
		s.purge(e)
	}
}

// Throttle changes the rate limits and returns what is set.
func (s *Server) Throttle(t control.Throttling) control.Throttling {
	if t.On != nil {
		s.throttling.Store(*t.On)
	}
	l := s.limits.Load()
	burst, oauth, search, daily := l.token.Limit, l.oauth.Limit, l.search.Limit, l.daily.Size()
	if t.Burst != nil || t.Search != nil || t.Daily != nil {
		if t.Burst != nil {
			burst, oauth = *t.Burst, *t.Burst
		}
		set(&search, t.Search)
		set(&daily, t.Daily)
		s.limits.Store(newLimits(burst, oauth, search, daily))
	}
	on := s.throttling.Load()
	return control.Throttling{On: &on, Burst: &burst, Search: &search, Daily: &daily}
}

type settings struct {
	SearchLagMinMS *int64   `json:"search_lag_min_ms,omitempty"`
	SearchLagMaxMS *int64   `json:"search_lag_max_ms,omitempty"`
	HTMLBlock      *bool    `json:"html_block,omitempty"`
	CheckHookURL   *bool    `json:"check_hook_url,omitempty"`
	RetryScale     *float64 `json:"retry_scale,omitempty"`
	AnswerWithinMS *int64   `json:"answer_within_ms,omitempty"`
	AppScopes      []string `json:"app_scopes,omitempty"` // of the app from the next consent on

	Deny          *[]string    `json:"deny,omitempty"`           // areas that the account may not use
	HidePipelines *bool        `json:"hide_pipelines,omitempty"` // the lists of pipelines and stages are empty
	Currency      *newCurrency `json:"currency,omitempty"`       // to add, or to change by code
	User          *newUser     `json:"user,omitempty"`           // to add, or to change by e-mail
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
	set(&lag.min, in.SearchLagMinMS)
	set(&lag.max, in.SearchLagMaxMS)
	s.lag.Store(&lag)
	if in.AppScopes != nil {
		app := *s.grants.App(s.opt.App.ClientID)
		app.Scopes = in.AppScopes
		s.grants.AddApp(&app)
	}
	if in.HTMLBlock != nil {
		s.htmlBlock.Store(*in.HTMLBlock)
	}
	if in.CheckHookURL != nil {
		s.checkURL.Store(*in.CheckHookURL)
	}
	if in.RetryScale != nil {
		s.scale.Store(in.RetryScale)
	}
	if in.AnswerWithinMS != nil {
		s.hooks.engine.SetTimeout(time.Duration(*in.AnswerWithinMS) * time.Millisecond)
	}
	if err := s.changeCompany(&in); err != nil {
		return nil, err
	}
	html, check, hide, deny := s.htmlBlock.Load(), s.checkURL.Load(), s.hideLines.Load(), s.faults.Denials()
	return settings{
		SearchLagMinMS: &lag.min, SearchLagMaxMS: &lag.max, HTMLBlock: &html, CheckHookURL: &check, RetryScale: s.scale.Load(),
		Deny: &deny, HidePipelines: &hide,
	}, nil
}

// areas are the parts of the API that can be denied to the account.
var areas = []string{"deals", "persons", "organizations", "fields", "pipelines", "users", "currencies", "webhooks"}

// changeCompany changes what the company's own settings say.
func (s *Server) changeCompany(in *settings) error {
	if in.HidePipelines != nil {
		s.hideLines.Store(*in.HidePipelines)
	}
	if in.Deny != nil {
		if err := s.faults.Deny(*in.Deny, areas); err != nil {
			return fmt.Errorf("deny: %w", err)
		}
	}
	if in.Currency != nil {
		if err := s.putCurrency(in.Currency); err != nil {
			return err
		}
	}
	if in.User != nil {
		return s.putUser(in.User)
	}
	return nil
}

// Records gives access to the company's records as a person.
func (s *Server) Records(account string) (control.Records, error) {
	if account != "" && account != strconv.FormatInt(s.opt.Company, 10) {
		return nil, control.Errorf(404, "no company %s", account)
	}
	return person{s}, nil
}
