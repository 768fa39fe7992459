package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/dealsync/dealsync/libs/conf"
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/config/configure"
	"github.com/dealsync/dealsync/services/dealsync/allinone"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
	"github.com/dealsync/dealsync/services/webhook-ingest/ingest"
)

// Installation is all services and the two doubles in this process.
type Installation struct {
	Place
	ended chan error
	stop  context.CancelFunc
}

// Start starts an installation that keeps everything in dir and logs to log.
// Its addresses are those of the services' own settings. It must be ended with
// Stop.
func Start(ctx context.Context, dir string, log io.Writer) (*Installation, error) {
	a, err := readAddresses()
	if err != nil {
		return nil, err
	}
	if err := a.free(ctx); err != nil {
		return nil, err
	}
	if err := a.agree(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	instance, err := allinone.Start(ctx, allinone.Config{Data: dir, Sandbox: true, SandboxConfig: a.sandbox, Log: log})
	if err != nil {
		stop()
		return nil, fmt.Errorf("start: %w", err)
	}
	i := &Installation{
		Place: Place{
			HubSpot: instance.Sandbox.HubSpotURL(), Pipedrive: instance.Sandbox.PipedriveURL(),
			Config: a.config.Listen, Metrics: "http://" + a.host.HealthAddr + "/metrics",
		},
		ended: make(chan error, 1), stop: stop,
	}
	go func() { i.ended <- instance.Wait() }()
	return i, nil
}

// Ended hears once when the installation has ended, also by itself.
func (i *Installation) Ended() <-chan error { return i.ended }

// Stop drains and ends every service. It must not be called after Ended spoke.
func (i *Installation) Stop() error {
	i.stop()
	return <-i.ended
}

// addresses are where the services of one process listen.
type addresses struct {
	host    host.Config
	config  configure.Config
	ingest  ingest.Config
	sandbox sandbox.Config
}

// readAddresses reads the settings as the services themselves will.
func readAddresses() (*addresses, error) {
	a := &addresses{host: host.Defaults(), config: configure.Defaults(), ingest: ingest.Defaults(), sandbox: sandbox.Defaults()}
	for _, into := range []any{&a.host, &a.config, &a.ingest, &a.sandbox} {
		if err := conf.Load("", into); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// free tells which address is taken, all of them at once, and which variable
// chooses another.
func (a *addresses) free(ctx context.Context) error {
	var taken []error
	for _, l := range []struct{ addr, variable, of string }{
		{a.ingest.Addr, "DEALSYNC_INGEST_ADDR", "webhooks"},
		{a.config.Listen, "DEALSYNC_CONFIG_LISTEN", "configuration"},
		{a.host.HealthAddr, "DEALSYNC_HEALTH_ADDR", "health and metrics"},
		{a.sandbox.HubSpotAddr, "SANDBOX_HUBSPOT_ADDR", "the HubSpot double"},
		{a.sandbox.PipedriveAddr, "SANDBOX_PIPEDRIVE_ADDR", "the Pipedrive double"},
		{a.sandbox.SimpleAddr, "SANDBOX_SIMPLE_ADDR", "the sandbox's own apps"},
	} {
		var lc net.ListenConfig
		ln, err := lc.Listen(ctx, "tcp", l.addr)
		if err != nil {
			taken = append(taken, fmt.Errorf("%s: %w; choose another address with %s", l.of, err, l.variable))
			continue
		}
		_ = ln.Close()
	}
	return errors.Join(taken...)
}

// agree makes the services look for each other where they now listen.
func (a *addresses) agree() error {
	for name, value := range map[string]string{
		"DEALSYNC_CONFIG_ADDR": a.config.Listen,
		"DEALSYNC_PUBLIC_URL":  "http://" + a.ingest.Addr,
	} {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}
