package hubspot

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// call is one API call on its way through a handler.
type call struct {
	w http.ResponseWriter
	r *http.Request
	s *Server
	p *Portal
	g *grant.Grant
	v string // date in the path, or "" for v3 and v4
}

type handler func(c *call) *apiError

// allScopes are the scopes that an app may ask for here.
var allScopes = []string{
	"oauth",
	"crm.objects.deals.read", "crm.objects.deals.write",
	"crm.objects.contacts.read", "crm.objects.contacts.write",
	"crm.objects.companies.read", "crm.objects.companies.write",
	"crm.schemas.deals.read", "crm.schemas.deals.write",
	"crm.schemas.contacts.read", "crm.schemas.contacts.write",
	"crm.schemas.companies.read", "crm.schemas.companies.write",
	"crm.objects.owners.read",
}

// authed wraps a handler with token, version and rate checks.
func (s *Server) authed(area string, search bool, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, s: s, v: r.PathValue("v")}
		err := c.open(search)
		if err == nil {
			err = c.denied(area)
		}
		if err == nil {
			err = h(c)
		}
		if err != nil {
			c.refuse(err)
		}
	}
}

func (c *call) refuse(err *apiError) {
	body := err.body()
	if i := strings.Index(string(body), `"correlationId":"`); i >= 0 {
		c.w.Header().Set("X-Hubspot-Correlation-Id", string(body[i+17:i+17+36]))
	}
	wire.Reply(c.w, err.status, body)
}

func (c *call) open(search bool) *apiError {
	switch c.v {
	case "", "2025-09", "2026-03", "2026-09":
	default:
		return fail(404, "", "Unknown API version %s", c.v)
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if c.s.throttling.Load() {
		return c.throttle(search)
	}
	return nil
}

func (c *call) authenticate() *apiError {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if ok {
		c.g = c.s.grants.Lookup(strings.TrimSpace(token))
	}
	if c.g == nil {
		return fail(401, "INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview")
	}
	if now := c.s.clock.Now(); !c.g.Fixed && now.After(c.g.Expires) {
		e := fail(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired %d second(s) ago.", int(now.Sub(c.g.Expires)/time.Second))
		e.Context = map[string][]string{"expire time": {c.g.Expires.UTC().Format("2006-01-02T15:04:05.000Z")}}
		return e
	}
	if c.p = c.s.portals.get(c.g.Account); c.p == nil {
		return fail(401, "INVALID_AUTHENTICATION", "The portal of this token does not exist.")
	}
	return nil
}

func (c *call) throttle(search bool) *apiError {
	l, now := c.s.limits.Load(), c.s.clock.Now()
	account := strconv.FormatInt(c.g.Account, 10)
	if search {
		if _, _, ok := l.search.Take(account, now); !ok {
			return rateLimited("SECONDLY", "secondly")
		}
		return nil
	}
	h := c.w.Header()
	private := c.g.App.ClientID == ""
	w := l.burst
	if private {
		w = l.private
	}
	left, _, ok := w.Take(account+"/"+strconv.FormatInt(c.g.App.ID, 10), now)
	h.Set("X-HubSpot-RateLimit-Max", strconv.Itoa(w.Limit))
	h.Set("X-HubSpot-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
	if !ok {
		return rateLimited("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
	}
	if private {
		left, ok := l.daily.Take(1, now)
		h.Set("X-HubSpot-RateLimit-Daily", strconv.Itoa(l.daily.Size()))
		h.Set("X-HubSpot-RateLimit-Daily-Remaining", strconv.Itoa(left))
		if !ok {
			return rateLimited("DAILY", "daily")
		}
	}
	return nil
}

// denied refuses a call that is about what the account may not use, as if the
// scopes for it had not been granted.
func (c *call) denied(area string) *apiError {
	path := c.r.URL.Path
	write := c.r.Method != http.MethodGet && !strings.HasSuffix(path, "/read") && !strings.HasSuffix(path, "/search")
	if !c.s.faults.Denied(area, write) {
		return nil
	}
	access, family := ".read", "crm.objects."
	if write {
		access = ".write"
	}
	name := "owners"
	if k := findKind(c.r.PathValue("type")); k != nil {
		name = k.name
	}
	if area == "pipelines" || area == "properties" {
		family = "crm.schemas."
	}
	if area == "account" {
		return missingScopes([]string{"oauth"})
	}
	return missingScopes([]string{family + name + access})
}

// need refuses the call when the token has none of the scopes.
func (c *call) need(anyOf ...string) *apiError {
	if c.g.Can(anyOf...) {
		return nil
	}
	return missingScopes(anyOf)
}

// object finds the object type named in the path and checks the scope for it.
func (c *call) object(name, access string) (*object, *apiError) {
	o := c.p.object(name)
	if o == nil {
		return nil, invalid("Unable to infer object type from: %s", name)
	}
	return o, c.need("crm.objects." + o.name + "." + access)
}

// source marks a change made with this call's token.
func (c *call) source() *crm.Source {
	return &crm.Source{Type: "INTEGRATION", ID: strconv.FormatInt(c.g.App.ID, 10), Label: "Sandbox app"}
}

func (c *call) edit(values map[string]string) *edit {
	return &edit{values: values, source: c.source(), at: c.s.clock.Milli(), byAPI: true, strict: c.v == "2026-09" && c.s.strict.Load()}
}

// body decodes the JSON body into v.
func (c *call) body(v any) *apiError {
	raw, err := wire.Body(c.r)
	if err != nil {
		return fail(413, "", "%v", err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return badJSON(err)
	}
	return nil
}

func (c *call) reply(status int, build func(b []byte) []byte) *apiError {
	buf := wire.Buffer()
	defer wire.Recycle(buf)
	*buf = build(*buf)
	wire.Reply(c.w, status, *buf)
	return nil
}

func (c *call) replyValue(status int, v any) *apiError {
	wire.ReplyValue(c.w, status, v)
	return nil
}

func (c *call) noContent() *apiError {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
