// Package hubspot talks to the CRM API of one HubSpot account (portal): deals,
// contacts and companies, their properties, pipelines and associations, and
// webhooks with signature v3. It never retries, waits, logs or decides which
// value is right.
package hubspot

import (
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

const (
	host           = "https://api.hubapi.com"
	defaultVersion = "2026-09"

	// Limits of the API (using-object-apis, search-the-crm, associations).
	maxBatch   = 100
	maxHistory = 50
	maxList    = 100
	maxSearch  = 200
	maxLinks   = 1000
)

// Driver is one account. It is safe for concurrent use.
type Driver struct {
	rest   *rest.Client
	paths  paths
	appID  string
	extra  func(deal.Object) []string
	now    func() time.Time
	shapes map[deal.Object]*shape
}

var (
	_ connector.Driver        = (*Driver)(nil)
	_ connector.WebhookDriver = (*Driver)(nil)
	_ connector.PipelineMaker = (*Driver)(nil)
	_ connector.Searcher      = (*Driver)(nil)
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
	return &Driver{rest: client, paths: p, appID: a.AppID, extra: extra, now: time.Now, shapes: newShapes()}, nil
}

// Describe implements connector.Driver.
func (d *Driver) Describe() connector.Manifest { return Manifest() }

// Kind implements connector.Driver.
func (d *Driver) Kind(err error) fault.Kind { return fault.KindOf(err) }
