package host

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dealsync/dealsync/libs/conf"
	"github.com/dealsync/dealsync/libs/telemetry"
)

// Version is set when the program is built.
var Version = "dev"

// Runner is a service that runs until its context ends and has drained when
// Run returns.
type Runner interface {
	Run(ctx context.Context) error
}

// Module is a service as the host sees it.
type Module[C any] struct {
	Name     string
	Defaults func() C
	New      func(ctx context.Context, cfg C, h *Host) (Runner, error)
}

// Main runs one service as a program of its own: configuration from -config
// and the environment, health from the first moment, drain on SIGTERM.
func Main[C any](m Module[C]) {
	if err := run(m, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", m.Name, err)
		os.Exit(1)
	}
}

func run[C any](m Module[C], args []string) error {
	settings := struct {
		Host    Config `yaml:"host"`
		Service C      `yaml:"service"`
	}{Defaults(), m.Defaults()}

	flags := flag.NewFlagSet(m.Name, flag.ContinueOnError)
	file := flags.String("config", "", "YAML configuration `file`")
	verify := flags.Bool("config.verify", false, "check the configuration and exit")
	health := flags.Bool("health", false, "ask the running program whether it is ready, and exit")
	version := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return fmt.Errorf("arguments: %w", err)
	}
	if *version {
		fmt.Println(m.Name, Version)
		return nil
	}
	if err := conf.Load(*file, &settings); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if *health {
		return probe(ctx, settings.Host.HealthAddr)
	}
	if *verify {
		fmt.Println("the configuration is sound")
		return nil
	}
	return serve(ctx, m, settings.Service, settings.Host)
}

func serve[C any](ctx context.Context, m Module[C], cfg C, hostCfg Config) error {
	tel, err := telemetry.Start(ctx, hostCfg.Telemetry, m.Name, Version)
	if err != nil {
		return fmt.Errorf("start telemetry: %w", err)
	}
	defer func() {
		// The service's own context has ended; what is held still goes out.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tel.Stop(ctx)
	}()
	h := New(m.Name, hostCfg)
	defer h.Close()
	if err := h.serveHealth(ctx, tel.Handler()); err != nil {
		return err
	}
	runner, err := open(ctx, m, cfg, h)
	if err != nil {
		return err
	}
	h.Started()
	slog.InfoContext(ctx, "service.started", "version", Version, "settings", hostCfg.String())
	if err := runner.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("run: %w", err)
	}
	slog.Info("service.stopped")
	return nil
}

// open makes the service, again and again while what it needs is not there
// yet: programs of one installation start in any order.
func open[C any](ctx context.Context, m Module[C], cfg C, h *Host) (Runner, error) {
	wait := 100 * time.Millisecond
	for {
		runner, err := m.New(ctx, cfg, h)
		if err == nil {
			return runner, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("start: %w", err)
		}
		slog.WarnContext(ctx, "service.waiting", "reason", err.Error())
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("start: %w", err)
		case <-time.After(wait):
		}
		wait = min(2*wait, 3*time.Second)
	}
}

// Started marks the program as ready, as far as its own start is concerned.
func (h *Host) Started() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = true
}

// ServeHealth serves health and metrics for a program that runs its own life
// cycle, until ctx ends.
func (h *Host) ServeHealth(ctx context.Context, tel *telemetry.Telemetry) error {
	return h.serveHealth(ctx, tel.Handler())
}
