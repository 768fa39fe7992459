// Package allinone runs every service in one process, on the same bus and with
// the same code as when each runs alone. What is not given by NATS_URL and
// REDIS_URL it brings itself.
package allinone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/dealsync/dealsync/libs/conf"
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/libs/telemetry"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// Config says what to run.
type Config struct {
	// Data is the directory that everything is kept in.
	Data string
	// Sandbox adds the doubles of the two APIs.
	Sandbox bool
	// SandboxConfig sets up the doubles.
	SandboxConfig sandbox.Config
	// Log is where log lines go; standard error when nil.
	Log io.Writer
}

// Instance is a running installation.
type Instance struct {
	Host    *host.Host
	Sandbox *sandbox.Sandbox

	group *errgroup.Group
	stop  context.CancelFunc
	close []func()
}

// Start brings everything up and returns once every service runs. End it with
// Stop, or end ctx and Wait.
func Start(ctx context.Context, cfg Config) (*Instance, error) {
	settings := host.Defaults()
	settings.Telemetry.LogFormat = "text"
	if err := conf.Load("", &settings); err != nil {
		return nil, err
	}
	settings.Telemetry.Log = cfg.Log
	tel, err := telemetry.Start(ctx, settings.Telemetry, "dealsync", host.Version)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	i := &Instance{Host: host.New("dealsync", settings), group: group, stop: stop}
	i.close = append(i.close, func() { _ = tel.Stop(context.WithoutCancel(ctx)) })
	if err := i.start(ctx, cfg, tel); err != nil {
		return nil, errors.Join(err, i.Stop())
	}
	return i, nil
}

func (i *Instance) start(ctx context.Context, cfg Config, tel *telemetry.Telemetry) error {
	if err := i.backends(cfg); err != nil {
		return err
	}
	if err := useKey(cfg.Data); err != nil {
		return err
	}
	if err := i.Host.ServeHealth(ctx, tel); err != nil {
		return err
	}
	if cfg.Sandbox {
		i.Sandbox = sandbox.New(cfg.SandboxConfig)
		i.group.Go(func() error { return i.Sandbox.Run(ctx) })
		select {
		case <-i.Sandbox.Ready():
		case <-ctx.Done():
			return fmt.Errorf("start the sandbox: %w", context.Cause(ctx))
		}
	}
	list, err := parts()
	if err != nil {
		return err
	}
	for _, p := range list {
		runner, err := p.open(ctx, i.Host)
		if err != nil {
			return fmt.Errorf("start %s: %w", p.name, err)
		}
		i.group.Go(func() error {
			if err := runner.Run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
	}
	i.Host.Started()
	slog.InfoContext(ctx, "dealsync.started", "version", host.Version, "data", cfg.Data, "settings", i.Host.Config().String())
	return nil
}

// Wait returns when every service has ended.
func (i *Instance) Wait() error {
	err := i.group.Wait()
	for n := len(i.close) - 1; n >= 0; n-- {
		i.close[n]()
	}
	i.close = nil
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Stop drains every service and closes what was opened.
func (i *Instance) Stop() error {
	i.stop()
	return i.Wait()
}
