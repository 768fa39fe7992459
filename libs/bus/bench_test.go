package bus_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
)

// BenchmarkFiveHops moves 1 KiB messages through five hops as fast as they go
// and prints messages per second.
func BenchmarkFiveHops(b *testing.B) { fiveHops(b, 0) }

// BenchmarkFiveHopsAt100PerSecond does so at a light load and prints the
// latency from publish to the end of the last hop.
func BenchmarkFiveHopsAt100PerSecond(b *testing.B) { fiveHops(b, 10*time.Millisecond) }

// hops is a pipeline of five: each consumes, publishes to the next and
// acknowledges. There are four stages, so the last hop is the first stage again.
type hops struct {
	bs    *bus.Bus
	took  []time.Duration
	mu    sync.Mutex
	ready chan struct{}
	done  chan struct{}
	want  int
}

var nextStage = map[bus.Stage]bus.Stage{
	bus.Notices: bus.Changes, bus.Changes: bus.Proposals, bus.Proposals: bus.Writes, bus.Writes: bus.Notices,
}

func (h *hops) handle(ctx context.Context, d *bus.Delivery) error {
	switch d.Type {
	case "warm":
		h.ready <- struct{}{}
		return nil
	case "last":
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.took = append(h.took, time.Since(d.Time)); len(h.took) == h.want {
			close(h.done)
		}
		return nil
	}
	m := d.Message
	m.Subject.Stage = nextStage[d.Subject.Stage]
	if m.Subject.Stage == bus.Notices {
		m.Type = "last"
		m.ID += "-last"
	}
	return h.bs.Publish(ctx, m)
}

func (h *hops) start(b *testing.B) {
	b.Helper()
	for stage := range nextStage {
		ctx, cancel := context.WithCancel(context.Background())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			if err := h.bs.Consume(ctx, stage, h.handle); err != nil {
				b.Error(err)
			}
		}()
		b.Cleanup(func() { cancel(); <-stopped })
		warm := bus.Message{Subject: bus.Subject{Stage: stage, Key: "warm"}, Type: "warm", ID: "warm"}
		if err := h.bs.Publish(b.Context(), warm); err != nil {
			b.Fatal(err)
		}
		<-h.ready
	}
}

func (h *hops) feed(b *testing.B, every time.Duration) {
	b.Helper()
	const keys = 2000
	data := make([]byte, 1024)
	if every > 0 {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := range b.N {
			<-tick.C
			if err := h.bs.Publish(b.Context(), h.message(i, keys, data)); err != nil {
				b.Fatal(err)
			}
		}
		<-h.done
		return
	}
	const size = 256
	batch := make([]bus.Message, 0, size)
	for i := range b.N {
		batch = append(batch, h.message(i, keys, data))
		if len(batch) == size || i == b.N-1 {
			if err := h.bs.PublishAll(b.Context(), batch...); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	<-h.done
}

func (h *hops) message(i, keys int, data []byte) bus.Message {
	return bus.Message{
		Subject: bus.Subject{Stage: bus.Notices, Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Key: fmt.Sprint(i % keys)},
		ID:      fmt.Sprint("id-", i), Type: "dealsync.event.v1.Change", Time: time.Now(), Data: data,
	}
}

func fiveHops(b *testing.B, every time.Duration) {
	b.Helper()
	cfg := bustest.Config()
	cfg.LeaseTTL = 0 // the default
	cfg.StageBytes = 1 << 30
	h := &hops{bs: bustest.New(b).Bus(cfg), ready: make(chan struct{}), done: make(chan struct{}), want: b.N}
	h.start(b)
	b.ResetTimer()
	begin, cpu := time.Now(), processorTime(b)
	h.feed(b, every)
	took := time.Since(begin)
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-cpu).Microseconds())/float64(b.N), "cpu-us/msg")
	if every == 0 {
		b.ReportMetric(float64(b.N)/took.Seconds(), "msg/s")
		return
	}
	slices.Sort(h.took)
	b.ReportMetric(float64(h.took[len(h.took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(h.took[len(h.took)*99/100].Microseconds())/1000, "p99-ms")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
