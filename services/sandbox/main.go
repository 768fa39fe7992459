// Command sandbox runs the doubles of the HubSpot and Pipedrive APIs, and the
// sandbox's own apps.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

func main() {
	cfg, ask, err := config(os.Args[1:], os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if ask {
		if err := probe(ctx, cfg.HubSpotAddr); err != nil {
			fmt.Fprintln(os.Stderr, "sandbox:", err)
			stop()
			os.Exit(1)
		}
		return
	}
	s := sandbox.New(cfg)
	go func() {
		select {
		case <-s.Ready():
			slog.Info("sandbox.ready", "hubspot", s.HubSpotURL(), "pipedrive", s.PipedriveURL(), "simple", s.SimpleURL(), "throttle", cfg.Throttle)
		case <-ctx.Done():
		}
	}()
	if err := s.Run(ctx); err != nil {
		slog.Error("sandbox.failed", "error", err)
		stop()
		os.Exit(1)
	}
}

// probe asks a running sandbox whether it is up, for container health checks.
func probe(ctx context.Context, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %q: %w", addr, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/_sandbox/health", nil)
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not up: %s", resp.Status)
	}
	return nil
}

// config takes the defaults, then the environment, then the flags. ask is the
// wish to ask a running sandbox instead of running one.
func config(args []string, env func(string) string) (cfg sandbox.Config, ask bool, err error) {
	cfg = sandbox.Defaults()
	fs := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	fs.BoolVar(&ask, "health", false, "ask the running sandbox whether it is up, and exit")
	fs.StringVar(&cfg.HubSpotAddr, "hubspot-addr", cfg.HubSpotAddr, "address of the HubSpot double (SANDBOX_HUBSPOT_ADDR)")
	fs.StringVar(&cfg.PipedriveAddr, "pipedrive-addr", cfg.PipedriveAddr, "address of the Pipedrive double (SANDBOX_PIPEDRIVE_ADDR)")
	fs.StringVar(&cfg.SimpleAddr, "simple-addr", cfg.SimpleAddr, "address of the sandbox's own apps (SANDBOX_SIMPLE_ADDR)")
	fs.Uint64Var(&cfg.Seed, "seed", cfg.Seed, "seed of all dice (SANDBOX_SEED)")
	fs.DurationVar(&cfg.SearchLagMin, "search-lag-min", cfg.SearchLagMin, "shortest time until a search finds a write (SANDBOX_SEARCH_LAG_MIN)")
	fs.DurationVar(&cfg.SearchLagMax, "search-lag-max", cfg.SearchLagMax, "longest time until a search finds a write (SANDBOX_SEARCH_LAG_MAX)")
	fs.BoolVar(&cfg.Throttle, "throttle", cfg.Throttle, "apply the rate limits (SANDBOX_THROTTLE)")
	fs.BoolVar(&cfg.StrictWrites, "strict-writes", cfg.StrictWrites, "apply the write rules of HubSpot API 2026-09 (SANDBOX_STRICT_WRITES)")
	fs.DurationVar(&cfg.WebhookGather, "webhook-gather", cfg.WebhookGather, "how long HubSpot events are gathered (SANDBOX_WEBHOOK_GATHER)")
	fs.BoolVar(&cfg.WebhookShuffle, "webhook-shuffle", cfg.WebhookShuffle, "mix events within a HubSpot webhook request (SANDBOX_WEBHOOK_SHUFFLE)")
	fs.IntVar(&cfg.WebhookParallel, "webhook-parallel", cfg.WebhookParallel, "webhook requests in flight, per double (SANDBOX_WEBHOOK_PARALLEL)")
	fs.Float64Var(&cfg.RetryScale, "retry-scale", cfg.RetryScale, "factor on the waiting times of webhook retries; 1 is real (SANDBOX_RETRY_SCALE)")
	fs.BoolVar(&cfg.CheckHookURL, "check-hook-url", cfg.CheckHookURL, "call a Pipedrive webhook's URL when it is created (SANDBOX_CHECK_HOOK_URL)")
	var bad error
	fs.VisitAll(func(f *flag.Flag) {
		name := envName(f.Name)
		if v := env(name); v != "" && bad == nil {
			if err := f.Value.Set(v); err != nil {
				bad = fmt.Errorf("%s=%q: %w", name, v, err)
			}
		}
	})
	if bad != nil {
		return cfg, ask, bad
	}
	if err := fs.Parse(args); err != nil {
		return cfg, ask, fmt.Errorf("read flags: %w", err)
	}
	return cfg, ask, nil
}

// envName is the environment variable of a flag.
func envName(name string) string {
	b := []byte("SANDBOX_" + name)
	for i, c := range b {
		switch {
		case c == '-':
			b[i] = '_'
		case c >= 'a' && c <= 'z':
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
