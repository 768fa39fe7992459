package e2e

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// installation is a running Dealsync: where it is reached, and its processes.
type installation struct {
	dir     string // logs and data
	config  string // address of the config service
	public  string // address of the webhooks, through the load balancer if there is one
	health  string // of the one process, when all is in one
	sandbox [2]string
	procs   []*process
	closers []func()
}

// topology is one way to run the services. The scenario tests share one
// installation of each; the first that needs it starts it.
type topology struct {
	name  string
	start func(in *installation) error

	once sync.Once
	in   *installation
	err  error
}

var topologies = []*topology{
	{name: "all in one", start: startAllInOne},
	{name: "separate processes", start: startSeparate},
}

// everywhere runs a scenario against every topology.
func everywhere(t *testing.T, scenario func(t *testing.T, in *installation)) {
	t.Parallel()
	for _, top := range topologies {
		t.Run(top.name, func(t *testing.T) {
			t.Parallel()
			top.once.Do(func() {
				top.in, top.err = install(filepath.Join(scratch, strings.ReplaceAll(top.name, " ", "-")), top.start)
			})
			if top.err != nil {
				t.Fatal(top.err)
			}
			scenario(t, top.in)
		})
	}
}

// alone starts an installation for one test that breaks or inspects it.
func alone(t *testing.T, start func(in *installation) error) *installation {
	t.Helper()
	in, err := install(t.TempDir(), start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.end(t.Failed()) })
	return in
}

func install(dir string, start func(in *installation) error) (*installation, error) {
	in := &installation{dir: dir}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = start(in)
	}
	if err != nil {
		in.end(true)
		return nil, fmt.Errorf("start an installation: %w", err)
	}
	return in, nil
}

func (top *topology) end(failed bool) {
	if top.in != nil {
		top.in.end(failed)
	}
}

// end kills what runs, the last started first. After a failure it shows what
// the programs complained about.
func (in *installation) end(failed bool) {
	for i := len(in.procs) - 1; i >= 0; i-- {
		in.procs[i].kill()
	}
	for i := len(in.closers) - 1; i >= 0; i-- {
		in.closers[i]()
	}
	if failed {
		for _, p := range in.procs {
			fmt.Fprintf(os.Stderr, "--- %s (%s)\n%s\n", p.name, filepath.Base(in.dir), complaints(p.tail(1<<20)))
		}
	}
}

// complaints are the last lines of a log that are not mere information.
func complaints(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "level=INFO") && !strings.Contains(line, `"level":"INFO"`) && !strings.Contains(line, "[INF]") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// addresses gives n free addresses.
func addresses(n int) ([]string, error) {
	list := make([]string, n)
	for i := range list {
		var err error
		if list[i], err = freeAddr(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// brisk shortens the scheduler's pauses, which are made for days of running.
var brisk = []string{
	"DEALSYNC_SCHEDULER_TICK=100ms", "DEALSYNC_SETTINGS_SETTLE=300ms", "DEALSYNC_SCAN_STALL_AFTER=5s",
	"DEALSYNC_SCHEDULER_LEASE=2s", "DEALSYNC_LOG_LEVEL=info",
}

// startAllInOne runs `dealsync up --sandbox`.
func startAllInOne(in *installation) error { return startAllInOneWith(in) }

// startAllInOneWith does so with more settings.
func startAllInOneWith(in *installation, more ...string) error {
	addr, err := addresses(5)
	if err != nil {
		return err
	}
	in.config, in.public, in.health = addr[0], "http://"+addr[1], addr[2]
	in.sandbox = [2]string{"http://" + addr[3], "http://" + addr[4]}
	return in.run(&process{
		name: "dealsync", args: []string{"up", "--sandbox", "--data", filepath.Join(in.dir, "data")}, ready: readyz(addr[2]),
		env: append([]string{
			"DEALSYNC_CONFIG_LISTEN=" + addr[0], "DEALSYNC_CONFIG_ADDR=" + addr[0], "DEALSYNC_INGEST_ADDR=" + addr[1],
			"DEALSYNC_PUBLIC_URL=" + in.public, "DEALSYNC_HEALTH_ADDR=" + addr[2],
			"SANDBOX_HUBSPOT_ADDR=" + addr[3], "SANDBOX_PIPEDRIVE_ADDR=" + addr[4], "SANDBOX_SIMPLE_ADDR=127.0.0.1:0",
		}, append(more, brisk...)...),
	})
}

// replicas is how many of each pipeline service a separate installation has.
const replicas = 2

// startSeparate runs every program by itself, two of each of the five services
// of the pipeline, against a real NATS and a real Redis server.
func startSeparate(in *installation) error { return startSeparateWith(in) }

// startSeparateWith does so with more settings.
func startSeparateWith(in *installation, more ...string) error {
	shared, err := in.backends()
	if err != nil {
		return err
	}
	shared = append(shared, more...)
	addr, err := addresses(2 * replicas)
	if err != nil {
		return err
	}
	in.public, err = in.balance(addr[:replicas])
	if err != nil {
		return err
	}
	if err := in.service("config", "", append(slices.Clone(shared), "DEALSYNC_CONFIG_LISTEN="+in.config,
		"DEALSYNC_KEY="+base64.StdEncoding.EncodeToString([]byte("a key of thirty-two random bytes")), "DEALSYNC_PUBLIC_URL="+in.public)); err != nil {
		return err
	}
	for i := range replicas {
		env := append([]string{"DEALSYNC_INGEST_ADDR=" + addr[i]}, shared...)
		for _, name := range programs[1:6] {
			if err := in.service(name, fmt.Sprint("-", i+1), env); err != nil {
				return err
			}
		}
	}
	return nil
}

// backends starts NATS and Redis and gives the settings that all services share.
func (in *installation) backends() ([]string, error) {
	nats, err := natsServer()
	if err != nil {
		return nil, err
	}
	addr, err := addresses(3)
	if err != nil {
		return nil, err
	}
	in.config = addr[2]
	natsHost, natsPort, _ := net.SplitHostPort(addr[0])   // made by freeAddr
	redisHost, redisPort, _ := net.SplitHostPort(addr[1]) // made by freeAddr
	conf := filepath.Join(in.dir, "nats.conf")
	content := fmt.Sprintf("listen: %q\nmax_payload: 4MB\nmax_pending: 64MB\njetstream { store_dir: %q, sync_interval: 1s, max_file_store: 16GB }\n",
		net.JoinHostPort(natsHost, natsPort), filepath.Join(in.dir, "data"))
	if err := os.WriteFile(conf, []byte(content), 0o600); err != nil {
		return nil, fmt.Errorf("configure NATS: %w", err)
	}
	for _, p := range []*process{
		{name: "nats-server", path: nats, args: []string{"-c", conf}},
		{name: "redis-server", path: "/usr/bin/redis-server", args: []string{
			"--bind", redisHost, "--port", redisPort, "--dir", in.dir, "--save", "", "--appendonly", "no",
		}},
	} {
		if err := in.run(p); err != nil {
			return nil, err
		}
	}
	return append([]string{"NATS_URL=nats://" + addr[0], "REDIS_URL=redis://" + addr[1], "DEALSYNC_CONFIG_ADDR=" + in.config}, brisk...), nil
}

// service runs one program of ours with a health address of its own.
func (in *installation) service(name, suffix string, env []string) error {
	health, err := freeAddr()
	if err != nil {
		return err
	}
	bin, err := binaries()
	if err != nil {
		return err
	}
	return in.run(&process{
		name: name + suffix, path: filepath.Join(bin, name), ready: readyz(health),
		env: append([]string{"DEALSYNC_HEALTH_ADDR=" + health}, env...),
	})
}

func readyz(addr string) string { return "http://" + addr + "/readyz" }

// run starts a process and waits until it is ready.
func (in *installation) run(p *process) error {
	if p.path == "" {
		bin, err := binaries()
		if err != nil {
			return err
		}
		p.path = filepath.Join(bin, p.name)
	}
	p.log = logFile(in.dir, p.name)
	if err := p.start(); err != nil {
		return err
	}
	in.procs = append(in.procs, p)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return p.waitReady(ctx)
}

// awaitReady waits until every program that was started again is ready.
func (in *installation) awaitReady(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, p := range in.procs {
		if err := p.waitReady(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// of gives the replicas of a program.
func (in *installation) of(name string) []*process {
	var list []*process
	for _, p := range in.procs {
		if p.name == name || strings.HasPrefix(p.name, name+"-") {
			list = append(list, p)
		}
	}
	return list
}

// balance spreads webhooks over the replicas of webhook-ingest, as whatever
// stands in front of a real installation does.
func (in *installation) balance(backends []string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("start the load balancer: %w", err)
	}
	var next atomic.Uint64
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: backends[next.Add(1)%uint64(len(backends))]})
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway) // the sender tries again
		},
	}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "e2e: load balancer:", err)
		}
	}()
	in.closers = append(in.closers, func() { _ = server.Close() })
	return "http://" + l.Addr().String(), nil
}
