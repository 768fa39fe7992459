package bus_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

// to is a write to a connection.
func to(connection string, n int) bus.Message {
	return bus.Message{
		Subject: bus.Subject{Stage: bus.Writes, Workspace: "acme", Connection: connection, Object: "deal", Key: fmt.Sprint("p", n)},
		ID:      fmt.Sprint(connection, n), Type: "test", Data: []byte(connection),
	}
}

func TestAConnectionThatFailsHoldsUpNoOther_N6(t *testing.T) {
	t.Parallel()
	cfg := bustest.Config()
	cfg.LiveWindow = 16
	b := bustest.New(t).Bus(cfg)
	var dead atomic.Bool
	dead.Store(true)
	const n = 200
	well, back := make(chan string, n), make(chan string, 2*n)
	again := atomic.Int64{}
	consume(t, b, bus.Writes, func(_ context.Context, d *bus.Delivery) error {
		if d.Subject.Connection == "well" {
			well <- d.Subject.Key
			return nil
		}
		if dead.Load() {
			return fault.New(fault.Transient, "down", "connection refused")
		}
		if d.Inherited() {
			again.Add(1)
		}
		back <- d.Subject.Key
		return nil
	})
	var waiting []bus.Message
	for i := range n {
		waiting = append(waiting, to("dead", i))
	}
	publish(t, b, waiting...) // many times the window
	for i := range 20 {
		publish(t, b, to("well", i))
		receive(t, well)
	}
	dead.Store(false)
	seen := map[string]bool{}
	for len(seen) < n {
		seen[receive(t, back)] = true
	}
	if again.Load() == 0 {
		t.Error("no message says that it has been held")
	}
}
