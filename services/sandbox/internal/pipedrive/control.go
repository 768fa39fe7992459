package pipedrive

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/fault"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
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
	html, check := s.htmlBlock.Load(), s.checkURL.Load()
	return settings{SearchLagMinMS: &lag.min, SearchLagMaxMS: &lag.max, HTMLBlock: &html, CheckHookURL: &check, RetryScale: s.scale.Load()}, nil
}

// Records gives access to the company's records as a person.
func (s *Server) Records(account string) (control.Records, error) {
	if account != "" && account != strconv.FormatInt(s.opt.Company, 10) {
		return nil, control.Errorf(404, "no company %s", account)
	}
	return person{s}, nil
}

// person changes records as a user does in the web app.
type person struct{ s *Server }

func (h person) entity(name string) (*entity, error) {
	for _, e := range h.s.entities() {
		if e.plural == name || e.name == name {
			return e, nil
		}
	}
	return nil, control.Errorf(404, "no object type %s", name)
}

func (h person) edit(in control.Edit) *edit {
	ed := &edit{fields: in.Fields, at: in.At, silent: in.Silent, bulk: in.Bulk, source: &crm.Source{Type: "app", UserID: in.User}}
	if ed.at == 0 {
		ed.at = h.s.clock.Milli()
	}
	if in.User == 0 {
		ed.source.UserID = 501
	}
	return ed
}

// refusal turns an API refusal into one of the control API; a nil pointer must
// not become a non-nil error.
func refusal(err *apiError) error {
	if err == nil {
		return nil
	}
	return control.Errorf(err.status, "%s", err.text)
}

func (h person) Create(name string, in control.Edit) (int64, error) {
	e, err := h.entity(name)
	if err != nil {
		return 0, err
	}
	r, aerr := h.s.create(e, h.edit(in))
	if aerr != nil {
		return 0, refusal(aerr)
	}
	return r.ID, nil
}

func (h person) Update(name string, id int64, in control.Edit) error {
	e, err := h.entity(name)
	if err != nil {
		return err
	}
	_, aerr := h.s.update(e, id, h.edit(in))
	return refusal(aerr)
}

func (h person) Delete(name string, id int64, in control.Edit) error {
	e, err := h.entity(name)
	if err != nil {
		return err
	}
	return refusal(h.s.remove(e, id, h.edit(in)))
}

func (h person) Restore(name string, id int64, in control.Edit) error {
	e, err := h.entity(name)
	if err != nil {
		return err
	}
	return refusal(h.s.restore(e, id, h.edit(in)))
}

func (h person) Merge(name string, primary, other int64, in control.Edit) (int64, error) {
	e, err := h.entity(name)
	if err != nil {
		return 0, err
	}
	_, aerr := h.s.merge(e, primary, other, h.edit(in))
	return primary, refusal(aerr)
}

func (h person) Do(name string, _ int64, a control.Action) (map[string]json.RawMessage, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	switch {
	case e != h.s.deals:
		return nil, control.Errorf(400, "only deals can be moved or closed")
	case a.Name == "won":
		out["status"] = json.RawMessage(`"won"`)
	case a.Name == "lost":
		out["status"] = json.RawMessage(`"lost"`)
		if a.Reason != "" {
			out["lost_reason"] = wire.AppendString(nil, a.Reason)
		}
	case a.Name == "reopen":
		out["status"] = json.RawMessage(`"open"`)
	case a.Name == "stage" && a.Stage != "":
		out["stage_id"] = json.RawMessage(a.Stage)
		if a.Pipeline != "" {
			out["pipeline_id"] = json.RawMessage(a.Pipeline)
		}
	default:
		return nil, control.Errorf(400, "unknown action %q, or no stage", a.Name)
	}
	return out, nil
}

func (h person) Dump(b []byte, name string, after int64, limit int, history bool) ([]byte, int64, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, 0, err
	}
	var next, last int64
	n := 0
	for _, r := range e.table.All() {
		if r.ID <= after {
			continue
		}
		if n == limit {
			next = last
			break
		}
		n++
		last = r.ID
		b = e.appendDump(b, r, history)
	}
	return b, next, nil
}

func (h person) Show(b []byte, name string, id int64) ([]byte, error) {
	e, err := h.entity(name)
	if err != nil {
		return nil, err
	}
	r := e.table.Get(id)
	if r == nil {
		return nil, control.Errorf(404, "no %s %d", e.name, id)
	}
	return e.appendDump(b, r, true), nil
}

func (e *entity) appendDump(b []byte, r *crm.Record, history bool) []byte {
	b = append(wire.Comma(b), `{"id":`...)
	b = strconv.AppendInt(b, r.ID, 10)
	b = append(wire.AppendKey(b, "fields"), e.appendRecord(nil, r, shape{})...)
	b = wire.AppendInt(b, "created", r.Created)
	b = wire.AppendInt(b, "updated", r.Updated)
	b = wire.AppendBool(b, "deleted", r.Archived)
	if r.MergedInto != 0 {
		b = wire.AppendInt(b, "merged_into", r.MergedInto)
	}
	if history {
		b = append(wire.AppendKey(b, "history"), '[')
		for _, c := range r.Changes {
			b = append(wire.Comma(b), '{')
			b = wire.AppendStr(b, "field", c.Field)
			b = wire.AppendRaw(b, "value", orNull(c.Value))
			b = wire.AppendRaw(b, "old", orNull(c.Old))
			b = wire.AppendInt(b, "at", c.At)
			b = wire.AppendStr(b, "source", c.Source.Type)
			b = append(wire.AppendInt(b, "user", c.Source.UserID), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
