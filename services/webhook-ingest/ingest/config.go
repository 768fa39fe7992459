// Package ingest takes webhooks: it verifies the sender before it parses
// anything, stores the delivery durably and only then answers 2xx (N1). It
// never interprets a record.
package ingest

import "time"

// Config of the service.
type Config struct {
	Addr     string        `yaml:"addr" env:"DEALSYNC_INGEST_ADDR" desc:"Where webhooks are taken."`
	MaxBody  int64         `yaml:"max_body" env:"DEALSYNC_INGEST_MAX_BODY" desc:"Largest body in bytes; more is answered with 413."`
	Wait     time.Duration `yaml:"wait" env:"DEALSYNC_INGEST_WAIT" desc:"How long to wait for the bus before answering 503."`
	InFlight int           `yaml:"in_flight" env:"DEALSYNC_INGEST_IN_FLIGHT" desc:"Deliveries in hand at once; more are answered with 503."`
}

// Defaults answer well within HubSpot's 5 seconds and Pipedrive's 10.
func Defaults() Config {
	return Config{Addr: "127.0.0.1:8081", MaxBody: 1 << 20, Wait: 3 * time.Second, InFlight: 1024}
}
