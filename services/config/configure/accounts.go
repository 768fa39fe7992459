package configure

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/pool"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Apps opens accounts of apps. The connection may be one that is not stored
// yet; opening makes no call.
type Apps interface {
	Open(c *configv1.Connection, account connector.Account) (*connector.Connector, error)
}

// liveApps opens the accounts themselves, all over one HTTP transport.
type liveApps struct {
	limits pool.Limits
	client *http.Client
}

// LiveApps talks to the apps themselves, within the rate limits that all
// replicas share (N7); nil limits: none.
func LiveApps(limits pool.Limits) Apps {
	return liveApps{limits, &http.Client{Transport: connector.NewHTTPTransport()}}
}

func (l liveApps) Open(c *configv1.Connection, account connector.Account) (*connector.Connector, error) {
	account.Client = l.client
	opened, err := pool.Open(c, account, l.limits)
	if err != nil {
		return nil, fmt.Errorf("open %s/%s: %w", c.GetWorkspace(), c.GetName(), err)
	}
	return opened, nil
}

// schemaTimeout bounds one reading.
const schemaTimeout = 30 * time.Second

// readSchema reads a schema for somebody who waits for it.
func readSchema(ctx context.Context, read func(context.Context, deal.Object) (*connector.Schema, error), object deal.Object) (*connector.Schema, error) {
	ctx, cancel := context.WithTimeout(connector.WithLane(ctx, connector.LanePeople), schemaTimeout)
	defer cancel()
	return read(ctx, object)
}

// accounts remembers one connector for each connection at its revision, and
// with it the schemas that it has read.
type accounts struct {
	mu   sync.Mutex
	held map[[2]string]heldAccount
}

type heldAccount struct {
	revision  uint64
	connector *connector.Connector
}

// connected is a stored connection with its connector.
type connected struct {
	*connector.Connector
	app      string
	manifest connector.Manifest
}

// connect gives the remembered connector of a stored connection.
func (s *Service) connect(workspace, name string) (connected, error) {
	c, err := s.connection(workspace, name)
	if err != nil {
		return connected{}, err
	}
	s.accounts.mu.Lock()
	defer s.accounts.mu.Unlock()
	key := [2]string{workspace, name}
	held, ok := s.accounts.held[key]
	if !ok || held.revision != c.Revision {
		opened, err := s.openAccount(workspace, name, c, nil)
		if err != nil {
			return connected{}, err
		}
		held = heldAccount{c.Revision, opened}
		s.accounts.held[key] = held
	}
	return connected{held.connector, c.Spec.App, held.connector.Manifest()}, nil
}

// openAccount opens a connection anew, stored or about to be. fields names the
// fields that records are read with besides the usual; nil: none.
func (s *Service) openAccount(workspace, name string, c *store.Connection, fields func(deal.Object) []string) (*connector.Connector, error) {
	secrets, err := s.open(workspace, name, c.Sealed)
	if err != nil {
		return nil, err
	}
	return s.deps.Apps.Open(s.protoConnection(workspace, name, c), connector.Account{
		Tokens: tokenSource{s, account{workspace, name, c.Spec, secrets}}, Fields: fields,
	})
}
