package configure

import (
	"context"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/connector/pool"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Schemas reads what an app account has now. The connection may be one that is
// not stored yet.
type Schemas interface {
	Schema(ctx context.Context, c *configv1.Connection, tokens connector.TokenSource, object deal.Object) (*connector.Schema, error)
}

// schemaTimeout bounds one reading.
const schemaTimeout = 30 * time.Second

// liveSchemas opens the account anew for each reading: a person has just
// changed it or its settings, so nothing remembered will do.
type liveSchemas struct{ limits pool.Limits }

// LiveSchemas reads schemas from the apps themselves, within the rate limits
// that all replicas share (N7); nil limits: none.
func LiveSchemas(limits pool.Limits) Schemas { return liveSchemas{limits} }

func (l liveSchemas) Schema(ctx context.Context, c *configv1.Connection, tokens connector.TokenSource, object deal.Object) (*connector.Schema, error) {
	opened, err := pool.Open(c, connector.Account{Tokens: tokens}, l.limits)
	if err != nil {
		return nil, fmt.Errorf("open %s/%s: %w", c.GetWorkspace(), c.GetName(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	return opened.Schema(ctx, object)
}

// catalogue is what the apps of this build share (R2).
func catalogue() document.Catalogue {
	all := document.Catalogue{}
	for _, app := range apps.List() {
		entry := document.App{Title: app.Manifest.Title}
		for _, object := range app.Manifest.Objects() {
			entry.Objects = append(entry.Objects, string(object))
		}
		all[app.Manifest.App] = entry
	}
	return all
}
