package configure

import (
	"context"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/connector/pool"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
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
	app, ok := apps.Lookup(c.GetApp())
	if !ok {
		return nil, fault.New(fault.Invalid, "unknown_app", "this build has no connector for %q", c.GetApp())
	}
	name := c.GetWorkspace() + "/" + c.GetName()
	options := connector.Options{Name: name, Limits: l.limits}
	if perSecond := c.GetCallsPerSecond(); perSecond > 0 {
		options.Budget = budgetOf(perSecond)
	}
	opened, err := connector.Open(app.Open, app.Manifest, connector.Account{
		BaseURL: c.GetBaseUrl(), Version: c.GetVersion(), ID: c.GetAccount(), AppID: c.GetAppId(), UserID: c.GetUserId(), Tokens: tokens,
	}, options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	return opened.Schema(ctx, object)
}

// budgetOf is a rate as whole calls in a period.
func budgetOf(perSecond float64) connector.Budget {
	const period = 10 * time.Second
	return connector.Budget{Calls: max(1, int(perSecond*period.Seconds())), Per: period}
}

// catalogue is what the apps of this build share (R2).
func catalogue() document.Catalogue {
	all := document.Catalogue{}
	for _, app := range apps.List() {
		entry := document.App{Title: app.Manifest.Title}
		for _, object := range app.Manifest.Objects {
			entry.Objects = append(entry.Objects, string(object))
		}
		all[app.Manifest.App] = entry
	}
	return all
}
