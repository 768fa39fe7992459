package demo

import (
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/seal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/config/configure"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

var update = flag.Bool("update", false, "renew deploy/demo")

// The documents for containers, where the doubles have another host name.
const composeDir = "../../../deploy/demo"

var composeDocuments = os.DirFS(composeDir)

// deploy/demo is what the demo applies, with the stages that are suggested for
// the doubles' pipelines. It is written by this test: go test -update.
func TestTheDocumentsForContainersAreThoseOfTheDemo(t *testing.T) {
	t.Parallel()
	doubles, service := startDoubles(t), startConfig(t)
	here, err := readDocuments(documents, doubles.HubSpotURL(), doubles.PipedriveURL())
	if err != nil {
		t.Fatal(err)
	}
	connections, syncs := parts(here)
	accepts(t, service, connections, false)
	suggested, err := service.SuggestStages(t.Context(), stagesAsked())
	if err != nil {
		t.Fatal(err)
	}
	syncs = withStages(syncs, suggested)
	accepts(t, service, syncs, true)

	want := map[string]string{}
	for _, d := range append(connections, syncs...) {
		text := strings.ReplaceAll(string(d.GetContent()), doubles.HubSpotURL(), "http://sandbox:9101")
		want[d.GetFile()] = strings.ReplaceAll(text, doubles.PipedriveURL(), "http://sandbox:9102")
	}
	if *update {
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(composeDir, name), []byte(text), 0o644); err != nil { //nolint:gosec // documents that containers read as another user
				t.Fatal(err)
			}
		}
	}
	there, err := readDocuments(composeDocuments, "", "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range there {
		got[d.GetFile()] = string(d.GetContent())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deploy/demo differs; renew it with -update (-demo +deploy):\n%s", diff)
	}
}

// accepts fails when the documents are refused.
func accepts(t *testing.T, service *configure.Service, docs []*configv1.Document, dry bool) {
	t.Helper()
	resp, err := service.Apply(t.Context(), &configv1.ApplyRequest{Documents: docs, DryRun: dry})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range resp.GetProblems() {
		t.Errorf("%s:%d:%d: %s", p.GetFile(), p.GetLine(), p.GetColumn(), p.GetMessage())
	}
	if got := len(resp.GetApplied()); got != 3 {
		t.Errorf("%d documents, want 3", got)
	}
}

func startDoubles(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	cfg := sandbox.Defaults()
	cfg.HubSpotAddr, cfg.PipedriveAddr, cfg.SimpleAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	doubles := sandbox.New(cfg)
	run(t, doubles.Run)
	select {
	case <-doubles.Ready():
	case <-t.Context().Done():
		t.Fatal("the doubles did not start")
	}
	return doubles
}

func startConfig(t *testing.T) *configure.Service {
	t.Helper()
	b := bustest.New(t).Bus()
	l, err := ledger.Open(t.Context(), b.JetStream(), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := configure.Defaults()
	cfg.Key = seal.GenerateKey()
	service, err := configure.New(t.Context(), cfg, configure.Deps{Bus: b, Ledger: l, Apps: configure.LiveApps(nil), Listener: listener})
	if err != nil {
		t.Fatal(err)
	}
	run(t, service.Run)
	return service
}

// run runs something until the test and its subtests are over.
func run(t *testing.T, f func(ctx context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
