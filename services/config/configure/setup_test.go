package configure_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/seal"
	"github.com/dealsync/dealsync/services/config/configure"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

var testKey = seal.GenerateKey()

// replica is one config service with clients of its own.
type replica struct {
	config configv1.ConfigServiceClient
	admin  configv1.AdminServiceClient
	// service is itself, for what no client can ask.
	service *configure.Service
}

// testBundle is a server, what the apps say, and any number of replicas.
type testBundle struct {
	t      *testing.T
	server *bustest.Server
	bus    *bus.Bus
	ledger *ledger.Ledger
	apps   *fakeApps
	client *http.Client
	// refreshEvery, when set, is how often owners and currencies are looked for.
	refreshEvery time.Duration
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{t: t, server: bustest.New(t), apps: newFakeApps(), client: http.DefaultClient}
	b.bus = b.server.Bus()
	var err error
	if b.ledger, err = ledger.Open(t.Context(), b.bus.JetStream(), ledger.Config{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// replica starts one more config service on the same server.
func (b *testBundle) replica() *replica {
	b.t.Helper()
	listener := bufconn.Listen(1 << 20)
	cfg := configure.Defaults()
	cfg.Key = testKey
	if b.refreshEvery > 0 {
		cfg.RefreshEvery = b.refreshEvery
	}
	service, err := configure.New(b.t.Context(), cfg, configure.Deps{
		Bus: b.server.Bus(), Ledger: b.ledger, Apps: b.apps, Client: b.client, Listener: listener,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	conn, err := grpc.NewClient("passthrough:///config", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.t.Errorf("the service ended with: %v", err)
		}
		_ = conn.Close()
	})
	return &replica{configv1.NewConfigServiceClient(conn), configv1.NewAdminServiceClient(conn), service}
}

// read gives a test file.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func request(content string) *configv1.ApplyRequest {
	return &configv1.ApplyRequest{Documents: []*configv1.Document{{File: "deals.yaml", Content: []byte(content)}}}
}

// apply applies documents and expects them to be fine.
func (r *replica) apply(t *testing.T, content string) *configv1.ApplyResponse {
	t.Helper()
	resp, err := r.admin.Apply(t.Context(), request(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range resp.GetProblems() {
		t.Fatalf("%s:%d:%d: %s [%s]", p.GetFile(), p.GetLine(), p.GetColumn(), p.GetMessage(), p.GetCode())
	}
	return resp
}

// refuse applies documents and gives the problems that they have.
func (r *replica) refuse(t *testing.T, content string) string {
	t.Helper()
	resp, err := r.admin.Apply(t.Context(), request(content))
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.GetProblems()) == 0 {
		t.Fatalf("applied: %v", resp.GetApplied())
	}
	if len(resp.GetApplied()) != 0 {
		t.Fatalf("refused and applied: %v", resp.GetApplied())
	}
	var text strings.Builder
	for _, p := range resp.GetProblems() {
		text.WriteString(p.GetMessage() + " [" + p.GetCode() + "]\n")
	}
	return text.String()
}

// snapshot is what a service sees that starts now.
func (r *replica) snapshot(t *testing.T) *configv1.Snapshot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := r.config.Watch(ctx, &configv1.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetSnapshot()
}
