package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// process is one started program. It can be ended and started again with the
// same settings; its log goes on in the same file.
type process struct {
	name, path string
	args, env  []string
	ready      string // URL that answers 200 when it is ready, or "" for a program without one
	log        string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// start runs the program; it does not wait until it is ready.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	cmd := exec.CommandContext(context.Background(), p.path, p.args...)
	cmd.Env = append(cleanEnv(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		_ = log.Close()
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended shows in its log and in done
		_ = log.Close()
		close(done)
	}()
	p.cmd, p.done = cmd, done
	return nil
}

// kill ends the program at once, as a crash would, and waits for its end.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
	p.cmd = nil
}

// restart kills the program and starts it again at once.
func (p *process) restart() error {
	p.kill()
	return p.start()
}

// waitReady returns once the program says that it is ready, or has ended.
func (p *process) waitReady(ctx context.Context) error {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if p.ready == "" {
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		last := answersOK(ctx, p.ready)
		if last == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("%s has ended:\n%s", p.name, p.tail(4000))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, last, p.tail(4000))
		case <-tick.C:
		}
	}
}

func answersOK(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		var body bytes.Buffer
		_, _ = body.ReadFrom(resp.Body)
		return fmt.Errorf("%s: %s %s", url, resp.Status, strings.TrimSpace(body.String()))
	}
	return nil
}

// metrics is the URL of the program's metrics page.
func (p *process) metrics() string { return strings.TrimSuffix(p.ready, "/readyz") + "/metrics" }

// tail is the end of the program's log.
func (p *process) tail(n int) string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-n):])
}

// cleanEnv is our environment without anything that would reach a service.
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

// freeAddr is an address that nothing listens on. Its port is not of the range
// that outgoing connections get theirs from: one of those could take it before
// the program for which it is meant.
func freeAddr() (string, error) {
	var err error
	for range 100 {
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", fmt.Sprint("127.0.0.1:", 10000+rand.IntN(20000))); err == nil {
			defer func() { _ = l.Close() }()
			return l.Addr().String(), nil
		}
	}
	return "", fmt.Errorf("find a free port: %w", err)
}

// logFile names a log in a directory.
func logFile(dir, name string) string { return filepath.Join(dir, name+".log") }
