package allinone

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/embedded"
	"github.com/dealsync/dealsync/libs/seal"
)

// backends brings NATS and Redis, each inside the process unless its address
// is given.
func (i *Instance) backends(cfg Config) error {
	var nc *nats.Conn
	var rdb redis.UniversalClient
	i.close = append(i.close, i.Host.Close)
	if os.Getenv("NATS_URL") == "" {
		server, err := embedded.Start(embedded.Config{
			Dir: filepath.Join(cfg.Data, "nats"), Durability: bus.Durability(i.Host.Config().Durability),
		})
		if err != nil {
			return fmt.Errorf("start the embedded NATS server: %w", err)
		}
		i.close = append(i.close, server.Shutdown)
		if nc, err = server.Connect(nats.Name("dealsync")); err != nil {
			return fmt.Errorf("connect to the embedded NATS server: %w", err)
		}
		i.close = append(i.close, nc.Close)
	}
	if os.Getenv("REDIS_URL") == "" {
		// Windows and budgets live for minutes; what is lost with the process is
		// read again from the ledger.
		server := miniredis.NewMiniRedis()
		server.ClockTTL(true)
		if err := server.Start(); err != nil {
			return fmt.Errorf("start the embedded Redis server: %w", err)
		}
		i.close = append(i.close, server.Close)
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), ClientName: "dealsync"})
		i.close = append(i.close, func() { _ = client.Close() })
		rdb = client
	}
	i.Host.Use(nc, rdb)
	return nil
}

// useKey makes sure that secrets can be sealed: the key comes from
// DEALSYNC_KEY, else from a file in the data directory that only its owner may
// read, made at the first start.
func useKey(data string) error {
	if os.Getenv("DEALSYNC_KEY") != "" {
		return nil
	}
	path := filepath.Join(data, "key")
	content, err := os.ReadFile(path) //nolint:gosec // our own data directory
	if os.IsNotExist(err) {
		content = []byte(seal.GenerateKey().Reveal())
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("sealing key: %w", err)
	}
	if err := os.Setenv("DEALSYNC_KEY", string(content)); err != nil {
		return fmt.Errorf("sealing key: %w", err)
	}
	return nil
}
