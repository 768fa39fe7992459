package settings_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

type served struct {
	configv1.UnimplementedConfigServiceServer
}

func (served) Watch(_ *configv1.WatchRequest, s configv1.ConfigService_WatchServer) error {
	if err := s.Send(&configv1.WatchResponse{Snapshot: &configv1.Snapshot{Revision: 7}}); err != nil {
		return err
	}
	<-s.Context().Done()
	return nil
}

func serve(t *testing.T, token string) string {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(settings.RequireAccess(token)...)
	configv1.RegisterConfigServiceServer(server, served{})
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(server.Stop)
	return ln.Addr().String()
}

func TestOnlyTheTokenOpensTheConfigService(t *testing.T) { // N8
	t.Parallel()
	for name, c := range map[string]struct {
		asked, given string
		in           bool
	}{
		"the right token":                  {"s3cret", "s3cret", true},
		"another token":                    {"s3cret", "guess", false},
		"no token":                         {"s3cret", "", false},
		"any token where none is asked":    {"", "s3cret", true},
		"no token, where none is asked":    {"", "", true},
		"a token that only begins so":      {"s3cret", "s3cre", false},
		"a token that goes on differently": {"s3cret", "s3cret2", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := settings.Dial(serve(t, c.asked), c.given)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if !c.in {
				if _, err := client.WebhookSecret(ctx, "w", "c"); err == nil || client.Snapshot().Revision() != 0 {
					t.Fatalf("let in: %v", err)
				}
				return
			}
			if err := client.Ready(ctx); err != nil || client.Snapshot().Revision() != 7 {
				t.Fatalf("kept out: %v", err)
			}
		})
	}
}
