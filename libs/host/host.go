package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector/pool"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
)

// Host opens what services share, once and when first asked for, and closes it
// in reverse order. It is safe for concurrent use.
type Host struct {
	cfg  Config
	name string

	mu         sync.Mutex
	nc         *nats.Conn
	bus        *bus.Bus
	ledger     *ledger.Ledger
	redis      redis.UniversalClient
	conf       *settings.Client
	connectors *pool.Pool
	checks     []check
	closers    []func()
	started    bool
}

type check struct {
	name string
	ok   func(ctx context.Context) error
}

// New makes a host; nothing is opened yet. name is how servers see us.
func New(name string, cfg Config) *Host { return &Host{name: name, cfg: cfg} }

// Use gives the host connections that exist already, such as those to embedded
// servers. The host does not close them.
func (h *Host) Use(nc *nats.Conn, rdb redis.UniversalClient) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nc, h.redis = nc, rdb
}

// Config is the host's configuration.
func (h *Host) Config() Config { return h.cfg }

// Bus connects to NATS and makes sure that the streams exist.
func (h *Host) Bus(ctx context.Context) (*bus.Bus, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.openBus(ctx)
}

func (h *Host) openBus(ctx context.Context) (*bus.Bus, error) {
	if h.bus != nil {
		return h.bus, nil
	}
	if h.nc == nil {
		options := []nats.Option{
			nats.Name("dealsync-" + h.name), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond),
			nats.CustomInboxPrefix("_INBOX_" + h.name), nats.Timeout(5 * time.Second),
		}
		if h.cfg.NATSCreds != "" {
			options = append(options, nats.UserCredentials(h.cfg.NATSCreds))
		}
		nc, err := nats.Connect(h.cfg.NATS, options...)
		if err != nil {
			return nil, fmt.Errorf("connect to NATS at %s: %w", h.cfg.NATS, err)
		}
		h.nc = nc
		h.closers = append(h.closers, nc.Close)
	}
	b, err := bus.New(ctx, h.nc, h.cfg.Bus())
	if err != nil {
		return nil, fmt.Errorf("open the bus: %w", err)
	}
	h.bus = b
	h.check("nats", func(context.Context) error {
		if !h.nc.IsConnected() {
			return errors.New("not connected")
		}
		return nil
	})
	return b, nil
}

// Ledger opens the ledger on the bus's server.
func (h *Host) Ledger(ctx context.Context) (*ledger.Ledger, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ledger != nil {
		return h.ledger, nil
	}
	b, err := h.openBus(ctx)
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(ctx, b.JetStream(), h.cfg.Ledger())
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	h.ledger = l
	return l, nil
}

// Redis connects to Redis.
func (h *Host) Redis(ctx context.Context) (redis.UniversalClient, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.redis == nil {
		options, err := redis.ParseURL(h.cfg.Redis)
		if err != nil {
			return nil, fmt.Errorf("redis address: %w", err)
		}
		options.ClientName = "dealsync-" + h.name
		rdb := redis.NewClient(options)
		h.redis = rdb
		h.closers = append(h.closers, func() { _ = rdb.Close() })
		h.check("redis", func(ctx context.Context) error { return rdb.Ping(ctx).Err() })
	}
	if err := h.redis.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	return h.redis, nil
}

// Settings connects to the config service and waits for the first snapshot.
func (h *Host) Settings(ctx context.Context) (*settings.Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conf != nil {
		return h.conf, nil
	}
	c, err := settings.Dial(h.cfg.ConfigAddr, h.cfg.ConfigToken.Reveal())
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, c.Close)
	if err := c.Ready(ctx); err != nil {
		return nil, fmt.Errorf("config service at %s: %w", h.cfg.ConfigAddr, err)
	}
	h.conf = c
	return c, nil
}

// Check adds a readiness check.
func (h *Host) Check(name string, ok func(ctx context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.check(name, ok)
}

func (h *Host) check(name string, ok func(ctx context.Context) error) {
	h.checks = append(h.checks, check{name, ok})
}

// Close closes what the host opened, last opened first.
func (h *Host) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
}
