// Package pool keeps one Connector for each connection, made anew when the
// connection's settings change. It makes no call by itself.
package pool

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Settings is what the pool needs of the configuration; settings.Client is one.
type Settings interface {
	Snapshot() *settings.Snapshot
	Tokens(workspace, connection string) connector.TokenSource
}

// Limits makes the limiter of a budget; nil: unlimited.
type Limits func(connector.Budget) connector.Limiter

// Pool hands out connectors. It is safe for concurrent use.
type Pool struct {
	settings Settings
	limits   Limits
	client   *http.Client

	mu   sync.RWMutex
	held map[key]held
}

type key struct{ workspace, connection string }

type held struct {
	revision  uint64
	connector *connector.Connector
}

// New makes a pool. All its connectors share one HTTP transport.
func New(s Settings, limits Limits) *Pool {
	return &Pool{
		settings: s, limits: limits, held: map[key]held{},
		client: &http.Client{Transport: connector.NewHTTPTransport()},
	}
}

// Get is the connector of a connection at its present revision.
func (p *Pool) Get(_ context.Context, workspace, connection string) (*connector.Connector, error) {
	k := key{workspace, connection}
	conn := p.settings.Snapshot().Connection(workspace, connection)
	if conn == nil {
		return nil, fault.New(fault.NotFound, "unknown_connection", "workspace %s has no connection %s", workspace, connection)
	}
	p.mu.RLock()
	h, ok := p.held[k]
	p.mu.RUnlock()
	if ok && h.revision == conn.GetRevision() {
		return h.connector, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if h, ok := p.held[k]; ok && h.revision == conn.GetRevision() {
		return h.connector, nil
	}
	c, err := p.open(conn)
	if err != nil {
		return nil, err
	}
	p.held[k] = held{conn.GetRevision(), c}
	return c, nil
}

func (p *Pool) open(conn *configv1.Connection) (*connector.Connector, error) {
	workspace, name := conn.GetWorkspace(), conn.GetName()
	return Open(conn, connector.Account{
		Tokens: p.settings.Tokens(workspace, name), Client: p.client,
		Fields: func(object deal.Object) []string { return p.settings.Snapshot().FieldsOf(workspace, name, object) },
	}, p.limits)
}

// Open makes a connector outside the pool, of a connection that need not be
// stored yet. account brings what the connection's settings don't say: tokens,
// client and fields.
func Open(conn *configv1.Connection, account connector.Account, limits Limits) (*connector.Connector, error) {
	app, ok := apps.Lookup(conn.GetApp())
	if !ok {
		return nil, fault.New(fault.Invalid, "unknown_app", "connection %s is of app %q, which is not in the catalogue", conn.GetName(), conn.GetApp())
	}
	account.BaseURL, account.Version = conn.GetBaseUrl(), conn.GetVersion()
	account.ID, account.AppID, account.UserID = conn.GetAccount(), conn.GetAppId(), conn.GetUserId()
	return connector.Open(app.Open, app.Manifest, account, connector.Options{
		Name: conn.GetWorkspace() + "/" + conn.GetName(), Limits: limits, Budget: budgetOf(conn),
	})
}

// budgetOf is the connection's own budget; zero leaves the app's declared one.
func budgetOf(conn *configv1.Connection) connector.Budget {
	rate := conn.GetCallsPerSecond()
	if rate <= 0 {
		return connector.Budget{}
	}
	calls := max(1, int(math.Round(rate)))
	return connector.Budget{Calls: calls, Per: time.Duration(float64(calls) / rate * float64(time.Second))}
}
