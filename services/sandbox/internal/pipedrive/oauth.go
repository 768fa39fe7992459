package pipedrive

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/grant"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

func (s *Server) oauthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /oauth/authorize", s.consentPage)
	mux.HandleFunc("POST /oauth/authorize", s.consent)
	mux.HandleFunc("POST /oauth/token", s.token)
	mux.HandleFunc("POST /oauth/token/", s.token)
	mux.HandleFunc("POST /oauth/revoke", s.revoke)
}

var page = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html><head><title>Install app</title></head><body>
{{if .Error}}<h1>Something went wrong</h1><p>{{.Error}}</p>{{else}}
<h1>Install the app in Sandbox</h1>
<p>The app will be allowed:</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<form method="post"><button name="decision" value="allow">Allow and install</button>
<button name="decision" value="deny">Cancel</button></form>{{end}}
</body></html>
`))

type consentView struct {
	Error  string
	Scopes []string
}

func (s *Server) asked(r *http.Request) (*grant.App, consentView) {
	q := r.URL.Query()
	app := s.grants.App(q.Get("client_id"))
	if app == nil {
		return nil, consentView{Error: "client_id is unknown"}
	}
	if to, err := url.Parse(q.Get("redirect_uri")); err != nil || to.Host == "" {
		return nil, consentView{Error: "redirect_uri is missing or invalid"}
	}
	return app, consentView{Scopes: app.Scopes}
}

func (s *Server) consentPage(w http.ResponseWriter, r *http.Request) {
	_, v := s.asked(r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.Error != "" {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = page.Execute(w, v) // the browser may be gone
}

func (s *Server) consent(w http.ResponseWriter, r *http.Request) {
	app, v := s.asked(r)
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
		back.Set("code", s.grants.Code(grant.Grant{App: app, Account: s.opt.Company, User: s.opt.User, Scopes: app.Scopes}, q.Get("redirect_uri")))
	} else {
		back.Set("error", "user_denied")
	}
	to.RawQuery = back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound) //nolint:gosec // going back to the app's own address is what OAuth asks for
}

func oauthFail(w http.ResponseWriter, code, text string) {
	wire.ReplyValue(w, http.StatusBadRequest, map[string]any{"success": false, "error": code, "message": text})
}

// client reads the app's credentials from the Basic header.
func (s *Server) client(w http.ResponseWriter, r *http.Request) *grant.App {
	id, secret, ok := r.BasicAuth()
	app, err := s.grants.Client(id, secret)
	if !ok || err != nil {
		oauthFail(w, "invalid_client", "Invalid client: client is invalid")
		return nil
	}
	return app
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	app := s.client(w, r)
	if app == nil {
		return
	}
	var access string
	var g grant.Grant
	var err error
	switch kind := r.PostFormValue("grant_type"); kind {
	case "authorization_code":
		access, g, err = s.grants.Exchange(app, r.PostFormValue("code"), r.PostFormValue("redirect_uri"))
	case "refresh_token":
		access, g, err = s.grants.Renew(app, r.PostFormValue("refresh_token"))
	case "":
		oauthFail(w, "invalid_request", "Missing parameter: grant_type")
		return
	default:
		oauthFail(w, "unsupported_grant_type", "Unsupported grant type")
		return
	}
	switch {
	case errors.Is(err, grant.ErrCodeExpired):
		oauthFail(w, "invalid_grant", "Invalid grant: authorization_code has expired")
	case errors.Is(err, grant.ErrRedirect):
		oauthFail(w, "invalid_request", "Invalid request: redirect_uri is not a valid URI or does not match")
	case errors.Is(err, grant.ErrRefresh):
		oauthFail(w, "invalid_grant", "Invalid grant: refresh_token is invalid")
	case err != nil:
		oauthFail(w, "invalid_grant", "Invalid grant: authorization_code is invalid")
	default:
		wire.ReplyValue(w, http.StatusOK, map[string]any{
			"access_token": access, "token_type": "Bearer", "refresh_token": g.Refresh, "scope": strings.Join(g.Scopes, ","),
			"expires_in": int(tokenLife / time.Second), "api_domain": s.apiDomain(r),
		})
	}
}

// apiDomain is where the company's API is: this very listener, so that a
// client that follows it stays in the sandbox.
func (s *Server) apiDomain(r *http.Request) string { return "http://" + r.Host }

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if s.client(w, r) == nil {
		return
	}
	token := r.PostFormValue("token")
	if token == "" {
		oauthFail(w, "invalid_request", "Missing parameter: token")
		return
	}
	if !s.grants.RevokeRefresh(token, true) {
		s.grants.RevokeAccess(token)
	}
	wire.ReplyValue(w, http.StatusOK, map[string]bool{"success": true})
}
