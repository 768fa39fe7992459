package sandbox_test

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// TestStoppingLeavesNothingBehind is not parallel: it counts goroutines.
func TestStoppingLeavesNothingBehind(t *testing.T) {
	release := make(chan struct{})
	target, arrived := receiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	for range 3 {
		cfg := sandbox.Defaults()
		cfg.HubSpotAddr, cfg.PipedriveAddr, cfg.SimpleAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
		s := sandbox.New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		<-s.Ready()
		b := &testBundle{t: t, hub: s.HubSpotURL(), pipe: s.PipedriveURL(), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
		b.pdHook(target, "")
		b.pdHook("http://127.0.0.1:1/refused", "")
		b.pdDeal(map[string]any{"title": "A"}) // one delivery hangs, one waits for its next try
		next(t, arrived)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	for _, name := range []string{"deliver.(*Engine)", "sandbox.(*Sandbox)", "hubspot.(*", "pipedrive.(*"} {
		if strings.Contains(stacks, name) {
			t.Errorf("a goroutine is still in %s:\n%s", name, stacks)
		}
	}
}

func TestATakenAddressIsReported(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := sandbox.Defaults()
	cfg.HubSpotAddr, cfg.PipedriveAddr, cfg.SimpleAddr = "127.0.0.1:0", l.Addr().String(), "127.0.0.1:0"
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := sandbox.New(cfg).Run(ctx); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("Run returned %v", err)
	}
}
