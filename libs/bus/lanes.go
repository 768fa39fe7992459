package bus

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// lanes hands the messages of one partition to one goroutine per active key: a
// key's messages run one after another, keys run beside each other. A goroutine
// lives as long as its key has messages.
//
// A key has two queues. Live messages go first, also past a bulk message that
// waits for its next attempt.
type lanes struct {
	do       func(*item) outcome
	recent   *recent
	pressure *pressure

	mu     sync.Mutex
	keys   map[string]*lane
	inHand map[uint64]*item
	last   map[Lane]jetstream.Msg // settled last
	closed bool

	stop chan struct{} // closed with the lanes: nobody starts an attempt any more
	wg   sync.WaitGroup
}

type lane struct {
	live, bulk queue
	wake       chan struct{} // non-nil while the lane sleeps on a bulk message
}

type queue struct{ head, tail *item }

// outcome is what one attempt came to.
type outcome struct {
	settled bool          // acked or parked: the next one, please
	retry   time.Duration // otherwise, try again after this
	abandon bool          // the partition is lost: leave everything as it is
}

func newLanes(do func(*item) outcome, r *recent) *lanes {
	return &lanes{do: do, recent: r, keys: map[string]*lane{}, inHand: map[uint64]*item{}, last: map[Lane]jetstream.Msg{}, stop: make(chan struct{})}
}

// add puts it into its lane. A message that is in hand already, or that was
// settled a moment ago, is not handled again.
func (l *lanes) add(it *item) {
	if l.recent.has(it.seq, it.published) {
		_ = it.msg.Ack() // the first one was lost; if this one is too, we meet again
		return
	}
	key := tail(it.msg.Subject(), 5)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if old := l.inHand[it.seq]; old != nil {
		old.ack = it.ack // the newest handle is the one the server listens to
		return
	}
	l.inHand[it.seq] = it
	l.pressure.count(it.place, 1)
	k := l.keys[key]
	if k == nil {
		k = &lane{}
		l.keys[key] = k
		l.wg.Add(1)
		go l.run(key, k)
	}
	k.queue(it.lane).push(it)
	if k.wake != nil && it.lane == Live {
		close(k.wake)
		k.wake = nil
	}
}

func (k *lane) queue(l Lane) *queue {
	if l == Bulk {
		return &k.bulk
	}
	return &k.live
}

// run works on one key until it has no more messages.
func (l *lanes) run(key string, k *lane) {
	defer l.wg.Done()
	for {
		it, wait, wake := l.next(key, k)
		if it == nil {
			return
		}
		if wait > 0 {
			if !l.sleep(wait, wake) {
				return
			}
			continue
		}
		switch out := l.do(it); {
		case out.abandon:
			return
		case out.settled:
			l.settle(it, k)
		default:
			it.notBefore = time.Now().Add(out.retry)
		}
	}
}

// next is the message whose turn it is and how long it must still wait. A lane
// that has none is gone when next returns.
func (l *lanes) next(key string, k *lane) (it *item, wait time.Duration, wake chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, 0, nil
	}
	it = k.live.head
	if it == nil {
		it = k.bulk.head
	}
	if it == nil {
		delete(l.keys, key)
		return nil, 0, nil
	}
	if !it.notBefore.IsZero() {
		wait = time.Until(it.notBefore)
		if wait > 0 && it.lane == Bulk {
			k.wake = make(chan struct{})
			wake = k.wake
		}
	}
	return it, wait, wake
}

// sleep waits for d, less if a live message comes; false when the lanes close.
func (l *lanes) sleep(d time.Duration, wake chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-wake:
	case <-l.stop:
		return false
	}
	return true
}

// settle takes a finished message out of its lane and out of hand.
func (l *lanes) settle(it *item, k *lane) {
	l.recent.add(it.seq, it.published)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.inHand, it.seq)
	l.pressure.count(it.place, -1)
	l.last[it.lane] = it.ack
	k.queue(it.lane).pop()
}

// handle is the newest delivery of it, to be acknowledged.
func (l *lanes) handle(it *item) jetstream.Msg {
	l.mu.Lock()
	defer l.mu.Unlock()
	return it.ack
}

// settledLast is the message of a lane that was settled last, or nil.
func (l *lanes) settledLast(lane Lane) jetstream.Msg {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last[lane]
}

// close lets running attempts finish and starts no other; done is closed when
// the last has.
func (l *lanes) close() (done <-chan struct{}) {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.stop)
	}
	l.mu.Unlock()
	ch := make(chan struct{})
	go func() { l.wg.Wait(); close(ch) }()
	return ch
}

func (q *queue) push(it *item) {
	if q.tail == nil {
		q.head = it
	} else {
		q.tail.next = it
	}
	q.tail = it
}

func (q *queue) pop() {
	q.head = q.head.next
	if q.head == nil {
		q.tail = nil
	}
}

// recent remembers the last messages settled here, in case their
// acknowledgement got lost. The time tells a message from another that got its
// sequence after a server lost its tail.
type recent struct {
	mu   sync.Mutex
	at   map[uint64]int64
	ring []uint64
	pos  int
}

func newRecent(n int) *recent {
	return &recent{at: make(map[uint64]int64, n), ring: make([]uint64, n)}
}

func (r *recent) add(seq uint64, published time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, r.ring[r.pos])
	r.ring[r.pos] = seq
	r.pos = (r.pos + 1) % len(r.ring)
	r.at[seq] = published.UnixNano()
}

func (r *recent) has(seq uint64, published time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[seq]
	return ok && at == published.UnixNano()
}
