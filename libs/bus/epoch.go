package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ackWait is long on purpose: that an owner lives is told by its lease. A
// message is delivered again when the next epoch begins.
const ackWait = 30 * time.Minute

// consumerPrefix starts the names of all epochs of the partition.
func (o *owner) consumerPrefix() string {
	return fmt.Sprintf("%s_g%d_p%d_e", o.c.stage, o.slot.gen, o.slot.partition)
}

func (o *owner) consumer(l Lane) string {
	return fmt.Sprintf("%s%d_%s", o.consumerPrefix(), o.epoch, l)
}

// takeOver removes the consumers of earlier owners and begins to read. On a
// work queue exactly the unfinished messages are left, so a new consumer gets
// them first and in order; acks of an earlier owner meet nobody. After an error
// some may be reading already.
func (o *owner) takeOver(ctx context.Context) ([]jetstream.ConsumeContext, error) {
	ctx, cancel := context.WithTimeout(ctx, o.c.b.cfg.LeaseTTL-margin(o.c.b.cfg.LeaseTTL))
	defer cancel()
	if err := o.deleteEarlier(ctx); err != nil {
		return nil, err
	}
	var reading []jetstream.ConsumeContext
	for _, l := range [...]Lane{Live, Bulk} {
		r, err := o.read(ctx, l)
		if err != nil {
			return reading, fmt.Errorf("consume %s: %w", o.consumer(l), err)
		}
		reading = append(reading, r)
	}
	return reading, nil
}

func (o *owner) deleteEarlier(ctx context.Context) error {
	st, err := o.c.b.js.Stream(ctx, o.c.stage.stream())
	if err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	names := st.ConsumerNames(ctx)
	var earlier []string
	for name := range names.Name() {
		epoch, ok := o.epochOf(name)
		if ok && epoch > o.epoch {
			return fmt.Errorf("epoch %d is over: consumer %s exists", o.epoch, name)
		}
		if ok {
			earlier = append(earlier, name)
		}
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("list consumers: %w", err)
	}
	for _, name := range earlier {
		if err := st.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("delete consumer %s: %w", name, err)
		}
	}
	// From here on no earlier owner is given anything.
	info, err := st.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at stream: %w", err)
	}
	o.inherited = info.State.LastSeq
	return nil
}

// epochOf reads the epoch from the name of a consumer of this partition.
func (o *owner) epochOf(name string) (uint64, bool) {
	rest, ok := strings.CutPrefix(name, o.consumerPrefix())
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, "_")
	epoch, err := strconv.ParseUint(digits, 10, 64)
	return epoch, err == nil
}

func (o *owner) read(ctx context.Context, l Lane) (jetstream.ConsumeContext, error) {
	window := o.c.b.cfg.LiveWindow
	if l == Bulk {
		window = o.c.b.cfg.BulkWindow
	}
	cons, err := o.c.b.js.CreateConsumer(ctx, o.c.stage.stream(), jetstream.ConsumerConfig{
		Durable:       o.consumer(l),
		FilterSubject: fmt.Sprintf("%s.%s.g%d.%d.%s.>", stored, o.c.stage, o.slot.gen, o.slot.partition, l),
		AckPolicy:     jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: window,
		// The stream knows what is unfinished; a consumer's own file would only
		// cost writes. A server restart forgets it, which healthy notices.
		MemoryStorage: true,
	})
	if err != nil {
		return nil, err
	}
	return cons.Consume(func(msg jetstream.Msg) { o.receive(msg, l) },
		jetstream.PullMaxMessages(window), jetstream.PullExpiry(5*time.Second),
		jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) { o.suspect.Store(true) }))
}

func (o *owner) receive(msg jetstream.Msg, l Lane) {
	o.heard.Store(int64(time.Since(o.c.begin)))
	it, err := newItem(msg, l)
	if err != nil {
		o.c.log.Error("bus.delivery_unreadable", "stage", o.c.stage, "subject", msg.Subject(), "error", err.Error())
		return
	}
	o.lanes.add(it)
}

// healthy reports whether the consumers still do their work. A consumer that a
// server restart forgot, and one that delivers nothing for StallAfter though
// messages are pending and there is room for them, are made anew by a new owner.
func (o *owner) healthy(ctx context.Context, reading []jetstream.ConsumeContext) bool {
	quiet := time.Since(o.c.begin) - time.Duration(o.heard.Load())
	stalled := quiet > o.c.b.cfg.StallAfter
	if links := o.c.b.nc.Stats().Reconnects; links != o.links {
		o.links = links
		o.suspect.Store(true)
	}
	if !o.suspect.Swap(false) && !stalled {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, o.c.b.cfg.LeaseTTL/3)
	defer cancel()
	for i, l := range [...]Lane{Live, Bulk} {
		select {
		case <-reading[i].Closed():
			return false
		default:
		}
		cons, err := o.c.b.js.Consumer(ctx, o.c.stage.stream(), o.consumer(l))
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			return false
		}
		if err != nil {
			o.suspect.Store(true) // ask again
			return true
		}
		info := cons.CachedInfo()
		if stalled && info.NumPending > 0 && info.NumAckPending < info.Config.MaxAckPending {
			o.c.log.WarnContext(ctx, "bus.stalled", "stage", o.c.stage, "consumer", o.consumer(l), "pending", info.NumPending)
			return false
		}
	}
	if stalled {
		o.heard.Store(int64(time.Since(o.c.begin)))
	}
	return true
}
