package demo

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/seal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/config/configure"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// The documents for containers, where the doubles have another host name.
var composeDocuments = os.DirFS("../../../deploy/demo")

func TestTheDemosDocumentsFitTheDoubles(t *testing.T) {
	t.Parallel()
	doubles, service := startDoubles(t), startConfig(t)
	for _, c := range []struct {
		name string
		dir  fs.FS
	}{{"embedded", documents}, {"containers", composeDocuments}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			docs, err := readDocuments(c.dir, doubles.HubSpotURL(), doubles.PipedriveURL())
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range docs {
				d.Content = bytes.ReplaceAll(d.GetContent(), []byte("http://sandbox:9101"), []byte(doubles.HubSpotURL()))
				d.Content = bytes.ReplaceAll(d.GetContent(), []byte("http://sandbox:9102"), []byte(doubles.PipedriveURL()))
			}
			resp, err := service.Apply(t.Context(), &configv1.ApplyRequest{Documents: docs, DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range resp.GetProblems() {
				t.Errorf("%s:%d:%d: %s", p.GetFile(), p.GetLine(), p.GetColumn(), p.GetMessage())
			}
			if got := len(resp.GetApplied()); got != 4 {
				t.Errorf("%d documents, want 4", got)
			}
		})
	}
}

func TestBothVariantsOfTheDemoAreOneSync(t *testing.T) {
	t.Parallel()
	here, err := findSync(documents)
	if err != nil {
		t.Fatal(err)
	}
	there, err := findSync(composeDocuments)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(here, there); diff != "" {
		t.Errorf("deploy/demo differs (-demo +deploy):\n%s", diff)
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
