package settings

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// early is how long before its end a token is asked for anew.
const early = time.Minute

// tokens keeps one connection's access token until shortly before its end.
type tokens struct {
	client *Client
	key    key

	mu      sync.Mutex
	current connector.Token
	expires time.Time
}

// Tokens gives the access tokens of a connection; they are kept in memory only.
func (c *Client) Tokens(workspace, connection string) connector.TokenSource {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := key{workspace, connection}
	if c.tokens[k] == nil {
		c.tokens[k] = &tokens{client: c, key: k}
	}
	return c.tokens[k]
}

// Token implements connector.TokenSource.
func (t *tokens) Token(ctx context.Context, stale string) (connector.Token, error) {
	t.mu.Lock()
	current, expires := t.current, t.expires
	t.mu.Unlock()
	fresh := expires.IsZero() || time.Until(expires) > early
	if current.Value != "" && current.Value != stale && fresh {
		return current, nil
	}
	// Asking twice at once is harmless: the config service refreshes once.
	resp, err := t.client.rpc.Token(ctx, &configv1.TokenRequest{Workspace: t.key.workspace, Connection: t.key.connection, Stale: stale})
	if err != nil {
		return connector.Token{}, rpcError(err, "token of "+t.key.connection)
	}
	current = connector.Token{Value: resp.GetToken(), Scheme: resp.GetScheme()}
	expires = time.Time{}
	if ms := resp.GetExpiresMs(); ms != 0 {
		expires = time.UnixMilli(ms)
	}
	t.mu.Lock()
	t.current, t.expires = current, expires
	t.mu.Unlock()
	return current, nil
}

// WebhookSecret asks what a connection's webhooks are verified with.
func (c *Client) WebhookSecret(ctx context.Context, workspace, connection string) (connector.WebhookSecret, error) {
	resp, err := c.rpc.WebhookSecret(ctx, &configv1.WebhookSecretRequest{Workspace: workspace, Connection: connection})
	if err != nil {
		return connector.WebhookSecret{}, rpcError(err, "webhook secret of "+connection)
	}
	return connector.WebhookSecret{Secret: resp.GetSecret(), User: resp.GetUser(), DeveloperKey: resp.GetDeveloperKey()}, nil
}

// rpcError gives a gRPC error the kind that decides about retries.
func rpcError(err error, what string) error {
	err = fmt.Errorf("%s: %w", what, err)
	switch status.Code(err) {
	case codes.NotFound:
		return fault.Wrap(fault.NotFound, "unknown_connection", err)
	case codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition:
		return fault.Wrap(fault.Auth, "reconnect", err)
	case codes.InvalidArgument:
		return fault.Wrap(fault.Invalid, "bad_request", err)
	default:
		return fault.Wrap(fault.Transient, "config_down", err)
	}
}
