// Package configure is the config service: it keeps the workspaces,
// connections and syncs, gives every other service the snapshot in force,
// access tokens and webhook secrets, and answers people's tools. It never
// gives a secret to anyone but the services' own calls, and never logs one.
package configure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/seal"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/store"
	"github.com/dealsync/dealsync/services/config/internal/token"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Deps is what the service needs.
type Deps struct {
	Bus    *bus.Bus
	Ledger *ledger.Ledger
	// Apps opens the accounts that connections name.
	Apps Apps
	// Client calls token endpoints; a plain one when nil.
	Client *http.Client
	// Replicas of the bucket; 0 is 1.
	Replicas int
	// Access is the token that every call must carry; empty asks for none.
	Access string
	// Listener serves gRPC instead of Config.Listen.
	Listener net.Listener
}

// Service is one replica.
type Service struct {
	configv1.UnimplementedConfigServiceServer
	configv1.UnimplementedAdminServiceServer

	cfg  Config
	deps Deps
	// apps is what documents must know of the catalogue, manifests is all of it.
	apps      document.Catalogue
	manifests map[string]connector.Manifest
	sealer    *seal.Sealer
	store     *store.Store
	tokens    *token.Broker
	accounts  accounts
	pendings  pendings
	server    *grpc.Server
	ended     chan struct{} // closed when the service stops, to end watches
}

// New opens the bucket and the listener. Other services may ask as soon as it
// returns and Run is called.
func New(ctx context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	sealer, err := seal.New(cfg.Key)
	if err != nil {
		return nil, err
	}
	if deps.Client == nil {
		deps.Client = &http.Client{Timeout: 30 * time.Second}
	}
	kept, err := store.Open(ctx, deps.Bus.JetStream(), deps.Replicas)
	if err != nil {
		return nil, err
	}
	if deps.Listener == nil {
		var listen net.ListenConfig
		if deps.Listener, err = listen.Listen(ctx, "tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("listen for gRPC: %w", err)
		}
	}
	manifests, known := catalogue()
	s := &Service{
		cfg: cfg, deps: deps, apps: known, manifests: manifests, sealer: sealer, store: kept,
		accounts: accounts{held: map[[2]string]heldAccount{}},
		tokens:   token.New(kept.KV(), sealer, deps.Client),
		server:   grpc.NewServer(append(settings.RequireAccess(deps.Access), grpc.StatsHandler(otelgrpc.NewServerHandler()))...),
		ended:    make(chan struct{}),
	}
	configv1.RegisterConfigServiceServer(s.server, s)
	configv1.RegisterAdminServiceServer(s.server, s)
	healthv1.RegisterHealthServer(s.server, health.NewServer())
	return s, nil
}

// Run serves until ctx ends; calls under way are finished, watches are ended.
func (s *Service) Run(ctx context.Context) error {
	slog.InfoContext(ctx, "config.serving", "listen", s.deps.Listener.Addr().String(), "public_url", s.cfg.PublicURL,
		"revision", s.store.State().Revision, "workspaces", len(s.store.State().Workspaces))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.store.Run(ctx) })
	group.Go(func() error { return s.refresh(ctx) })
	group.Go(func() error {
		if err := s.server.Serve(s.deps.Listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			return fmt.Errorf("serve gRPC: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		close(s.ended)
		s.stop()
		return nil
	})
	return group.Wait()
}

// drain is how long calls under way may take when the service stops.
const drain = 10 * time.Second

func (s *Service) stop() {
	done := make(chan struct{})
	go func() {
		s.server.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(drain):
		s.server.Stop()
		<-done
	}
}
