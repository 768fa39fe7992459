package ingest

import (
	"context"
	"sync"

	"github.com/dealsync/dealsync/libs/connector"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// secrets keeps webhook secrets in memory, each until its connection's next
// revision.
type secrets struct {
	settings Settings
	mu       *sync.Mutex
	known    map[string]known
}

type known struct {
	revision uint64
	secret   connector.WebhookSecret
}

func newSecrets(s Settings) secrets {
	return secrets{settings: s, mu: &sync.Mutex{}, known: map[string]known{}}
}

func (s secrets) get(ctx context.Context, c *configv1.Connection) (connector.WebhookSecret, error) {
	at := c.GetWorkspace() + "/" + c.GetName()
	s.mu.Lock()
	k, ok := s.known[at]
	s.mu.Unlock()
	if ok && k.revision == c.GetRevision() {
		return k.secret, nil
	}
	secret, err := s.settings.WebhookSecret(ctx, c.GetWorkspace(), c.GetName())
	if err != nil {
		return connector.WebhookSecret{}, err
	}
	s.mu.Lock()
	s.known[at] = known{c.GetRevision(), secret}
	s.mu.Unlock()
	return secret, nil
}
