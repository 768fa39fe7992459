package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/fault"
)

// Grant is an OAuth client and the refresh token it was given.
type Grant struct {
	App, BaseURL, TokenURL               string
	ClientID, ClientSecret, RefreshToken string
}

const (
	hubspotHost  = "https://api.hubapi.com"
	hubspotPath  = "/oauth/2026-03/token"
	pipedriveURL = "https://oauth.pipedrive.com/oauth/token"
)

// endpoint is where the app refreshes tokens.
func (g Grant) endpoint() string {
	switch {
	case g.TokenURL != "":
		return g.TokenURL
	case g.App == "hubspot" && g.BaseURL != "":
		return strings.TrimRight(g.BaseURL, "/") + hubspotPath
	case g.App == "hubspot":
		return hubspotHost + hubspotPath
	default:
		return pipedriveURL
	}
}

// request is the refresh call: HubSpot takes the client in the body, Pipedrive
// in Basic auth (https://pipedrive.readme.io/docs/marketplace-oauth-authorization).
func (g Grant) request(ctx context.Context, refresh string) (*http.Request, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	if g.App == "hubspot" {
		form.Set("client_id", g.ClientID)
		form.Set("client_secret", g.ClientSecret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.endpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "bad_token_url", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if g.App != "hubspot" {
		req.SetBasicAuth(g.ClientID, g.ClientSecret)
	}
	return req, nil
}

// answer is what both apps answer: a token or an error of RFC 6749.
type answer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int64  `json:"expires_in"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
}

const maxAnswer = 1 << 20

// refresh trades a refresh token for an access token.
func refresh(ctx context.Context, client *http.Client, g Grant, token string) (answer, error) {
	req, err := g.request(ctx, token)
	if err != nil {
		return answer{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, fault.Wrap(fault.Transient, "app_unreachable", fmt.Errorf("refresh a token at %s: %w", req.URL.Host, err))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, fault.Wrap(fault.Transient, "app_unreachable", fmt.Errorf("refresh a token at %s: %w", req.URL.Host, err))
	}
	var a answer
	decoded := json.Unmarshal(raw, &a)
	if resp.StatusCode != http.StatusOK {
		return answer{}, refused(req.URL.Host, resp, a)
	}
	if err := errors.Join(decoded, missing(a)); err != nil {
		return answer{}, fault.Wrap(fault.Transient, "bad_token_answer", fmt.Errorf("refresh a token at %s: %w", req.URL.Host, err))
	}
	return a, nil
}

func missing(a answer) error {
	if a.AccessToken == "" {
		return errors.New("the answer has no access token")
	}
	return nil
}

// refused gives a refusal its kind. Its text is the app's error code and
// description, never the body: that may hold more.
func refused(host string, resp *http.Response, a answer) error {
	err := fmt.Errorf("refresh a token at %s: status %d: %s %s", host, resp.StatusCode, a.Error, a.Description)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &fault.Error{Kind: fault.RateLimited, Code: "rate_limited", After: time.Duration(after) * time.Second, Err: err}
	case resp.StatusCode >= http.StatusInternalServerError:
		return fault.Wrap(fault.Transient, "app_unreachable", err)
	default:
		return fault.Wrap(fault.Auth, "reconnect", err)
	}
}
