package configure

import (
	"context"

	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Watch sends the whole configuration now and after every change. A slow
// reader skips revisions; it always gets the newest.
func (s *Service) Watch(_ *configv1.WatchRequest, stream configv1.ConfigService_WatchServer) error {
	for {
		changed := s.store.Changed()
		if err := stream.Send(&configv1.WatchResponse{Snapshot: s.snapshot(s.store.State())}); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-s.ended:
			return nil
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// Token gives an access token of a connection.
func (s *Service) Token(ctx context.Context, req *configv1.TokenRequest) (*configv1.TokenResponse, error) {
	c, err := s.connection(req.GetWorkspace(), req.GetConnection())
	if err != nil {
		return nil, rpcError(err)
	}
	secrets, err := s.open(req.GetWorkspace(), req.GetConnection(), c.Sealed)
	if err != nil {
		return nil, rpcError(err)
	}
	t, err := s.accessToken(ctx, account{req.GetWorkspace(), req.GetConnection(), c.Spec, secrets}, req.GetStale())
	if err != nil {
		return nil, rpcError(err)
	}
	return t, nil
}

// WebhookSecret gives what a connection's webhooks are verified with.
func (s *Service) WebhookSecret(_ context.Context, req *configv1.WebhookSecretRequest) (*configv1.WebhookSecretResponse, error) {
	c, err := s.connection(req.GetWorkspace(), req.GetConnection())
	if err != nil {
		return nil, rpcError(err)
	}
	if c.Spec.Webhook == nil {
		return nil, rpcError(noWebhook(req.GetWorkspace(), req.GetConnection()))
	}
	secrets, err := s.open(req.GetWorkspace(), req.GetConnection(), c.Sealed)
	if err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.WebhookSecretResponse{
		Secret: secrets["webhook.secret"], User: c.Spec.Webhook.User, DeveloperKey: secrets["webhook.developerKey"],
	}
	if c.Spec.Webhook.User != "" {
		resp.Secret = secrets["webhook.password"]
	}
	return resp, nil
}

// connection finds a stored connection.
func (s *Service) connection(workspace, name string) (*store.Connection, error) {
	if w := s.store.State().Workspaces[workspace]; w != nil && w.Connections[name] != nil {
		return w.Connections[name], nil
	}
	return nil, notFound("connection", workspace, name)
}
