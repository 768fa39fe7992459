package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// A connection that fails would in time fill a partition's window with its
// retries, and messages of other connections would wait behind them (N6). So
// in stages that talk to apps no connection keeps more than a share of the
// window while it fails: what exceeds it is held in a stream of its own and
// comes back when the connection works again.
//
// Held messages come back behind later ones. The stages that hold anything do
// not depend on order: edit times decide about notices, and a pair has one
// write in flight per side.

const (
	heldStream = "DEALSYNC_HELD"
	heldPrefix = "dealsync.held"
	// headerHeld marks a message that has been held.
	headerHeld = "Dealsync-Held"
	// heldShare is the part of a window that a failing connection may keep.
	heldShare = 4
	// releaseEvery is how often held messages are looked after.
	releaseEvery = 500 * time.Millisecond
	// releaseMost are brought back in one round; releaseProbe while nobody knows
	// whether the connection works.
	releaseMost, releaseProbe = 512, 16
)

// holds reports whether the stage may set messages of a failing connection
// aside.
func (s Stage) holds() bool { return s == Notices || s == Writes }

func heldConfig(c Config) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: heldStream, Subjects: []string{heldPrefix + ".*.*.*"},
		Description: "Messages of connections that fail, until they work again.",
		Retention:   jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: c.replicas(),
		Discard: jetstream.DiscardNew, MaxBytes: c.StageBytes, MaxMsgSize: c.MaxMessage + 64<<10,
		Duplicates: dedup, AllowDirect: c.replicas() == 1,
	}
}

// pressure counts what each connection has in hand, by lane, and knows which
// connections fail and which work.
type pressure struct {
	mu     sync.Mutex
	inHand map[place]int
	health map[string]health // by connection
}

// place is a connection within a lane.
type place struct {
	lane       Lane
	connection string // "workspace.connection"
}

// health is what the last attempt of a connection said.
type health struct {
	failing bool
	at      time.Time
}

// wellFor is how long a success speaks for its connection.
const wellFor = 5 * time.Second

func newPressure() *pressure {
	return &pressure{inHand: map[place]int{}, health: map[string]health{}}
}

// connectionOf is the connection that a stored subject belongs to, encoded as
// there.
func connectionOf(subject string) string {
	from := tail(subject, 5)
	return strings.TrimSuffix(from[:len(from)-len(tail(from, 2))], ".")
}

// count notes that n more messages of a place are in hand. A stage that never
// holds has no pressure.
func (p *pressure) count(at place, n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inHand[at] += n; p.inHand[at] <= 0 {
		delete(p.inHand, at)
	}
}

// heard takes in how an attempt ended.
func (p *pressure) heard(connection string, err error) {
	if p == nil {
		return
	}
	h := health{at: time.Now()}
	switch kind(err) {
	case fault.Transient, fault.RateLimited, fault.Auth:
		h.failing = true
	default: // an app that refuses a record is an app that answers
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.health[connection] = h
}

// over reports whether a connection fails and has more than its share in hand.
func (p *pressure) over(at place, share int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.health[at.connection].failing && p.inHand[at] > share
}

// room is how many held messages of a connection may come back now: many while
// it works, else a few to try, as long as fewer than half its share are trying;
// at least one, however small the share, or nobody would notice its recovery.
func (p *pressure) room(connection string, share int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.health[connection]; !h.failing && time.Since(h.at) < wellFor {
		return releaseMost
	}
	trying := p.inHand[place{Live, connection}] + p.inHand[place{Bulk, connection}]
	return max(0, min(releaseProbe, max(1, share/2)-trying))
}

func (c Config) share(l Lane) int {
	if l == Bulk {
		return max(1, c.BulkWindow/heldShare)
	}
	return max(1, c.LiveWindow/heldShare)
}

// hold sets a message aside, if its connection fails and has its share in hand.
func (o *owner) hold(it *item) bool {
	if o.lanes.pressure == nil || !o.lanes.pressure.over(it.place, o.c.b.cfg.share(it.lane)) {
		return false
	}
	h := nats.Header{HeaderOrigin: {published + "." + string(o.c.stage) + "." + tail(it.msg.Subject(), 4)}}
	for k, v := range it.msg.Headers() {
		if !strings.HasPrefix(k, "Nats-") && k != HeaderOrigin {
			h[k] = v
		}
	}
	h.Set(jetstream.MsgIDHeader, fmt.Sprintf("held:%s:%d:%d", o.c.stage, it.seq, it.published.UnixNano()))
	m := &nats.Msg{Subject: fmt.Sprintf("%s.%s.%s", heldPrefix, o.c.stage, it.place.connection), Header: h, Data: it.msg.Data()}
	if _, err := o.c.b.js.PublishMsg(o.work, m); err != nil {
		return false // it stays where it is
	}
	o.ack(it)
	return true
}

// releaseHeld brings held messages back, again and again until stop closes.
// The owner of the first partition does it for its stage.
func (o *owner) releaseHeld(ctx context.Context, stop <-chan struct{}) {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if err := o.releaseRound(ctx); err != nil && ctx.Err() == nil {
			o.c.log.WarnContext(ctx, "bus.release_failed", "stage", o.c.stage, "error", err.Error())
		}
	}
}

func (o *owner) releaseRound(ctx context.Context) error {
	st, err := o.c.b.js.Stream(ctx, heldStream)
	if err != nil {
		return fmt.Errorf("open held messages: %w", classify(err))
	}
	prefix := fmt.Sprintf("%s.%s.", heldPrefix, o.c.stage)
	info, err := st.Info(ctx, jetstream.WithSubjectFilter(prefix+">"))
	if err != nil {
		return fmt.Errorf("look at held messages: %w", classify(err))
	}
	for _, subject := range slices.Sorted(maps.Keys(info.State.Subjects)) {
		n := o.lanes.pressure.room(strings.TrimPrefix(subject, prefix), o.c.b.cfg.share(Live))
		if err := o.bringBack(ctx, st, subject, n); err != nil {
			return err
		}
	}
	return nil
}

// bringBack publishes up to n held messages of one connection where they came
// from and takes them out. A crash in between brings one back twice, which
// costs time only.
func (o *owner) bringBack(ctx context.Context, st jetstream.Stream, subject string, n int) error {
	for seq := uint64(1); n > 0 && o.fresh(); n-- {
		m, err := st.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read held message: %w", classify(err))
		}
		h := nats.Header{headerHeld: {"1"}}
		for k, v := range m.Header {
			if !strings.HasPrefix(k, "Nats-") && k != HeaderOrigin {
				h[k] = v
			}
		}
		if _, err := o.c.b.js.PublishMsg(ctx, &nats.Msg{Subject: m.Header.Get(HeaderOrigin), Header: h, Data: m.Data}); err != nil {
			return fmt.Errorf("bring held message back: %w", classify(err))
		}
		if err := st.DeleteMsg(ctx, m.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("take held message out: %w", classify(err))
		}
		seq = m.Sequence + 1
	}
	return nil
}
