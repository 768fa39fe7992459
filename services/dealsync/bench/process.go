package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is one program that the benchmark started.
type process struct {
	name, health, log string
	cmd               *exec.Cmd
	done              chan struct{}
}

// start runs a program. env is added to our environment without anything that
// would reach a service.
func start(name, log, path string, args, env []string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = out.Close() }()
	// Its end is ours to decide, so that a profile can still be read when the
	// benchmark is interrupted.
	cmd := exec.CommandContext(context.Background(), path, args...) //nolint:gosec // programs of ours, NATS and Redis
	cmd.Env = append(cleanEnv(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, log: log, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended shows in its log
		close(p.done)
	}()
	return p, nil
}

// kill ends the program and waits for that. Nothing it holds is needed.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

// await returns once check is content.
func (p *process) await(ctx context.Context, check func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, err, p.tail())
		case <-tick.C:
		}
	}
}

func (p *process) tail() string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-2000):])
}

// answers is a check for await: url answers 200.
func answers(url string) func(ctx context.Context) error {
	return func(ctx context.Context) error { return call(ctx, http.MethodGet, url, nil, nil) }
}

// listens is a check for await: something accepts connections.
func listens(addr string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", addr, err)
		}
		return c.Close()
	}
}

// cpu is the processor time a process has used, user and system.
func cpu(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	// The program's name, in brackets, may hold anything; fields follow it.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("read processor time: unexpected %q", raw)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	// In hundredths of a second on every Linux (USER_HZ).
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// peak is the most memory that was resident at once, in MB.
func peak(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	var kb float64
	_, _ = fmt.Sscan(rest, &kb) // none: 0
	return kb / 1024
}

func cleanEnv() []string {
	var env []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "DEALSYNC_") && !strings.HasPrefix(name, "SANDBOX_") && !strings.HasPrefix(name, "OTEL_") &&
			name != "NATS_URL" && name != "REDIS_URL" {
			env = append(env, e)
		}
	}
	return env
}

// addresses gives n different addresses that nothing listens on.
func addresses(n int) ([]string, error) {
	var list []string
	for range n {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		list = append(list, l.Addr().String())
	}
	return list, nil
}

// natsServer finds the NATS server's program: DEALSYNC_NATS_SERVER, the one
// that .ci/tools built beside bin, or one built now from the pinned version.
func natsServer(ctx context.Context, bin, dir string) (string, error) {
	if path := os.Getenv("DEALSYNC_NATS_SERVER"); path != "" {
		return path, nil
	}
	top := filepath.Dir(bin)
	path := filepath.Join(top, ".cache", "bin", "nats-server")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	path = filepath.Join(dir, "nats-server")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/nats-io/nats-server/v2") //nolint:gosec // the path is in our own directory
	cmd.Dir = filepath.Join(top, ".tools")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nats-server (or name one in DEALSYNC_NATS_SERVER): %w\n%s", err, out)
	}
	return path, nil
}
