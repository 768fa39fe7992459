// Package ingest takes webhooks: it verifies the sender before it parses
// anything, stores the delivery durably and only then answers 2xx (N1). It
// never interprets a record.
package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/libs/settings"
)

// Config of the service.
type Config struct {
	Addr     string        `yaml:"addr" env:"DEALSYNC_INGEST_ADDR" desc:"Where webhooks are taken."`
	MaxBody  int64         `yaml:"max_body" env:"DEALSYNC_INGEST_MAX_BODY" desc:"Largest body in bytes; more is answered with 413."`
	Wait     time.Duration `yaml:"wait" env:"DEALSYNC_INGEST_WAIT" desc:"How long to wait for the bus before answering 503."`
	InFlight int           `yaml:"in_flight" env:"DEALSYNC_INGEST_IN_FLIGHT" desc:"Deliveries in hand at once; more are answered with 503."`
}

// Defaults answer well within HubSpot's 5 seconds and Pipedrive's 10.
func Defaults() Config {
	return Config{Addr: "127.0.0.1:8081", MaxBody: 1 << 20, Wait: 3 * time.Second, InFlight: 1024}
}

// Module runs the service under a host.
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
