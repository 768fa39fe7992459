// Package embedded runs a NATS server with JetStream inside the process, so
// that one program needs nothing else. It never configures streams and never
// serves more than one node.
package embedded

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/dealsync/dealsync/libs/bus"
)

// Config of the server.
type Config struct {
	// Dir is where messages are kept; only its owner may look into it.
	Dir string
	// Durability is interval (sync every second, the default) or always.
	Durability bus.Durability
	// Listen is the address for clients of other processes, e.g. "127.0.0.1:4222"
	// ("127.0.0.1:0" picks a free port). Empty opens no socket at all.
	Listen string
	// MaxStore is the space for all streams in bytes; zero means 16 GiB. What
	// streams reserve together must fit.
	MaxStore int64
}

// Server is a running server.
type Server struct {
	cfg Config
	ns  atomic.Pointer[server.Server]
}

// startTimeout bounds recovery of what is stored.
const startTimeout = time.Minute

// Start runs a server and waits until it takes connections.
func Start(cfg Config) (*Server, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if err := os.Chmod(cfg.Dir, 0o700); err != nil { //nolint:gosec // a directory needs x
		return nil, fmt.Errorf("protect data directory: %w", err)
	}
	s := &Server{cfg: cfg}
	return s, s.start()
}

func (s *Server) start() error {
	opts, err := s.cfg.options()
	if err != nil {
		return err
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("make NATS server: %w", err)
	}
	ns.Start()
	if !ns.ReadyForConnections(startTimeout) {
		ns.Shutdown()
		return fmt.Errorf("start NATS server in %s: not ready within %s", s.cfg.Dir, startTimeout)
	}
	if a, ok := ns.Addr().(*net.TCPAddr); ok {
		s.cfg.Listen = a.String() // a restart keeps the port
	}
	s.ns.Store(ns)
	return nil
}

func (c Config) options() (*server.Options, error) {
	o := &server.Options{
		ServerName: "dealsync", JetStream: true, StoreDir: c.Dir, JetStreamMaxStore: c.MaxStore,
		NoSigs: true, NoLog: true, DontListen: c.Listen == "",
		// A message may hold a webhook body of 1 MiB and its headers.
		MaxPayload:   4 << 20,
		SyncInterval: time.Second, SyncAlways: c.Durability == bus.Always,
	}
	if o.JetStreamMaxStore == 0 {
		o.JetStreamMaxStore = 16 << 30
	}
	if c.Listen == "" {
		return o, nil
	}
	a, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address: %w", err)
	}
	o.Host, o.Port = a.IP.String(), a.Port
	if a.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	return o, nil
}

// InProcessConn opens a connection that needs no socket; it makes Server usable
// with [nats.InProcessServer], also across a Restart.
func (s *Server) InProcessConn() (net.Conn, error) { return s.ns.Load().InProcessConn() }

// Connect opens a client connection inside the process, which reconnects for
// ever.
func (s *Server) Connect(opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{nats.InProcessServer(s), nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond)}, opts...)
	nc, err := nats.Connect("", opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
	}
	return nc, nil
}

// URL is where other processes connect; empty when the server does not listen.
func (s *Server) URL() string {
	if s.cfg.Listen == "" {
		return ""
	}
	return "nats://" + s.cfg.Listen
}

// Shutdown stops the server after everything is on disk. Let consumers drain
// and flush connections first.
func (s *Server) Shutdown() {
	ns := s.ns.Load()
	ns.Shutdown()
	ns.WaitForShutdown()
}

// Restart stops the server and starts it again on the same directory and port.
func (s *Server) Restart() error {
	s.Shutdown()
	return s.start()
}
