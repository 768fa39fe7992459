// Package redistest gives a test a Redis of its own: the real server, or the
// embedded one that a single process runs on. One suite runs on both. It is
// for tests only.
package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Server is one Redis; it ends with the test.
type Server struct {
	// Addr is where it listens, host:port.
	Addr string
	// Client is a connection to it.
	Client *redis.Client
	// Embedded: it is not the real one.
	Embedded bool

	advance func(time.Duration)
	stop    func()
}

// URL is the address in the form that settings take.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Advance lets d pass on the server's clock. The real one takes that long; the
// embedded one's clock stands still from the first call on, but for Advance.
func (s *Server) Advance(d time.Duration) { s.advance(d) }

// Stop ends the server before the test does, as a crash would.
func (s *Server) Stop() { s.stop() }

// Each runs fn as a subtest on either server.
func Each(t *testing.T, fn func(t *testing.T, s *Server)) {
	t.Helper()
	t.Run("real", func(t *testing.T) { t.Parallel(); fn(t, Real(t)) })
	t.Run("embedded", func(t *testing.T) { t.Parallel(); fn(t, Embedded(t)) })
}

// Embedded starts the server that lives in the process.
func Embedded(tb testing.TB) *Server {
	tb.Helper()
	m := miniredis.RunT(tb)
	m.ClockTTL(true)
	s := &Server{Addr: m.Addr(), Embedded: true, stop: m.Close}
	var now time.Time
	s.advance = func(d time.Duration) {
		if now.IsZero() {
			now = time.Now()
		}
		now = now.Add(d)
		m.SetTime(now)
	}
	s.connect(tb)
	return s
}

// Real starts redis-server from the PATH. Without it the test fails, so that
// green always means that it ran.
func Real(tb testing.TB) *Server {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Fatal("redis-server is not in the PATH; install Redis 6.2 or later (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis)")
	}
	var s *Server
	for range 5 { // another process may take the port before Redis does
		if s, err = start(path, tb.TempDir()); err == nil {
			break
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.stop)
	s.connect(tb)
	s.advance = func(d time.Duration) {
		// The wait happens on the server's own clock.
		seconds := strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
		if err := s.Client.Do(tb.Context(), "BLPOP", "redistest:never", seconds).Err(); !errors.Is(err, redis.Nil) {
			tb.Fatalf("wait on the server: %v", err)
		}
	}
	return s
}

func (s *Server) connect(tb testing.TB) {
	s.Client = redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
	tb.Cleanup(func() { _ = s.Client.Close() })
}

func start(path, dir string) (*Server, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr) // what the listener itself says

	cmd := exec.CommandContext(context.Background(), path, //nolint:gosec // from the PATH
		"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "no", "--daemonize", "no")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	var log strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Fprintln(&log, lines.Text())
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return &Server{Addr: addr, stop: func() { end(cmd) }}, nil
		}
	}
	end(cmd)
	return nil, fmt.Errorf("redis-server did not start:\n%s", log.String())
}

// end kills the server and waits for it; again is fine.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
