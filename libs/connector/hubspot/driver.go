// Package hubspot talks to the CRM API of one HubSpot account (portal): deals,
// their pipelines and properties, and webhooks with signature v3. It never
// retries, waits, logs or decides which value is right.
package hubspot

import (
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

const (
	host           = "https://api.hubapi.com"
	defaultVersion = "2026-09"

	// Limits of the API (using-object-apis, search-the-crm).
	maxBatch   = 100
	maxHistory = 50
	maxList    = 100
	maxSearch  = 200
)

// Manifest is what a HubSpot account can do. The budget is that of an OAuth
// app: 110 calls per 10 s and account; searches have 5 per second of their own
// (usage-guidelines).
func Manifest() connector.Manifest {
	return connector.Manifest{
		App: "hubspot", Title: "HubSpot",
		Shared:       []connector.SharedObject{{Object: deal.Deals, Title: "deal", Ways: deal.BothWays}},
		Stages:       true,
		UniqueKey:    true,
		EditTimes:    true,
		ReadBatch:    maxHistory,
		WriteBatch:   maxBatch,
		Parallel:     4,
		PollEvery:    5 * time.Minute,
		Budget:       connector.Budget{Calls: 110, Per: 10 * time.Second},
		SearchBudget: connector.Budget{Calls: 5, Per: time.Second},
		Webhooks:     true,
	}
}

// Driver is one account. It is safe for concurrent use.
type Driver struct {
	rest  *rest.Client
	paths paths
	appID string
	extra func(deal.Object) []string
	now   func() time.Time

	mu       sync.RWMutex
	custom   []string        // custom properties of deals, from the last schema
	readOnly map[string]bool // calculated and read-only ones
	known    map[string]bool
	keyed    bool // the pair key property exists
}

var (
	_ connector.Driver        = (*Driver)(nil)
	_ connector.WebhookDriver = (*Driver)(nil)
	_ connector.Opener        = Open
)

// Open makes a driver; it makes no call.
func Open(a connector.Account) (connector.Driver, error) {
	client, err := rest.New(a, host)
	if err != nil {
		return nil, err
	}
	version := a.Version
	if version == "" {
		version = defaultVersion
	}
	p, err := pathsOf(version)
	if err != nil {
		return nil, err
	}
	extra := a.Fields
	if extra == nil {
		extra = func(deal.Object) []string { return nil }
	}
	return &Driver{rest: client, paths: p, appID: a.AppID, extra: extra, now: time.Now}, nil
}

// Describe implements connector.Driver.
func (d *Driver) Describe() connector.Manifest { return Manifest() }

// Kind implements connector.Driver.
func (d *Driver) Kind(err error) fault.Kind { return fault.KindOf(err) }

func supported(object deal.Object) error {
	if object != deal.Deals {
		return fault.New(fault.Invalid, "object_not_shared", "HubSpot connections share deals only, not %q", object)
	}
	return nil
}
