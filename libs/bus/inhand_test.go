package bus

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// delivered is a message from a server that delivers what it likes.
type delivered struct {
	jetstream.Msg
	acks chan string
	name string
}

func (d delivered) Subject() string { return "dealsyncq.changes.g1.0.live.acme.main.deal.1" }
func (d delivered) Ack() error      { d.acks <- d.name; return nil }

func TestDeliveriesOfOneMessage(t *testing.T) {
	t.Parallel()
	stored := time.Unix(1_770_000_000, 1)
	acks, begun, finish := make(chan string, 10), make(chan uint64, 10), make(chan struct{})
	var l *lanes
	l = newLanes(func(it *item) outcome {
		begun <- it.seq
		<-finish
		_ = l.handle(it).Ack()
		return outcome{settled: true}
	}, newRecent(4))
	add := func(seq uint64, at time.Time, name string) {
		m := delivered{acks: acks, name: name}
		l.add(&item{msg: m, ack: m, seq: seq, published: at, lane: Live})
	}

	add(1, stored, "first")
	<-begun
	add(1, stored, "again, while in hand")
	finish <- struct{}{}
	if got := <-acks; got != "again, while in hand" {
		t.Errorf("acknowledged through the delivery %q, want the newest", got)
	}
	add(2, stored, "next")
	if seq := <-begun; seq != 2 {
		t.Errorf("message %d was handled twice", seq)
	}
	finish <- struct{}{}
	<-acks

	<-l.close()
	l2 := newLanes(l.do, l.recent) // the next owner in this process
	l = l2
	add(1, stored, "again, when settled")
	if got := <-acks; got != "again, when settled" {
		t.Errorf("got %q", got)
	}
	add(1, stored.Add(time.Second), "another message that got the sequence")
	if seq := <-begun; seq != 1 {
		t.Errorf("got %d", seq)
	}
	finish <- struct{}{}
	if got := <-acks; got != "another message that got the sequence" {
		t.Errorf("got %q", got)
	}
	<-l.close()
	add(3, stored, "after the end")
	if len(begun) > 0 || len(acks) > 0 {
		t.Error("handled after the lanes closed")
	}
}

func TestAMessageIsGivenUpByAgeButNotForWaiting(t *testing.T) {
	t.Parallel()
	const limit = 24 * time.Hour
	now := time.Now()
	for name, tt := range map[string]struct {
		published, firstTry time.Duration // ago
		wait                time.Duration
		want                bool
	}{
		"a young message is tried on":            {time.Hour, time.Hour, time.Minute, false},
		"an old one that was tried long is not":  {25 * time.Hour, 2 * time.Hour, time.Minute, true},
		"an old one that only waited is tried":   {48 * time.Hour, time.Minute, time.Minute, false},
		"a wait beyond the age is not worth it":  {23 * time.Hour, 23 * time.Hour, 2 * time.Hour, true},
		"the age alone does not give up at once": {24*time.Hour + time.Minute, 0, time.Minute, false},
	} {
		it := &item{published: now.Add(-tt.published), firstTry: now.Add(-tt.firstTry)}
		if got := it.tooOld(limit, tt.wait); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// An owner that cannot prove its lease for a moment may prove it again: a lane
// that gave up meanwhile would hold its messages for ever.
func TestALaneWaitsWhileTheLeaseIsInDoubt(t *testing.T) {
	t.Parallel()
	o := &owner{c: &consumption{b: &Bus{cfg: Config{LeaseTTL: time.Second}}, begin: time.Now().Add(-time.Minute)}}
	if out := o.attempt(&item{}); out.abandon || out.settled || out.retry <= 0 {
		t.Errorf("in doubt: %+v, want another try later", out)
	}
	o.lost.Store(true)
	if out := o.attempt(&item{}); !out.abandon {
		t.Errorf("lost: %+v, want the message left to the next owner", out)
	}
}

// A connection whose last attempt failed and which has nothing in hand must be
// tried again, or what is held of it would never come back.
func TestAFailingConnectionIsAlwaysTried(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 4, 16, 256} {
		p := newPressure()
		p.heard("acme.main", fault.New(fault.Transient, "down", "connection refused"))
		if n := p.room("acme.main", Config{LiveWindow: window}.share(Live)); n < 1 {
			t.Errorf("window %d: room for %d, want at least one", window, n)
		}
	}
}
