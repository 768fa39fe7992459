package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// slot is one partition of one generation.
type slot struct{ gen, partition int }

func (s slot) String() string { return fmt.Sprintf("g%d.p%d", s.gen, s.partition) }

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

	inherited uint64 // the stream's last message before this ownership; set by takeOver

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
	ended := make(chan struct{})
	if err == nil && o.slot.partition == 0 && o.lanes.pressure != nil {
		go o.releaseHeld(o.work, ended)
	}
	for wanted := err == nil; wanted && o.fresh(); {
		select {
		case <-o.asked:
			wanted = false
		case <-tick.C:
			o.renew(ctx)
			wanted = o.healthy(ctx, reading)
		}
	}
	close(ended)
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
