package hubspot

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const hubDomain = "sandbox-portal.example.com"

func (s *Server) oauthRoutes(mux *http.ServeMux) {
	for _, path := range []string{"/oauth/authorize", "/oauth/{hubId}/authorize"} {
		mux.HandleFunc("GET "+path, s.consentPage)
		mux.HandleFunc("POST "+path, s.consent)
	}
	for _, v := range []string{"v1", "v3", "2026-03", "2026-09"} {
		mux.HandleFunc("POST /oauth/"+v+"/token", func(w http.ResponseWriter, r *http.Request) { s.token(w, r, v) })
		if v != "v1" {
			mux.HandleFunc("POST /oauth/"+v+"/token/introspect", s.introspect)
			mux.HandleFunc("POST /oauth/"+v+"/token/revoke", s.revoke)
		}
	}
	mux.HandleFunc("GET /oauth/v1/access-tokens/{token}", s.accessInfo)
	mux.HandleFunc("GET /oauth/v1/refresh-tokens/{token}", s.refreshInfo)
	mux.HandleFunc("DELETE /oauth/v1/refresh-tokens/{token}", func(w http.ResponseWriter, r *http.Request) {
		s.grants.RevokeRefresh(r.PathValue("token"), false)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /appinstalls/v3/external-install", s.authed("", false, func(c *call) *apiError {
		s.grants.Uninstall(c.g.App.ID, c.g.Account)
		return c.noContent()
	}))
}

var page = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html><head><title>Connect {{.App}}</title></head><body>
{{if .Error}}<h1>Authorization failed</h1><p>{{.Error}}</p>{{else}}
<h1>Connect {{.App}} to account {{.Hub}}</h1>
<p>The app asks for:</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<form method="post"><button name="decision" value="allow">Connect app</button>
<button name="decision" value="deny">Cancel</button></form>{{end}}
</body></html>
`))

type consentView struct {
	App, Error string
	Hub        int64
	Scopes     []string
	optional   []string
	app        *grant.App
}

// asked reads and checks what an authorize URL asks for.
func (s *Server) asked(r *http.Request) consentView {
	q := r.URL.Query()
	v := consentView{Hub: s.opt.PortalID, App: "the app"}
	if hub := r.PathValue("hubId"); hub != "" {
		n, err := strconv.ParseInt(hub, 10, 64)
		if err != nil || s.portals.get(n) == nil {
			v.Error = "There is no account " + hub
			return v
		}
		v.Hub = n
	}
	v.app = s.grants.App(q.Get("client_id"))
	v.Scopes = strings.Fields(q.Get("scope"))
	v.optional = strings.Fields(q.Get("optional_scope"))
	to, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case v.app == nil:
		v.Error = "The client_id is unknown."
	case err != nil || to.Host == "" || to.Scheme != "https" && !(to.Scheme == "http" && local(to.Hostname())):
		v.Error = "The redirect_uri must be https, or http on localhost."
	case len(v.Scopes) == 0:
		v.Error = "The URL asks for no scopes."
	}
	for _, sc := range v.Scopes {
		if v.Error == "" && !slices.Contains(v.app.Scopes, sc) {
			v.Error = "The app may not ask for the scope " + sc + "."
		}
	}
	return v
}

func local(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

func (s *Server) consentPage(w http.ResponseWriter, r *http.Request) {
	v := s.asked(r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.Error != "" {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = page.Execute(w, v) // the browser may be gone
}

func (s *Server) consent(w http.ResponseWriter, r *http.Request) {
	v := s.asked(r)
	if v.Error != "" {
		s.consentPage(w, r)
		return
	}
	q := r.URL.Query()
	to, _ := url.Parse(q.Get("redirect_uri")) // checked by asked
	back := to.Query()
	if st := q.Get("state"); st != "" {
		back.Set("state", st)
	}
	if r.PostFormValue("decision") == "allow" {
		scopes := append([]string{"oauth"}, v.Scopes...)
		for _, sc := range v.optional {
			if slices.Contains(v.app.Scopes, sc) {
				scopes = append(scopes, sc)
			}
		}
		slices.Sort(scopes)
		back.Set("code", s.grants.Code(grant.Grant{App: v.app, Account: v.Hub, User: 9586501, Scopes: slices.Compact(scopes)}, q.Get("redirect_uri")))
	} else {
		back.Set("error", "access_denied")
		back.Set("error_description", "The user did not authorize the app.")
	}
	to.RawQuery = back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound) //nolint:gosec // going back to the app's own address is what OAuth asks for
}

func oauthFail(w http.ResponseWriter, code, status, text string) {
	wire.ReplyValue(w, http.StatusBadRequest, map[string]string{
		"error": code, "error_description": text, "status": status, "message": text,
	})
}

func refuseGrant(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, grant.ErrClient):
		oauthFail(w, "invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
	case errors.Is(err, grant.ErrSecret):
		oauthFail(w, "invalid_client", "BAD_CLIENT_SECRET", "missing or wrong client secret")
	case errors.Is(err, grant.ErrRedirect):
		oauthFail(w, "invalid_grant", "BAD_REDIRECT_URI", "missing or wrong redirect URI")
	case errors.Is(err, grant.ErrRefresh):
		oauthFail(w, "invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked")
	default:
		oauthFail(w, "invalid_grant", "BAD_AUTH_CODE", "missing, used or expired auth code")
	}
}

func (s *Server) token(w http.ResponseWriter, r *http.Request, version string) {
	app, err := s.grants.Client(r.PostFormValue("client_id"), r.PostFormValue("client_secret"))
	if err != nil {
		refuseGrant(w, err)
		return
	}
	var access string
	var g grant.Grant
	switch kind := r.PostFormValue("grant_type"); kind {
	case "authorization_code":
		access, g, err = s.grants.Exchange(app, r.PostFormValue("code"), r.PostFormValue("redirect_uri"))
	case "refresh_token":
		access, g, err = s.grants.Renew(app, r.PostFormValue("refresh_token"))
	default:
		oauthFail(w, "unsupported_grant_type", "BAD_GRANT_TYPE", fmt.Sprintf("unsupported grant type %q", kind))
		return
	}
	if err != nil {
		refuseGrant(w, err)
		return
	}
	out := map[string]any{
		"token_type": "bearer", "refresh_token": g.Refresh, "access_token": access, "expires_in": int(s.grants.Life / time.Second),
	}
	if version != "v1" {
		out["hub_id"], out["scopes"] = g.Account, g.Scopes
	}
	wire.ReplyValue(w, http.StatusOK, out)
}

// tokenField reads the token of an introspect or revoke call: the guide names
// the field after the hint, the reference calls it token.
func tokenField(r *http.Request) (token, hint string) {
	hint = r.PostFormValue("token_type_hint")
	for _, name := range []string{"token", hint, "access_token", "refresh_token"} {
		if v := r.PostFormValue(name); name != "" && v != "" {
			return v, hint
		}
	}
	return "", hint
}

func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	if _, err := s.grants.Client(r.PostFormValue("client_id"), r.PostFormValue("client_secret")); err != nil {
		refuseGrant(w, err)
		return
	}
	token, hint := tokenField(r)
	g, use := s.grants.Lookup(token), "access_token"
	if hint == "refresh_token" || g == nil {
		g, use = s.grants.LookupRefresh(token), "refresh_token"
	}
	if g == nil {
		wire.ReplyValue(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	out := s.tokenInfo(g, token)
	out["token_use"], out["token_type"], out["is_private_distribution"], out["active"] = use, "Bearer", true, true
	out["client_id"] = g.App.ClientID
	if use == "access_token" {
		left := int(g.Expires.Sub(s.clock.Now()) / time.Second)
		if g.Fixed {
			left = int(s.grants.Life / time.Second)
		}
		out["expires_in"], out["signed_access_token"], out["active"] = max(left, 0), map[string]any{}, left > 0
	}
	wire.ReplyValue(w, http.StatusOK, out)
}

func (s *Server) tokenInfo(g *grant.Grant, token string) map[string]any {
	return map[string]any{
		"token": token, "hub_id": g.Account, "user_id": g.User, "app_id": g.App.ID,
		"user": "ada.miller@example.com", "hub_domain": hubDomain, "scopes": g.Scopes,
	}
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	token, _ := tokenField(r)
	if !s.grants.RevokeRefresh(token, false) {
		s.grants.RevokeAccess(token)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) accessInfo(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	g := s.grants.Lookup(token)
	if g == nil {
		wire.Reply(w, http.StatusNotFound, fail(404, "", "The access token does not exist").body())
		return
	}
	out := s.tokenInfo(g, token)
	out["token_type"], out["expires_in"] = "access", int(g.Expires.Sub(s.clock.Now())/time.Second)
	if g.Fixed {
		out["expires_in"] = int(s.grants.Life / time.Second)
	}
	wire.ReplyValue(w, http.StatusOK, out)
}

func (s *Server) refreshInfo(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	g := s.grants.LookupRefresh(token)
	if g == nil {
		wire.Reply(w, http.StatusNotFound, fail(404, "", "The refresh token does not exist").body())
		return
	}
	out := s.tokenInfo(g, token)
	out["token_type"], out["client_id"] = "refresh", g.App.ClientID
	wire.ReplyValue(w, http.StatusOK, out)
}
