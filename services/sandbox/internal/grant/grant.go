// Package grant keeps OAuth 2.0 apps, codes and tokens for both doubles. The
// doubles differ in how a request and a refusal look; what a code or a token is
// worth is decided here.
package grant

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"
)

// Reasons why something is refused.
var (
	ErrCode        = errors.New("code is invalid or was used")
	ErrCodeExpired = errors.New("code has expired")
	ErrRefresh     = errors.New("refresh token is invalid, expired or revoked")
	ErrRedirect    = errors.New("redirect URI does not match")
	ErrClient      = errors.New("client id is unknown")
	ErrSecret      = errors.New("client secret is wrong")
)

// App is a registered OAuth client.
type App struct {
	ID       int64
	ClientID string
	Secret   string
	Scopes   []string // all it may ask for
}

// Grant is what a token stands for.
type Grant struct {
	App     *App
	Account int64
	User    int64
	Scopes  []string
	Fixed   bool // a development token: never expires, can't be revoked
	Expires time.Time
	Refresh string
}

// Can says whether the grant has one of the scopes.
func (g *Grant) Can(anyOf ...string) bool {
	for _, s := range anyOf {
		if slices.Contains(g.Scopes, s) {
			return true
		}
	}
	return len(anyOf) == 0
}

type code struct {
	grant    Grant
	redirect string
	expires  time.Time
}

// Store of one double.
type Store struct {
	Now        func() time.Time
	Life       time.Duration // of an access token
	CodeLife   time.Duration
	RefreshTTL time.Duration // of an unused refresh token; 0: no end
	Prefix     string        // of what it makes up

	mu      sync.RWMutex
	rotate  bool
	apps    map[string]*App
	codes   map[string]code
	access  map[string]*Grant
	refresh map[string]*Grant // Expires is the end of the refresh token here
}

// NewStore makes an empty store; set its exported fields before use.
func NewStore(now func() time.Time, life, codeLife, refreshTTL time.Duration, prefix string) *Store {
	return &Store{
		Now: now, Life: life, CodeLife: codeLife, RefreshTTL: refreshTTL, Prefix: prefix,
		apps: map[string]*App{}, codes: map[string]code{}, access: map[string]*Grant{}, refresh: map[string]*Grant{},
	}
}

// Rotate makes every refresh return a new refresh token and end the old one.
func (s *Store) Rotate(on bool) { s.mu.Lock(); s.rotate = on; s.mu.Unlock() }

// AddApp registers an app.
func (s *Store) AddApp(a *App) { s.mu.Lock(); s.apps[a.ClientID] = a; s.mu.Unlock() }

// App finds a registered app by its client id, or nil.
func (s *Store) App(clientID string) *App {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.apps[clientID]
}

// AddFixed makes a token that is always accepted.
func (s *Store) AddFixed(token string, g Grant) {
	g.Fixed = true
	s.mu.Lock()
	s.access[token] = &g
	s.mu.Unlock()
}

// Client checks a client's id and secret.
func (s *Store) Client(id, secret string) (*App, error) {
	a := s.App(id)
	if a == nil {
		return nil, ErrClient
	}
	if a.Secret != secret {
		return a, ErrSecret
	}
	return a, nil
}

// Code notes a person's consent and returns the code for it.
func (s *Store) Code(g Grant, redirect string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.Prefix + random(16)
	s.codes[c] = code{g, redirect, s.Now().Add(s.CodeLife)}
	return c
}

// Exchange turns a code into tokens, once.
func (s *Store) Exchange(app *App, c, redirect string) (access string, g Grant, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.codes[c]
	if !ok || held.grant.App.ClientID != app.ClientID {
		return "", g, ErrCode
	}
	if held.redirect != redirect {
		return "", g, ErrRedirect
	}
	delete(s.codes, c)
	if s.Now().After(held.expires) {
		return "", g, ErrCodeExpired
	}
	g = held.grant
	g.Refresh = s.Prefix + random(20)
	s.keep(g)
	access, g = s.issue(g)
	return access, g, nil
}

// Renew turns a refresh token into a new access token.
func (s *Store) Renew(app *App, refresh string) (access string, g Grant, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.refresh[refresh]
	if held == nil || held.App.ClientID != app.ClientID || s.RefreshTTL > 0 && s.Now().After(held.Expires) {
		return "", g, ErrRefresh
	}
	g = *held
	if s.rotate {
		delete(s.refresh, refresh)
		g.Refresh = s.Prefix + random(20)
	}
	s.keep(g)
	access, g = s.issue(g)
	return access, g, nil
}

func (s *Store) keep(g Grant) {
	g.Expires = s.Now().Add(s.RefreshTTL)
	s.refresh[g.Refresh] = &g
}

func (s *Store) issue(g Grant) (string, Grant) {
	token := s.Prefix + random(48)
	g.Expires = s.Now().Add(s.Life)
	s.access[token] = &g
	return token, g
}

// Lookup finds what an access token stands for; nil if it is unknown. The
// caller looks at Expires.
func (s *Store) Lookup(token string) *Grant {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.access[token]
}

// LookupRefresh finds what a refresh token stands for, or nil.
func (s *Store) LookupRefresh(token string) *Grant {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.refresh[token]
}

// RevokeAccess ends one access token.
func (s *Store) RevokeAccess(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.access[token]
	if g == nil || g.Fixed {
		return false
	}
	delete(s.access, token)
	return true
}

// RevokeRefresh ends a refresh token; with access it also ends the access
// tokens that came from it, as an uninstall does.
func (s *Store) RevokeRefresh(token string, access bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.refresh[token]
	delete(s.refresh, token)
	for t, g := range s.access {
		if access && !g.Fixed && g.Refresh == token {
			delete(s.access, t)
		}
	}
	return ok
}

// Uninstall ends all tokens that an app has for an account.
func (s *Store) Uninstall(appID, account int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, g := range s.refresh {
		if g.App.ID == appID && g.Account == account {
			delete(s.refresh, t)
		}
	}
	for t, g := range s.access {
		if !g.Fixed && g.App.ID == appID && g.Account == account {
			delete(s.access, t)
		}
	}
}

// ExpireAll makes every access token that is not fixed old at once.
func (s *Store) ExpireAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	past := s.Now().Add(-time.Second)
	for t, g := range s.access {
		if !g.Fixed {
			old := *g
			old.Expires = past
			s.access[t] = &old
		}
	}
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by its contract
	return hex.EncodeToString(b)
}
