// Package host is the life cycle that all programs share: configuration,
// connections, health, signals and drain. It knows no service; a service hands
// it a Module.
package host

import (
	"fmt"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/seal"
	"github.com/dealsync/dealsync/libs/telemetry"
)

// Config is what every program needs, whatever it does.
type Config struct {
	NATS        string      `yaml:"nats_url" env:"NATS_URL" desc:"Address of the NATS server."`
	NATSCreds   string      `yaml:"nats_creds" env:"NATS_CREDS" desc:"NATS credentials file; empty where the server asks for none."`
	Redis       string      `yaml:"redis_url" env:"REDIS_URL" desc:"Address of the Redis server."`
	ConfigAddr  string      `yaml:"config_addr" env:"DEALSYNC_CONFIG_ADDR" desc:"Address of the config service (gRPC)."`
	ConfigToken seal.Secret `yaml:"config_token" env:"DEALSYNC_CONFIG_TOKEN" desc:"Access token of the config service; empty asks for none, which only suits a loopback address or a private network."`
	HealthAddr  string      `yaml:"health_addr" env:"DEALSYNC_HEALTH_ADDR" desc:"Where /healthz, /readyz and /metrics are served."`
	Pprof       bool        `yaml:"pprof" env:"DEALSYNC_PPROF" desc:"Serve /debug/pprof/ on the health address; for measuring only."`
	Durability  string      `yaml:"durability" env:"DEALSYNC_DURABILITY" desc:"interval, always or replicated: what survives what."`
	Partitions  int         `yaml:"partitions" env:"DEALSYNC_PARTITIONS" desc:"Partitions per stage; 0 keeps what the streams have."`
	Shards      int         `yaml:"ledger_shards" env:"DEALSYNC_LEDGER_SHARDS" desc:"Buckets that records, links and pairs are spread over; fixed once data is there."`

	Telemetry telemetry.Config `yaml:"telemetry"`
}

// Defaults runs against servers on their usual local ports.
func Defaults() Config {
	return Config{
		NATS: "nats://127.0.0.1:4222", Redis: "redis://127.0.0.1:6379",
		ConfigAddr: "127.0.0.1:8082", HealthAddr: "127.0.0.1:8083",
		Durability: string(bus.Interval), Telemetry: telemetry.Defaults(),
	}
}

// Bus is the bus's part of the configuration.
func (c Config) Bus() bus.Config {
	return bus.Config{Durability: bus.Durability(c.Durability), Partitions: c.Partitions}
}

// Ledger is the ledger's part of the configuration.
func (c Config) Ledger() ledger.Config {
	cfg := ledger.Config{Shards: c.Shards}
	if bus.Durability(c.Durability) == bus.Replicated {
		cfg.Replicas = 3
	}
	return cfg
}

// String names what the program is connected to, without any secret.
func (c Config) String() string {
	return fmt.Sprintf("durability %s, config service %s, health %s", c.Durability, c.ConfigAddr, c.HealthAddr)
}
