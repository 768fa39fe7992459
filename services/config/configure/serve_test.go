package configure_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func TestAWatchSeesWhatAnotherReplicaApplies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.replica(), b.replica()
	stream, err := two.config.Watch(t.Context(), &configv1.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := stream.Recv(); err != nil || first.GetSnapshot().GetRevision() != 0 {
		t.Fatalf("first snapshot: %v %v", first, err)
	}
	one.apply(t, read(t, "acme.yaml"))
	if second, err := stream.Recv(); err != nil || second.GetSnapshot().GetRevision() != 1 || len(second.GetSnapshot().GetSyncs()) != 1 {
		t.Fatalf("second snapshot: %v %v", second, err)
	}
	if _, err := one.admin.SetPaused(t.Context(), &configv1.SetPausedRequest{Workspace: "acme", Sync: "pipedrive-deals", Paused: true}); err != nil {
		t.Fatal(err)
	}
	third, err := stream.Recv()
	if err != nil || !third.GetSnapshot().GetSyncs()[0].GetPaused() {
		t.Fatalf("third snapshot: %v %v", third, err)
	}
	if token, err := two.config.Token(t.Context(), &configv1.TokenRequest{Workspace: "acme", Connection: "hubspot"}); err != nil || token.GetToken() != "secret-hubspot-token" || token.GetScheme() != "bearer" {
		t.Errorf("token: %v %v", token, err)
	}
	// A pause outlives an apply, on whichever replica.
	two.apply(t, strings.Replace(read(t, "acme.yaml"), "window: 5m", "window: 1m", 1))
	if s := two.snapshot(t).GetSyncs()[0]; !s.GetPaused() || s.GetWindowMs() != 60_000 {
		t.Errorf("after the apply: %v", s)
	}
}

func TestWebhookSecretsAreGivenByTheirKind(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	hubspot, err := r.config.WebhookSecret(t.Context(), &configv1.WebhookSecretRequest{Workspace: "acme", Connection: "hubspot"})
	if err != nil || hubspot.GetSecret() != "secret-hubspot-signing" || hubspot.GetUser() != "" || hubspot.GetDeveloperKey() != "secret-hubspot-devkey" {
		t.Errorf("hubspot: %v %v", hubspot, err)
	}
	pipedrive, err := r.config.WebhookSecret(t.Context(), &configv1.WebhookSecretRequest{Workspace: "acme", Connection: "pipedrive-main"})
	if err != nil || pipedrive.GetSecret() != "secret-pipedrive-password" || pipedrive.GetUser() != "dealsync" {
		t.Errorf("pipedrive: %v %v", pipedrive, err)
	}
}

func TestBadRequestsGetTheirCodes(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	ctx := t.Context()
	for name, c := range map[string]struct {
		want codes.Code
		call func() error
	}{
		"no documents": {codes.InvalidArgument, func() error { _, err := r.admin.Apply(ctx, &configv1.ApplyRequest{}); return err }},
		"token of nobody": {codes.NotFound, func() error {
			_, err := r.config.Token(ctx, &configv1.TokenRequest{Workspace: "acme", Connection: "x"})
			return err
		}},
		"a fixed token that is refused": {codes.FailedPrecondition, func() error {
			_, err := r.config.Token(ctx, &configv1.TokenRequest{Workspace: "acme", Connection: "hubspot", Stale: "secret-hubspot-token"})
			return err
		}},
		"secret of another workspace (N9)": {codes.NotFound, func() error {
			_, err := r.config.WebhookSecret(ctx, &configv1.WebhookSecretRequest{Workspace: "other", Connection: "hubspot"})
			return err
		}},
		"connections of nobody": {codes.NotFound, func() error {
			_, err := r.admin.ListConnections(ctx, &configv1.ListConnectionsRequest{Workspace: "x"})
			return err
		}},
		"pairs of no sync": {codes.NotFound, func() error {
			_, err := r.admin.ListPairs(ctx, &configv1.ListPairsRequest{Workspace: "acme", Sync: "x"})
			return err
		}},
		"a negative page": {codes.InvalidArgument, func() error {
			_, err := r.admin.ListPairs(ctx, &configv1.ListPairsRequest{Workspace: "acme", Sync: "pipedrive-deals", PageSize: -1})
			return err
		}},
		"no such pair": {codes.NotFound, func() error {
			_, err := r.admin.GetPair(ctx, &configv1.GetPairRequest{Workspace: "acme", Pair: "x"})
			return err
		}},
		"a pair without a name": {codes.InvalidArgument, func() error { _, err := r.admin.GetPair(ctx, &configv1.GetPairRequest{Workspace: "acme"}); return err }},
		"a strange page token": {codes.InvalidArgument, func() error {
			_, err := r.admin.ListParked(ctx, &configv1.ListParkedRequest{PageToken: "x"})
			return err
		}},
		"pausing nothing": {codes.NotFound, func() error {
			_, err := r.admin.SetPaused(ctx, &configv1.SetPausedRequest{Workspace: "acme", Sync: "x"})
			return err
		}},
		"resyncing nothing": {codes.NotFound, func() error {
			_, err := r.admin.Resync(ctx, &configv1.ResyncRequest{Workspace: "acme", Sync: "x"})
			return err
		}},
		"replaying nobody's": {codes.NotFound, func() error {
			_, err := r.admin.ReplayParked(ctx, &configv1.ReplayParkedRequest{Workspace: "x"})
			return err
		}},
		"an object that is not shared (R2)": {codes.InvalidArgument, func() error {
			_, err := r.admin.GetSchema(ctx, &configv1.GetSchemaRequest{Workspace: "acme", Connection: "pipedrive-main", Object: "order"})
			return err
		}},
	} {
		if got := status.Code(c.call()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// tokenServer grants tokens and lets each refresh token be used once.
type tokenServer struct {
	*httptest.Server
	calls   atomic.Int32
	mu      sync.Mutex
	refresh string
	bad     []string
	release chan struct{}
}

func newTokenServer(t *testing.T) *tokenServer {
	t.Helper()
	s := &tokenServer{refresh: "secret-refresh-0", release: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) serve(w http.ResponseWriter, r *http.Request) {
	n := s.calls.Add(1)
	<-s.release
	s.mu.Lock()
	defer s.mu.Unlock()
	user, password, basic := r.BasicAuth()
	client := r.PostFormValue("client_id") + ":" + r.PostFormValue("client_secret")
	if basic {
		client = user + ":" + password
	}
	if r.PostFormValue("grant_type") != "refresh_token" || r.PostFormValue("refresh_token") != s.refresh || client != "client:secret-client" {
		s.bad = append(s.bad, r.URL.Path)
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"refresh token is invalid, expired or revoked"}`)
		return
	}
	s.refresh = fmt.Sprintf("secret-refresh-%d", n)
	fmt.Fprintf(w, `{"access_token":"secret-access-%d","refresh_token":%q,"expires_in":1800}`, n, s.refresh)
}

const oauth = `apiVersion: dealsync/v1
kind: Workspace
metadata: {name: acme}
spec: {}
---
apiVersion: dealsync/v1
kind: Connection
metadata: {workspace: acme, name: main}
spec:
  app: APP
  baseURL: ADDRESS
  auth: {oauth: {clientID: client, clientSecret: {value: secret-client}, refreshToken: {value: secret-refresh-0}, tokenURL: ADDRESS/oauth/2026-03/token}}
`

func TestATokenIsRefreshedOnceForAll(t *testing.T) {
	t.Parallel()
	for _, app := range []string{"hubspot", "pipedrive"} {
		t.Run(app, func(t *testing.T) {
			t.Parallel()
			server := newTokenServer(t)
			b := setup(t)
			replicas := []*replica{b.replica(), b.replica()}
			replicas[0].apply(t, strings.NewReplacer("APP", app, "ADDRESS", server.URL).Replace(oauth))
			stream, err := replicas[1].config.Watch(t.Context(), &configv1.WatchRequest{})
			if err != nil {
				t.Fatal(err)
			}
			for revision := uint64(0); revision == 0; {
				resp, err := stream.Recv()
				if err != nil {
					t.Fatal(err)
				}
				revision = resp.GetSnapshot().GetRevision()
			}
			ask := func(stale string) []string {
				var wait sync.WaitGroup
				got := make([]string, 40)
				for i := range got {
					wait.Go(func() {
						resp, err := replicas[i%2].config.Token(context.WithoutCancel(t.Context()), &configv1.TokenRequest{Workspace: "acme", Connection: "main", Stale: stale})
						if err != nil {
							t.Error(err)
							return
						}
						got[i] = resp.GetToken()
						if resp.GetScheme() != "bearer" || resp.GetExpiresMs() == 0 {
							t.Errorf("%v", resp)
						}
					})
				}
				wait.Wait()
				return slices.Compact(got)
			}
			close(server.release)
			if got := ask(""); len(got) != 1 || got[0] != "secret-access-1" {
				t.Errorf("first tokens: %v", got)
			}
			if got := ask("secret-access-1"); len(got) != 1 || got[0] != "secret-access-2" {
				t.Errorf("tokens after a refused one: %v", got)
			}
			if server.calls.Load() != 2 || len(server.bad) != 0 {
				t.Errorf("%d refreshes, refused: %v", server.calls.Load(), server.bad)
			}
			server.mu.Lock()
			server.refresh = "revoked"
			server.mu.Unlock()
			_, err = replicas[0].config.Token(t.Context(), &configv1.TokenRequest{Workspace: "acme", Connection: "main", Stale: "secret-access-2"})
			if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "revoked") {
				t.Errorf("a revoked grant: %v", err)
			}
			noPlaintext(t, b, "secret-")
		})
	}
}

// noPlaintext reads every message that the server keeps and looks for text, as
// it is and in base64.
func noPlaintext(t *testing.T, b *testBundle, text string) {
	t.Helper()
	js, err := jetstream.New(b.server.Conn())
	if err != nil {
		t.Fatal(err)
	}
	needles := []string{text, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "=")[:8]}
	read := 0
	streams := js.StreamNames(t.Context())
	for name := range streams.Name() {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		state := stream.CachedInfo().State
		for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
			m, err := stream.GetMsg(t.Context(), seq)
			if err != nil {
				continue // deleted
			}
			read++
			for _, needle := range needles {
				if strings.Contains(string(m.Data), needle) || strings.Contains(m.Subject, needle) {
					t.Errorf("%s %d %s holds a secret: %s", name, seq, m.Subject, m.Data)
				}
			}
		}
	}
	if streams.Err() != nil || read == 0 {
		t.Errorf("read %d messages: %v", read, streams.Err())
	}
}

// logs gathers what is logged.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// N8: secrets are sealed at rest, and in no log. It replaces the default
// logger, so it does not run beside others.
func TestSecretsAreNowhereInTheClear(t *testing.T) { //nolint:paralleltest // it replaces the default logger
	gathered := &logs{}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(gathered, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	r.refuse(t, strings.Replace(read(t, "acme.yaml"), "{value: secret-hubspot-token}", "secret-hubspot-token", 1))
	if got := r.refuse(t, strings.Replace(read(t, "acme.yaml"), "auth: {token: {value: secret-hubspot-token}}", "auth: {secret-token: x}", 1)); strings.Contains(got, "secret-hubspot") {
		t.Errorf("a problem shows a secret: %s", got)
	}
	noPlaintext(t, b, "secret-")
	gathered.mu.Lock()
	defer gathered.mu.Unlock()
	if text := gathered.text.String(); strings.Contains(text, "secret-") || !strings.Contains(text, "config.applied") {
		t.Errorf("log:\n%s", text)
	}
}

func TestConcurrentAppliesNeverLeaveHalf(t *testing.T) {
	t.Parallel()
	b := setup(t)
	replicas := []*replica{b.replica(), b.replica(), b.replica()}
	var wait sync.WaitGroup
	const each = 5
	for i, r := range replicas {
		wait.Go(func() {
			for n := range each {
				// Two workspaces at once, and one that all of them change.
				id := fmt.Sprintf("w%d-%d", i, n)
				content := fmt.Sprintf("apiVersion: dealsync/v1\nkind: Workspace\nmetadata: {name: shared}\nspec: {title: %s}\n", id) + strings.NewReplacer(
					"name: acme", "name: "+id, "workspace: acme", "workspace: "+id).Replace("---\n"+read(t, "acme.yaml")) +
					fmt.Sprintf("---\napiVersion: dealsync/v1\nkind: Connection\nmetadata: {workspace: shared, name: %s}\nspec: {app: pipedrive, auth: {token: {value: x}}}\n", id)
				resp, err := r.admin.Apply(context.WithoutCancel(t.Context()), request(content))
				if err != nil || len(resp.GetProblems()) != 0 {
					t.Errorf("apply %s: %v %v", id, resp.GetProblems(), err)
				}
			}
		})
	}
	wait.Wait()
	var s *configv1.Snapshot
	for _, r := range replicas {
		stream, err := r.config.Watch(t.Context(), &configv1.WatchRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			resp, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if s = resp.GetSnapshot(); s.GetRevision() == uint64(each*len(replicas)) {
				break
			}
		}
	}
	all := each * len(replicas)
	if len(s.GetWorkspaces()) != all+1 || len(s.GetConnections()) != 3*all || len(s.GetSyncs()) != all {
		t.Errorf("%d workspaces, %d connections, %d syncs", len(s.GetWorkspaces()), len(s.GetConnections()), len(s.GetSyncs()))
	}
}
