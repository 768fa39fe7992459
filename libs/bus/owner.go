package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// slot is one partition of one generation.
type slot struct{ gen, partition int }

func (s slot) String() string { return fmt.Sprintf("g%d.p%d", s.gen, s.partition) }

// ackWait is long on purpose: that an owner lives is told by its lease. A
// message is delivered again when the next epoch begins.
const ackWait = 30 * time.Minute

// owner is one ownership of one partition: a lease, two epoch consumers (live
// and bulk) and the lanes. It begins with a lease just taken and ends when
// asked to, or when the lease is lost; then another owner takes over.
type owner struct {
	c     *consumption
	slot  slot
	epoch uint64
	lanes *lanes

	// work is the handlers' context. It ends when the lease is lost or the time
	// to drain is over.
	work   context.Context
	cancel context.CancelFunc

	rev     uint64       // of the lease, kept by run
	proven  atomic.Int64 // last proof of the lease, in nanoseconds since c.begin
	lost    atomic.Bool
	heard   atomic.Int64 // last delivery, likewise
	suspect atomic.Bool  // a consumer reported trouble
	links   uint64       // reconnects seen, kept by run

	asked chan struct{} // closed: hand over
	done  chan struct{} // closed: all is over
}

func (o *owner) leaseKey() string { return fmt.Sprintf("%s.lease.%s", o.c.stage, o.slot) }

// margin is the part of a lease's life in which we no longer trust it.
func margin(ttl time.Duration) time.Duration { return ttl / 4 }

// fresh reports whether the lease is certainly ours.
func (o *owner) fresh() bool {
	age := time.Since(o.c.begin) - time.Duration(o.proven.Load())
	ttl := o.c.b.cfg.LeaseTTL
	return !o.lost.Load() && age < ttl-margin(ttl)
}

// live is the life of an owner, after which others are told.
func (o *owner) live(ctx context.Context) {
	worked := o.run(ctx)
	o.cancel()
	close(o.done)
	if worked { // else the next round is soon enough
		o.c.nudge()
	}
}

// run takes over, works until it should or must end, and hands over. It returns
// false when the take-over failed.
func (o *owner) run(ctx context.Context) (worked bool) {
	reading, err := o.takeOver(ctx)
	if err != nil {
		o.c.log.WarnContext(ctx, "bus.takeover_failed", "stage", o.c.stage, "partition", o.slot.String(), "error", err.Error())
	} else {
		o.c.log.InfoContext(ctx, "bus.partition_taken", "stage", o.c.stage, "partition", o.slot.String(), "epoch", o.epoch)
	}
	tick := time.NewTicker(o.c.b.cfg.LeaseTTL / 3)
	defer tick.Stop()
	for wanted := err == nil; wanted && o.fresh(); {
		select {
		case <-o.asked:
			wanted = false
		case <-tick.C:
			o.renew(ctx)
			wanted = o.healthy(ctx, reading)
		}
	}
	for _, r := range reading {
		r.Stop() // what is not in a lane yet is the next owner's
	}
	o.drain(ctx, tick)
	if o.fresh() {
		o.handOver(ctx)
	}
	o.c.log.InfoContext(ctx, "bus.partition_left", "stage", o.c.stage, "partition", o.slot.String(), "epoch", o.epoch, "lost", !o.fresh())
	return err == nil
}

// renew proves the lease anew. The proof counts from before it was asked for.
func (o *owner) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, o.c.b.cfg.LeaseTTL/3)
	defer cancel()
	at := time.Since(o.c.begin)
	rev, err := o.c.b.leases.renew(ctx, o.leaseKey(), o.c.id, o.rev)
	switch {
	case err == nil:
		o.rev = rev
		o.proven.Store(int64(at))
	case isWrongRevision(err):
		rev, mine := o.c.b.leases.revision(ctx, o.leaseKey(), o.c.id)
		if !mine {
			o.lost.Store(true)
			return
		}
		o.rev = rev // an earlier renewal did arrive; prove it next time
	default:
		o.c.log.WarnContext(ctx, "bus.lease_not_renewed", "stage", o.c.stage, "partition", o.slot.String(), "error", err.Error())
	}
}

func isWrongRevision(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// drain waits for running attempts, keeping the lease meanwhile. When the time
// is over, or the lease is lost, the handlers' context ends; a handler that
// ignores even that is left behind.
func (o *owner) drain(ctx context.Context, tick *time.Ticker) {
	finished := o.lanes.close()
	patience := time.NewTimer(o.c.b.cfg.DrainTimeout)
	defer patience.Stop()
	for told := false; ; {
		if !o.fresh() && !told {
			told = true
			o.cancel()
			patience.Reset(o.c.b.cfg.DrainTimeout)
		}
		select {
		case <-finished:
			return
		case <-tick.C:
			if !o.lost.Load() {
				o.renew(ctx)
			}
		case <-patience.C:
			if told {
				o.c.log.ErrorContext(ctx, "bus.handler_stuck", "stage", o.c.stage, "partition", o.slot.String())
				return
			}
			told = true
			o.cancel()
			patience.Reset(o.c.b.cfg.DrainTimeout)
		}
	}
}

// handOver makes sure the server has worked off our acks, removes our consumers
// and gives the lease back, so that the next owner need not wait for it and
// gets nothing twice.
func (o *owner) handOver(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, o.c.b.cfg.LeaseTTL)
	defer cancel()
	for _, l := range [...]Lane{Live, Bulk} {
		// The server works off acks in turn, after it has received them; deleting
		// the consumer would overtake them. The last one again, with an answer
		// asked for, tells when they are through.
		if last := o.lanes.settledLast(l); last != nil {
			if _, err := o.c.b.nc.RequestWithContext(ctx, last.Reply(), []byte("+ACK")); err != nil {
				o.c.log.DebugContext(ctx, "bus.acks_not_confirmed", "consumer", o.consumer(l), "error", err.Error())
			}
		}
		if err := o.c.b.js.DeleteConsumer(ctx, o.c.stage.stream(), o.consumer(l)); err != nil {
			o.c.log.DebugContext(ctx, "bus.consumer_not_deleted", "consumer", o.consumer(l), "error", err.Error())
		}
	}
	o.release(ctx)
}

func (o *owner) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, o.c.b.cfg.LeaseTTL)
	defer cancel()
	if err := o.c.b.leases.release(ctx, o.leaseKey(), o.rev); err != nil {
		o.c.log.DebugContext(ctx, "bus.lease_not_released", "stage", o.c.stage, "partition", o.slot.String(), "error", err.Error())
	}
}

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
