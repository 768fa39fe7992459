// Package settings is the config service as the pipeline's services see it: a
// snapshot that is always at hand, tokens, and webhook secrets. It never
// stores a secret.
package settings

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Client follows the config service. The last snapshot stays in force while
// the service is away.
type Client struct {
	conn *grpc.ClientConn
	rpc  configv1.ConfigServiceClient
	stop context.CancelFunc
	done chan struct{}

	snapshot atomic.Pointer[Snapshot]
	mu       sync.Mutex
	changed  chan struct{}
	tokens   map[key]*tokens
}

type key struct{ workspace, connection string }

// Dial starts to follow the config service at addr. It does not wait for it;
// Ready does. token is the service's access token, if it asks for one.
func Dial(addr, token string) (*Client, error) {
	conn, err := grpc.NewClient(addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()), WithAccess(token),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	if err != nil {
		return nil, fmt.Errorf("config service address %q: %w", addr, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		conn: conn, rpc: configv1.NewConfigServiceClient(conn), stop: stop,
		done: make(chan struct{}), changed: make(chan struct{}), tokens: map[key]*tokens{},
	}
	go c.follow(ctx)
	return c, nil
}

// Close stops following.
func (c *Client) Close() {
	c.stop()
	<-c.done
	_ = c.conn.Close()
}

// Ready waits for the first snapshot.
func (c *Client) Ready(ctx context.Context) error {
	for c.snapshot.Load() == nil {
		changed := c.Changed()
		if c.snapshot.Load() != nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the configuration: %w", ctx.Err())
		}
	}
	return nil
}

// Snapshot is the configuration now. Before Ready it is empty.
func (c *Client) Snapshot() *Snapshot {
	if s := c.snapshot.Load(); s != nil {
		return s
	}
	return NewSnapshot(&configv1.Snapshot{})
}

// Changed is closed at the next change of the snapshot.
func (c *Client) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Client) follow(ctx context.Context) {
	defer close(c.done)
	for ctx.Err() == nil {
		if err := c.watch(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "settings.watch_lost", "reason", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (c *Client) watch(ctx context.Context) error {
	stream, err := c.rpc.Watch(ctx, &configv1.WatchRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("watch the configuration: %w", err)
	}
	for {
		resp, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("watch the configuration: %w", err)
		}
		c.set(NewSnapshot(resp.GetSnapshot()))
	}
}

func (c *Client) set(s *Snapshot) {
	c.snapshot.Store(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}
