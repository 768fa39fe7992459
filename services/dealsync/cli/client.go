package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// global are the flags of every command.
type global struct {
	server, workspace, output string
	// now is the time that ages are told by.
	now func() time.Time
}

// callTimeout bounds one call; an apply may read two apps' schemas.
const callTimeout = 30 * time.Second

// call opens the admin API for one use.
func (g *global) call(ctx context.Context, use func(ctx context.Context, admin configv1.AdminServiceClient) error) error {
	return g.callFor(ctx, callTimeout, use)
}

// callFor bounds the use; 0: only by its caller.
func (g *global) callFor(ctx context.Context, limit time.Duration, use func(ctx context.Context, admin configv1.AdminServiceClient) error) error {
	conn, err := grpc.NewClient(g.server, grpc.WithTransportCredentials(insecure.NewCredentials()),
		settings.WithAccess(os.Getenv("DEALSYNC_CONFIG_TOKEN")))
	if err != nil {
		return usage("config service address %q: %w", g.server, err)
	}
	defer func() { _ = conn.Close() }()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	return use(ctx, configv1.NewAdminServiceClient(conn))
}

// in names the workspace that a command works in.
func (g *global) in(ctx context.Context, admin configv1.AdminServiceClient) (string, error) {
	if g.workspace != "" {
		return g.workspace, nil
	}
	resp, err := admin.ListConnections(ctx, &configv1.ListConnectionsRequest{})
	if err != nil {
		return "", fmt.Errorf("ask for the workspaces: %w", err)
	}
	var names []string
	seen := map[string]bool{}
	for _, c := range resp.GetConnections() {
		if !seen[c.GetWorkspace()] {
			seen[c.GetWorkspace()] = true
			names = append(names, c.GetWorkspace())
		}
	}
	switch len(names) {
	case 0:
		return "", &failure{exitNotFound, fmt.Errorf("nothing is set up yet: apply a configuration first (dealsync apply -f FILE)")}
	case 1:
		return names[0], nil
	default:
		return "", usage("choose a workspace with -w: %s", strings.Join(names, ", "))
	}
}
