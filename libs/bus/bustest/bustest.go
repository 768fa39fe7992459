// Package bustest gives a test its own NATS server with JetStream and a bus on
// it. It is for tests only.
package bustest

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/embedded"
)

// Server is a real server in the test's process; it ends with the test.
type Server struct {
	tb  testing.TB
	srv *embedded.Server
}

// New starts a server in a directory of the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	srv, err := embedded.Start(embedded.Config{Dir: tb.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		tb.Fatalf("start server: %v", err)
	}
	tb.Cleanup(srv.Shutdown)
	return &Server{tb, srv}
}

// URL is where clients of other processes connect.
func (s *Server) URL() string { return s.srv.URL() }

// Conn opens a connection of its own, closed at the end of the test.
func (s *Server) Conn(opts ...nats.Option) *nats.Conn {
	s.tb.Helper()
	nc, err := s.srv.Connect(opts...)
	if err != nil {
		s.tb.Fatalf("connect: %v", err)
	}
	s.tb.Cleanup(nc.Close)
	return nc
}

// Bus opens a bus on a connection of its own: a replica. Without a config it
// is [Config].
func (s *Server) Bus(cfg ...bus.Config) *bus.Bus {
	s.tb.Helper()
	c := Config()
	if len(cfg) > 0 {
		c = cfg[0]
	}
	b, err := bus.New(s.tb.Context(), s.Conn(), c)
	if err != nil {
		s.tb.Fatalf("open bus: %v", err)
	}
	return b
}

// Restart stops the server and starts it again with what it stored.
func (s *Server) Restart() {
	s.tb.Helper()
	if err := s.srv.Restart(); err != nil {
		s.tb.Fatalf("restart server: %v", err)
	}
}

// Config is small and quick: one partition, the shortest lease, little space.
func Config() bus.Config {
	return bus.Config{
		Partitions: 1, LeaseTTL: time.Second, DrainTimeout: 5 * time.Second,
		StageBytes: 64 << 20, JournalBytes: 64 << 20, ParkedBytes: 64 << 20,
	}
}
