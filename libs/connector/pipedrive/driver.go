// Package pipedrive talks to the API of one Pipedrive company: deals with their
// pipelines and stages, persons, organizations, the fields of all three, and
// webhooks v2. Deals have one composite field "stage" for pipeline, stage and
// status; persons show their primary address and number, organizations the
// domain of their website. It never retries, waits, logs or decides which value
// is right.
package pipedrive

import (
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

const (
	host = "https://api.pipedrive.com"

	// Limits of the API (openapi-v2).
	maxIDs  = 100
	maxPage = 500
)

// Driver is one company. It is safe for concurrent use.
type Driver struct {
	rest     *rest.Client
	userID   string
	now      func() time.Time
	entities map[deal.Object]*entity
	company  companies
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
	return &Driver{rest: client, userID: a.UserID, now: time.Now, entities: newEntities()}, nil
}

// Describe implements connector.Driver.
func (d *Driver) Describe() connector.Manifest { return Manifest() }

// Kind implements connector.Driver.
func (d *Driver) Kind(err error) fault.Kind { return fault.KindOf(err) }
