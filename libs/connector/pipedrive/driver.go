// Package pipedrive talks to the API of one Pipedrive company: deals, their
// pipelines, stages and fields, and webhooks v2. Deals have one composite field
// "stage" for pipeline, stage and status. It never retries, waits, logs or
// decides which value is right.
package pipedrive

import (
	"sync/atomic"
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

// Manifest is what a Pipedrive company can do. The budget is the burst limit of
// an API token on the smallest plan; connections with a larger one say so. The
// daily limit depends on plan and seats, which the API does not tell: it is
// known only by being reached (core-api-concepts-rate-limiting).
func Manifest() connector.Manifest {
	return connector.Manifest{
		App: "pipedrive", Title: "Pipedrive",
		Shared:     []connector.SharedObject{{Object: deal.Deals, Title: "deal", Ways: deal.BothWays}},
		Stages:     true,
		ReadBatch:  maxIDs,
		WriteBatch: 1,
		Parallel:   32,
		PollEvery:  10 * time.Minute,
		Budget:     connector.Budget{Calls: 20, Per: 2 * time.Second},
		Webhooks:   true,
	}
}

// Driver is one company. It is safe for concurrent use.
type Driver struct {
	rest   *rest.Client
	userID string
	now    func() time.Time
	shape  atomic.Pointer[shape]
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
	return &Driver{rest: client, userID: a.UserID, now: time.Now}, nil
}

// Describe implements connector.Driver.
func (d *Driver) Describe() connector.Manifest { return Manifest() }

// Kind implements connector.Driver.
func (d *Driver) Kind(err error) fault.Kind { return fault.KindOf(err) }

func supported(object deal.Object) error {
	if object != deal.Deals {
		return fault.New(fault.Invalid, "object_not_shared", "Pipedrive connections share deals only, not %q", object)
	}
	return nil
}
