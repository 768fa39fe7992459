package pipedrive

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// call is one API call on its way through a handler.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	s     *Server
	g     *grant.Grant
	token string
	oauth bool
}

type handler func(c *call) *apiError

var allScopes = []string{
	"base", "deals:read", "deals:full", "contacts:read", "contacts:full", "users:read", "admin", "recents:read", "search:read",
	"deal-fields:full", "contact-fields:full",
}

// rule says what a route costs and which of the scopes it needs.
type rule struct {
	cost   int
	search bool
	scopes []string
}

func (s *Server) authed(ru rule, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, s: s}
		err := c.open(ru)
		if err == nil {
			err = h(c)
		}
		if err == nil {
			return
		}
		if err.raw == blocked {
			w.Header().Set("Server", "cloudflare")
			wire.ReplyHTML(w, err.status, blocked)
			return
		}
		if err.status == http.StatusUnauthorized {
			w.Header().Set("X-401-By-Gw", "true")
			w.Header().Set("X-Correlation-Id", wire.UUID())
		}
		wire.Reply(w, err.status, err.body())
	}
}

func (c *call) authenticate() *apiError {
	if t, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); ok {
		c.token, c.oauth = strings.TrimSpace(t), true
	} else {
		c.token = c.r.Header.Get("X-Api-Token")
	}
	c.g = c.s.grants.Lookup(c.token)
	if c.g == nil || c.g.Fixed == c.oauth || !c.g.Fixed && c.s.clock.Now().After(c.g.Expires) {
		return unauthorized()
	}
	return nil
}

func (c *call) open(ru rule) *apiError {
	if err := c.authenticate(); err != nil {
		return err
	}
	if c.s.throttling.Load() {
		if err := c.throttle(ru); err != nil {
			return err
		}
	}
	if !c.g.Can(ru.scopes...) || c.s.faults.Denied(area(c.r.URL.Path), c.r.Method != http.MethodGet) {
		return fail(403, "Scope and URL mismatch")
	}
	return nil
}

// area names the part of the API that a path belongs to.
func area(path string) string {
	if strings.HasSuffix(path, "/users/me") {
		return "" // who one is may always be asked
	}
	path = strings.TrimPrefix(path, "/api")
	_, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/") // the version
	name, _, _ := strings.Cut(path, "/")
	switch {
	case strings.HasSuffix(name, "Fields"):
		return "fields"
	case name == "stages":
		return "pipelines"
	default:
		return name
	}
}

func (c *call) throttle(ru rule) *apiError {
	l, now := c.s.limits.Load(), c.s.clock.Now()
	w := l.token
	switch {
	case ru.search:
		w = l.search
	case c.oauth:
		w = l.oauth
	}
	left, reset, ok := w.Take(c.token, now)
	h := c.w.Header()
	h.Set("X-Ratelimit-Limit", strconv.Itoa(w.Limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(left))
	h.Set("X-Ratelimit-Reset", strconv.Itoa(int((reset.Milliseconds()+999)/1000)))
	if !ok && c.s.htmlBlock.Load() {
		return &apiError{status: 403, raw: blocked}
	}
	if !ok {
		return fail(429, "Too many requests: burst limit reached")
	}
	left, ok = l.daily.Take(ru.cost, now)
	h.Set("X-Daily-Ratelimit-Token-Limit", strconv.Itoa(l.daily.Size()))
	h.Set("X-Daily-Ratelimit-Token-Remaining", strconv.Itoa(max(left, 0)))
	if !c.oauth && (c.r.Method == http.MethodPost || c.r.Method == http.MethodPut) {
		h.Set("X-Daily-Requests-Left", strconv.Itoa(max(left, 0)))
	}
	if !ok {
		return fail(429, "Too many requests: daily token budget is spent")
	}
	return nil
}

func (c *call) body(v any) *apiError {
	raw, err := wire.Body(c.r)
	if err != nil {
		return fail(413, "%v", err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return invalid("request body is not the expected JSON: %v", err)
	}
	return nil
}

func (c *call) edit(fields map[string]json.RawMessage) *edit {
	return &edit{fields: fields, source: &crm.Source{Type: "api", UserID: c.g.User}, at: c.s.clock.Milli()}
}

func (c *call) id() (int64, *apiError) {
	n, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil || n < 1 {
		return 0, invalid("id: Expected a positive integer, received %s", c.r.PathValue("id"))
	}
	return n, nil
}

func (c *call) reply(status int, build func(b []byte) []byte) *apiError {
	buf := wire.Buffer()
	defer wire.Recycle(buf)
	*buf = build(*buf)
	wire.Reply(c.w, status, *buf)
	return nil
}

// data answers with one thing in the success envelope.
func (c *call) data(v any) *apiError {
	wire.ReplyValue(c.w, http.StatusOK, map[string]any{"success": true, "data": v})
	return nil
}

// list answers with many things, all on one page.
func (c *call) list(v any) *apiError {
	wire.ReplyValue(c.w, http.StatusOK, map[string]any{"success": true, "data": v, "additional_data": map[string]any{"next_cursor": nil}})
	return nil
}
