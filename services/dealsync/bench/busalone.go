package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/dealsync/dealsync/libs/bus"
)

// hops is how many messages an edit needs at least: notice, change, proposal,
// write and the outcome, which is a proposal again.
const hops = 5

// busAlone sends messages of 1 KiB over the same queues with the same library,
// each handler doing nothing but publish to the next: the most that any work on
// this bus could reach here. All handlers are in this process, each stage on a
// connection of its own.
func (b *run) busAlone(ctx context.Context, durability string, messages int) (result Bus, err error) {
	in := &installation{dir: filepath.Join(b.dir, "bus-"+durability)}
	defer in.end()
	if err := os.MkdirAll(in.dir, 0o700); err != nil {
		return result, fmt.Errorf("make a directory: %w", err)
	}
	addr, err := addresses(1)
	if err != nil {
		return result, err
	}
	if err := in.startNATS(ctx, b.nats, addr[0], durability); err != nil {
		return result, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &relay{url: "nats://" + addr[0], durability: bus.Durability(durability), gone: cancel}
	defer r.end()
	if err := r.start(ctx); err != nil {
		return result, err
	}
	if err := r.cross(ctx, 1); err != nil { // every partition has its owner now
		return result, err
	}
	before, err := in.usage()
	if err != nil {
		return result, err
	}
	start := time.Now()
	if err := r.cross(ctx, messages); err != nil {
		return result, err
	}
	took := time.Since(start)
	after, err := in.usage()
	if err != nil {
		return result, err
	}
	return Bus{
		Messages: messages, Hops: hops, PerSecond: round(float64(messages) / took.Seconds()),
		CPUPerMessage: perItem(after.total()-before.total(), messages),
	}, nil
}

// relay hands messages on from stage to stage.
type relay struct {
	url        string
	durability bus.Durability

	conns   []*nats.Conn
	first   *bus.Bus
	sent    int64
	arrived atomic.Int64
	want    atomic.Int64
	all     chan struct{} // hears that what was wanted has arrived
	running sync.WaitGroup
	gone    context.CancelFunc
}

func (r *relay) start(ctx context.Context) error {
	r.all = make(chan struct{}, 1)
	for stage, next := range map[bus.Stage]bus.Stage{
		bus.Notices: bus.Changes, bus.Changes: bus.Proposals, bus.Proposals: bus.Writes, bus.Writes: bus.Proposals,
	} {
		b, err := r.open(ctx)
		if err != nil {
			return err
		}
		r.first = b
		r.running.Go(func() {
			_ = b.Consume(ctx, stage, func(ctx context.Context, d *bus.Delivery) error { // ends with ctx
				return r.handle(ctx, b, d, stage, next)
			})
		})
	}
	return nil
}

func (r *relay) open(ctx context.Context) (*bus.Bus, error) {
	nc, err := nats.Connect(r.url)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	r.conns = append(r.conns, nc)
	b, err := bus.New(ctx, nc, bus.Config{Durability: r.durability}, bus.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("open the bus: %w", err)
	}
	return b, nil
}

const outcome = "bench.outcome"

func (r *relay) handle(ctx context.Context, b *bus.Bus, d *bus.Delivery, stage, next bus.Stage) error {
	if d.Type == outcome {
		if r.arrived.Add(1) == r.want.Load() {
			r.all <- struct{}{}
		}
		return nil
	}
	m := d.Message
	m.Subject.Stage = next
	if stage == bus.Writes {
		m.Type = outcome
		m.ID += ".outcome"
	}
	return b.Publish(ctx, m)
}

// cross publishes n messages and waits until all have crossed every hop.
func (r *relay) cross(ctx context.Context, n int) error {
	const batch = 100
	r.arrived.Store(0)
	r.want.Store(int64(n))
	payload := make([]byte, 1024)
	for left := n; left > 0; left -= batch {
		var list []bus.Message
		for range min(left, batch) {
			r.sent++
			key := strconv.FormatInt(r.sent, 10)
			list = append(list, bus.Message{
				Subject: bus.Subject{Stage: bus.Notices, Lane: bus.Live, Workspace: "bench", Connection: "alone", Object: "deal", Key: key},
				ID:      "bench." + key, Type: "bench.message", Time: time.Now(), Data: payload,
			})
		}
		if err := r.first.PublishAll(ctx, list...); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	patience := time.NewTimer(3 * time.Minute)
	defer patience.Stop()
	select {
	case <-r.all:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", context.Cause(ctx))
	case <-patience.C:
		return fmt.Errorf("only %d of %d messages have arrived", r.arrived.Load(), n)
	}
}

func (r *relay) end() {
	r.gone()
	r.running.Wait()
	for _, nc := range r.conns {
		nc.Close()
	}
}
