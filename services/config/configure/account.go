package configure

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/seal"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/token"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// account is a connection with its secrets open, stored or about to be.
type account struct {
	workspace, name string
	spec            *document.ConnectionSpec
	secrets         map[string]string
}

// open gives the secrets of a connection by path.
func (s *Service) open(workspace, name, sealed string) (map[string]string, error) {
	plain, err := s.sealer.Open(sealed, "connection", workspace, name)
	if err != nil {
		// Not the caller's fault, and over when the right key is back.
		return nil, fault.Wrap(fault.Auth, fault.CodeOf(err), fmt.Errorf("open the secrets of %s/%s: %w", workspace, name, err))
	}
	var secrets map[string]string
	if json.Unmarshal([]byte(plain.Reveal()), &secrets) != nil {
		return nil, fmt.Errorf("open the secrets of %s/%s: what was sealed is not a set of secrets", workspace, name)
	}
	return secrets, nil
}

// seal makes the secrets of a connection openable there only.
func (s *Service) seal(workspace, name string, secrets map[string]string) (string, error) {
	plain, err := json.Marshal(secrets)
	if err != nil {
		return "", fmt.Errorf("seal the secrets of %s/%s: %w", workspace, name, err)
	}
	return s.sealer.Seal(seal.Secret(plain), "connection", workspace, name), nil
}

// Schemes of tokens.
const (
	bearer   = "bearer"
	apiToken = "x-api-token"
)

// accessToken is the account's fixed token, or one of its OAuth grant.
func (s *Service) accessToken(ctx context.Context, a account, stale string) (*configv1.TokenResponse, error) {
	if o := a.spec.Auth.OAuth; o != nil {
		t, err := s.tokens.Token(ctx, a.workspace, a.name, token.Grant{
			App: a.spec.App, BaseURL: a.spec.BaseURL, TokenURL: o.TokenURL, ClientID: o.ClientID,
			ClientSecret: a.secrets["auth.oauth.clientSecret"], RefreshToken: a.secrets["auth.oauth.refreshToken"],
		}, stale)
		if err != nil {
			return nil, err
		}
		return &configv1.TokenResponse{Token: t.Value, Scheme: bearer, ExpiresMs: t.Expires.UnixMilli()}, nil
	}
	fixed := a.secrets["auth.token"]
	if fixed == stale {
		return nil, fault.New(fault.Auth, "token_refused", "the app refuses the fixed token of %s/%s; apply the connection with a valid one", a.workspace, a.name)
	}
	scheme := bearer
	if a.spec.App == "pipedrive" {
		scheme = apiToken
	}
	return &configv1.TokenResponse{Token: fixed, Scheme: scheme}, nil
}

// tokenSource gives an account's tokens to its connector.
type tokenSource struct {
	service *Service
	account account
}

// Token implements connector.TokenSource.
func (t tokenSource) Token(ctx context.Context, stale string) (connector.Token, error) {
	resp, err := t.service.accessToken(ctx, t.account, stale)
	if err != nil {
		return connector.Token{}, err
	}
	return connector.Token{Value: resp.GetToken(), Scheme: resp.GetScheme()}, nil
}
