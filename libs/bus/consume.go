package bus

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/dealsync/dealsync/libs/fault"
)

// Consume hands the stage's messages to h until ctx ends; then running
// handlers finish, their acks are flushed, and the partitions are given to
// other replicas. It shares the partitions evenly with every other Consume of
// the stage: each takes at most its share, rounded up, so with more replicas
// than partitions some stand by. Trouble with the server never ends it; a
// connection that the caller closed does, with a Transient error.
func (b *Bus) Consume(ctx context.Context, stage Stage, h Handler) error {
	if !stage.queued() {
		return fault.New(fault.Invalid, "bad_stage", "consume: stage %q is no work queue", stage)
	}
	c := &consumption{
		b: b, stage: stage, handle: h, id: nuid.Next(), log: b.log, begin: time.Now(),
		owners: map[slot]*owner{}, recents: map[slot]*recent{}, kick: make(chan struct{}, 1),
	}
	return c.run(ctx)
}

// consumption is one running Consume: a member among the stage's replicas.
type consumption struct {
	b      *Bus
	stage  Stage
	handle Handler
	id     string
	log    *slog.Logger
	begin  time.Time // what monotonic times are counted from

	// Only run and what it calls touch these.
	owners  map[slot]*owner
	recents map[slot]*recent
	drained int // generations up to this one hold no messages any more

	kick chan struct{} // balance now
}

func (c *consumption) memberKey() string { return string(c.stage) + ".member." + c.id }

func (c *consumption) run(ctx context.Context) error {
	// Owners outlive ctx: they drain.
	life := context.WithoutCancel(ctx)
	every := time.NewTicker(c.b.cfg.LeaseTTL / 3)
	defer every.Stop()
	nudges, err := c.b.nc.Subscribe(c.nudgeSubject(), func(*nats.Msg) { c.wake() })
	if err != nil {
		return fmt.Errorf("consume %s: %w", c.stage, classify(err))
	}
	defer func() { _ = nudges.Unsubscribe() }()
	c.announce(ctx)
	for {
		err := c.balance(ctx, life)
		if c.b.nc.IsClosed() {
			c.leave(life)
			return fmt.Errorf("consume %s: %w", c.stage, classify(nats.ErrConnectionClosed))
		}
		if err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "bus.balance_failed", "stage", c.stage, "error", err.Error())
		}
		select {
		case <-ctx.Done():
			c.leave(life)
			return nil
		case <-every.C:
		case <-c.kick:
		}
	}
}

// nudgeSubject is where replicas tell each other, by plain messages, that
// partitions were left or a member came, so that nobody waits for the next
// round. A lost nudge costs no more than that wait.
func (c *consumption) nudgeSubject() string { return stored + ".nudge." + string(c.stage) }

func (c *consumption) nudge() { _ = c.b.nc.Publish(c.nudgeSubject(), nil) }

func (c *consumption) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// announce makes us a member and tells the others, who then make room.
func (c *consumption) announce(ctx context.Context) {
	if err := c.b.leases.announce(ctx, c.memberKey()); err == nil {
		c.nudge()
	}
}

// balance brings what we own in line with what we should: the partitions of the
// generation to work on, and no more of them than our share.
func (c *consumption) balance(ctx, life context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.b.cfg.PublishTimeout)
	defer cancel()
	c.reap()
	if err := c.b.leases.announce(ctx, c.memberKey()); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	gen, partitions, err := c.look(ctx)
	if err != nil {
		return fmt.Errorf("look at stream: %w", err)
	}
	members, err := c.b.leases.members(ctx, string(c.stage)+".member.", c.memberKey())
	if err != nil {
		return fmt.Errorf("count members: %w", err)
	}
	share := (partitions + members - 1) / members
	owned := c.shed(gen, share)
	for _, p := range rand.Perm(partitions) {
		s := slot{gen, p}
		if owned >= share || c.owners[s] != nil {
			continue
		}
		o, err := c.acquire(ctx, life, s)
		if err != nil {
			return fmt.Errorf("take partition %s: %w", s, err)
		}
		if o != nil {
			c.owners[s] = o
			owned++
		}
	}
	return nil
}

// look finds the generation to work on, and reports on the stream by the way.
func (c *consumption) look(ctx context.Context) (gen, partitions int, err error) {
	st, err := c.b.js.Stream(ctx, c.stage.stream())
	if err != nil {
		return 0, 0, err
	}
	info := st.CachedInfo()
	c.b.metrics.state(ctx, c.stage, info.State.Msgs, info.State.FirstTime, len(c.owners))
	g, err := readGenerations(info.Config.Metadata)
	if err != nil {
		return 0, 0, err
	}
	if gen, err = generation(ctx, st, c.stage, g, c.drained); err != nil {
		return 0, 0, err
	}
	c.drained = gen - 1
	return gen, g.partitions[gen], nil
}

// reap forgets owners that have ended.
func (c *consumption) reap() {
	for s, o := range c.owners {
		select {
		case <-o.done:
			delete(c.owners, s)
		default:
		}
	}
}

// shed asks owners of another generation, and those beyond our share, to hand
// over. It returns how many of the generation stay.
func (c *consumption) shed(gen, share int) int {
	owned := 0
	for s, o := range c.owners {
		switch {
		case o.leaving():
		case s.gen != gen || owned >= share:
			close(o.asked)
		default:
			owned++
		}
	}
	return owned
}

func (o *owner) leaving() bool {
	select {
	case <-o.asked:
		return true
	default:
		return false
	}
}

// acquire takes a partition if nobody holds it; otherwise it returns nil.
func (c *consumption) acquire(ctx, life context.Context, s slot) (*owner, error) {
	if c.recents[s] == nil {
		c.recents[s] = newRecent(2 * (c.b.cfg.LiveWindow + c.b.cfg.BulkWindow))
	}
	o := &owner{c: c, slot: s, asked: make(chan struct{}), done: make(chan struct{})}
	at := time.Since(c.begin)
	rev, ok, err := c.b.leases.acquire(ctx, o.leaseKey(), c.id, c.b.cfg.LeaseTTL)
	if err != nil || !ok {
		return nil, err
	}
	o.rev, o.epoch, o.links = rev, rev, c.b.nc.Stats().Reconnects
	o.proven.Store(int64(at))
	o.heard.Store(int64(at))
	o.work, o.cancel = context.WithCancel(life)
	o.lanes = newLanes(o.attempt, c.recents[s])
	if c.stage.holds() {
		o.lanes.pressure = newPressure()
	}
	go o.live(life)
	return o, nil
}

// leave withdraws from the members, so that the others' shares grow, and hands
// everything over to them.
func (c *consumption) leave(ctx context.Context) {
	brief, cancel := context.WithTimeout(ctx, c.b.cfg.LeaseTTL)
	defer cancel()
	if err := c.b.leases.withdraw(brief, c.memberKey()); err != nil {
		c.log.DebugContext(ctx, "bus.not_withdrawn", "stage", c.stage, "error", err.Error())
	}
	for _, o := range c.owners {
		if !o.leaving() {
			close(o.asked)
		}
	}
	for _, o := range c.owners {
		<-o.done
	}
}
