package bus_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
)

// BenchmarkFiveHops moves 1 KiB messages through five hops, each of which
// consumes, publishes to the next and acknowledges, and prints messages per
// second. There are four stages; the first and the last hop share the notices,
// so that a fifth needs no stream of its own.
func BenchmarkFiveHops(b *testing.B) {
	cfg := bustest.Config()
	cfg.LeaseTTL = 0 // the default
	cfg.StageBytes = 1 << 30
	bs := bustest.New(b).Bus(cfg)
	const keys = 2000
	var done atomic.Int64
	finished := make(chan struct{})
	next := map[bus.Stage]bus.Stage{bus.Notices: bus.Changes, bus.Changes: bus.Proposals, bus.Proposals: bus.Writes, bus.Writes: bus.Notices}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	ready := make(chan struct{}, 8)
	for stage, to := range next {
		wg.Go(func() {
			err := bs.Consume(ctx, stage, func(ctx context.Context, d *bus.Delivery) error {
				switch {
				case d.Type == "warm":
					ready <- struct{}{}
					return nil
				case d.Type == "last":
					if done.Add(1) == int64(b.N) {
						close(finished)
					}
					return nil
				}
				m := d.Message
				m.Subject.Stage = to
				m.ID = string(to[0]) + m.ID
				if stage == bus.Writes {
					m.Type = "last"
				}
				return bs.Publish(ctx, m)
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	for stage := range next {
		if err := bs.Publish(b.Context(), bus.Message{Subject: bus.Subject{Stage: stage, Key: "warm"}, Type: "warm", ID: "warm" + string(stage)}); err != nil {
			b.Fatal(err)
		}
		<-ready
	}
	data := make([]byte, 1024)
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	b.ResetTimer()
	begin := time.Now()
	batch := make([]bus.Message, 0, 256)
	for i := range b.N {
		batch = append(batch, bus.Message{
			Subject: bus.Subject{Stage: bus.Notices, Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Key: fmt.Sprint(i % keys)},
			ID:      fmt.Sprint("id-", i), Type: "dealsync.event.v1.Change", Time: begin, Data: data,
		})
		if len(batch) == cap(batch) || i == b.N-1 {
			if err := bs.PublishAll(b.Context(), batch...); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	<-finished
	took := time.Since(begin)
	b.StopTimer()
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	runtime.ReadMemStats(&m1)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(b.N)/took.Seconds(), "msg/s")
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-us/msg")
	b.ReportMetric(float64(m1.Mallocs-m0.Mallocs)/float64(b.N), "mallocs/msg")
	cancel()
	wg.Wait()
}
