package ingest

import (
	"context"
	"fmt"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/libs/settings"
)

// Module is webhook-ingest as a host runs it.
var Module = host.Module[Config]{Name: "webhook-ingest", Defaults: Defaults, New: open}

func open(ctx context.Context, cfg Config, h *host.Host) (host.Runner, error) {
	b, err := h.Bus(ctx)
	if err != nil {
		return nil, err
	}
	rdb, err := h.Redis(ctx)
	if err != nil {
		return nil, err
	}
	conf, err := h.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return New(cfg, Deps{Bus: b, Replays: NewReplays(rdb), Settings: conf, Verifier: verifier})
}

// verifier finds how an app's deliveries are verified. It needs no account:
// the secret is in the call.
func verifier(app string) (connector.WebhookDriver, error) {
	entry, ok := apps.Lookup(app)
	if !ok {
		return nil, fmt.Errorf("app %q is not in the catalogue", app)
	}
	driver, err := entry.Open(connector.Account{})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", app, err)
	}
	hooks, ok := driver.(connector.WebhookDriver)
	if !ok {
		return nil, fmt.Errorf("app %q sends no webhooks", app)
	}
	return hooks, nil
}

var _ Settings = (*settings.Client)(nil)
