package configure_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
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
}

// testBundle is a server, what the apps say, and any number of replicas.
type testBundle struct {
	t      *testing.T
	server *bustest.Server
	bus    *bus.Bus
	ledger *ledger.Ledger
	apps   *fakeApps
	client *http.Client
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
	service, err := configure.New(b.t.Context(), cfg, configure.Deps{
		Bus: b.server.Bus(), Ledger: b.ledger, Schemas: b.apps, Client: b.client, Listener: listener,
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
	return &replica{configv1.NewConfigServiceClient(conn), configv1.NewAdminServiceClient(conn)}
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

// fakeApps are two accounts; the schemas are those of the sandbox.
type fakeApps struct {
	mu      sync.Mutex
	schemas map[string]*connector.Schema
	down    map[string]fault.Kind
	asked   int
	tokens  []string
}

func newFakeApps() *fakeApps {
	text := func(name string) connector.Field { return connector.Field{Name: name, Label: name, Type: deal.Text} }
	return &fakeApps{down: map[string]fault.Kind{}, schemas: map[string]*connector.Schema{
		"hubspot": {
			Object: deal.Deals, Currency: "EUR",
			Fields: []connector.Field{
				text("dealname"),
				{Name: "amount", Type: deal.Number, Currency: "deal_currency_code"},
				text("deal_currency_code"),
				{Name: "closedate", Type: deal.Datetime},
				{Name: "hs_projected_amount", Type: deal.Number, ReadOnly: true},
				{Name: "priority", Type: deal.Picklist, Options: []connector.Option{{ID: "low"}, {ID: "high"}}},
				{Name: "pipeline", Type: deal.Picklist},
				{Name: "dealstage", Type: deal.Stage},
			},
			Pipelines: []connector.Pipeline{{ID: "default", Label: "Sales", Stages: []connector.Stage{
				{ID: "appointmentscheduled", Label: "Appointment"}, {ID: "closedwon", Label: "Won", Closed: true, Won: true}, {ID: "closedlost", Label: "Lost", Closed: true},
			}}},
		},
		"pipedrive": {
			Object: deal.Deals, Currency: "USD",
			Fields: []connector.Field{
				text("title"),
				{Name: "value", Type: deal.Number, Currency: "currency"},
				text("currency"),
				{Name: "expected_close_date", Type: deal.Date},
				{Name: "weighted_value", Type: deal.Number, ReadOnly: true},
				{Name: "heat", Type: deal.Picklist, Options: []connector.Option{{ID: "low"}, {ID: "hot"}}},
				{Name: "vip", Type: deal.Bool},
				{Name: "stage", Type: deal.Stage},
			},
			Pipelines: []connector.Pipeline{{ID: "1", Label: "Pipeline", Stages: []connector.Stage{
				{ID: "1/1", Label: "Qualified"}, {ID: "1/2", Label: "Contacted"}, {ID: "1/won", Closed: true, Won: true}, {ID: "1/lost", Closed: true},
			}}},
		},
	}}
}

// Schema answers for an account, and takes a token as a connector would.
func (f *fakeApps) Schema(ctx context.Context, c *configv1.Connection, tokens connector.TokenSource, _ deal.Object) (*connector.Schema, error) {
	t, err := tokens.Token(ctx, "")
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	f.tokens = append(f.tokens, t.Scheme+" "+t.Value)
	if kind, ok := f.down[c.GetApp()]; ok {
		return nil, fault.New(kind, "down", "dial tcp: connection refused")
	}
	return f.schemas[c.GetApp()], nil
}

func (f *fakeApps) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}
