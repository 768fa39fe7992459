package bus_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

// ledger judges what handlers do: each key's versions must be applied as 1, 2,
// 3, and so on. A version that was applied before is a repeat and is fenced off
// as the real ledger does it; a gap is an error.
type ledger struct {
	mu      sync.Mutex
	last    map[string]int
	busy    map[string]bool
	repeats int
	applied int
	faults  []string
	want    int
	all     chan struct{} // closed when everything is applied
	each    chan int      // how many are applied, after each
}

func newLedger(want int) *ledger {
	return &ledger{last: map[string]int{}, busy: map[string]bool{}, want: want, all: make(chan struct{}), each: make(chan int, want+1)}
}

// begin notes that a key is being worked on, which only one may do.
func (l *ledger) begin(key string) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[key] {
		l.faults = append(l.faults, "two at once for key "+key)
	}
	l.busy[key] = true
	return func() { l.mu.Lock(); delete(l.busy, key); l.mu.Unlock() }
}

func (l *ledger) apply(d *bus.Delivery) {
	key := d.Subject.Key
	v, _ := strconv.Atoi(string(d.Data))
	l.mu.Lock()
	defer l.mu.Unlock()
	switch last := l.last[key]; {
	case v == last+1:
		l.last[key] = v
		l.applied++
		l.each <- l.applied
		if l.applied == l.want {
			close(l.all)
		}
	case v <= last:
		l.repeats++
	default:
		l.faults = append(l.faults, fmt.Sprintf("key %s: %d after %d", key, v, last))
	}
}

func (l *ledger) check(t *testing.T) {
	t.Helper()
	defer func() { // also when not everything came
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, f := range l.faults[:min(len(l.faults), 20)] {
			t.Error(f)
		}
		if l.applied != l.want {
			t.Errorf("%d of %d applied", l.applied, l.want)
		}
	}()
	receive(t, l.all)
}

// versions makes n messages for each of keys, interleaved.
func versions(keys, from, n int) []bus.Message {
	ms := make([]bus.Message, 0, keys*n)
	for v := from; v < from+n; v++ {
		for k := range keys {
			m := edit(fmt.Sprint("k", k), fmt.Sprintf("%d-%d", k, v))
			m.Data = []byte(strconv.Itoa(v))
			ms = append(ms, m)
		}
	}
	return ms
}

func TestEachKeyKeepsItsOrderUnderLoadAndFailures(t *testing.T) {
	t.Parallel()
	cfg := bustest.Config()
	cfg.Partitions = 2
	b := bustest.New(t).Bus(cfg)
	const keys, n = 40, 50
	l := newLedger(keys * n)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		defer l.begin(d.Subject.Key)()
		switch rand.N(50) {
		case 0:
			return fault.New(fault.Transient, "", "the network hiccups")
		case 1:
			return fault.New(fault.Conflict, "", "somebody was faster")
		case 2:
			if d.Attempt == 1 {
				panic("a bug that passes")
			}
		}
		l.apply(d)
		return nil
	})
	publish(t, b, versions(keys, 1, n)...)
	l.check(t)
	if l.repeats > 0 {
		t.Errorf("%d repeats without a crash", l.repeats)
	}
}

func TestAnOwnerThatDiesLosesAndReordersNothing(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	nc := s.Conn()
	dying, err := bus.New(t.Context(), nc, bustest.Config())
	if err != nil {
		t.Fatal(err)
	}
	const keys, n = 20, 50
	l := newLedger(keys * n)
	handle := func(_ context.Context, d *bus.Delivery) error {
		if rand.N(50) == 0 {
			return fault.New(fault.Transient, "", "the network hiccups")
		}
		if err := d.StillOwned(); err != nil {
			return err
		}
		l.apply(d)
		return nil
	}
	publish(t, dying, versions(keys, 1, n)...)
	consume(t, dying, bus.Changes, handle)
	for receive(t, l.each) < keys*n/4 {
	}
	nc.Close() // no drain, no hand-over: the acks under way are lost too
	consume(t, s.Bus(), bus.Changes, handle)
	l.check(t)
}

func TestAMessageSaysWhetherAnEarlierOwnerMayHaveHadIt(t *testing.T) {
	t.Parallel()
	b := bustest.New(t).Bus()
	inherited := make(chan bool, 1)
	publish(t, b, versions(1, 1, 1)...)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		inherited <- d.Inherited()
		return nil
	})
	if !receive(t, inherited) {
		t.Error("a message from before the ownership passes for new")
	}
	publish(t, b, versions(1, 2, 1)...)
	if receive(t, inherited) {
		t.Error("a message from within the ownership passes for inherited")
	}
}

func TestAHandOverRepeatsNothing(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	a, b := s.Bus(), s.Bus()
	const keys, n = 20, 60
	l := newLedger(keys * n)
	handle := func(_ context.Context, d *bus.Delivery) error {
		defer l.begin(d.Subject.Key)()
		if rand.N(50) == 0 {
			return fault.New(fault.Transient, "", "the network hiccups")
		}
		l.apply(d)
		return nil
	}
	publish(t, a, versions(keys, 1, n)...)
	stop := consume(t, a, bus.Changes, handle)
	for receive(t, l.each) < keys*n/4 {
	}
	begin := time.Now()
	stop()
	t.Logf("drained in %s", time.Since(begin))
	consume(t, b, bus.Changes, handle)
	l.check(t)
	if l.repeats > 0 {
		t.Errorf("%d repeats", l.repeats)
	}
}

func TestAZombieKnowsThatItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	nc := s.Conn()
	frozen, err := bus.New(t.Context(), nc, bustest.Config())
	if err != nil {
		t.Fatal(err)
	}
	inHand, thaw, verdict := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	consume(t, frozen, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		if err := d.StillOwned(); err != nil {
			t.Errorf("a fresh owner: %v", err)
		}
		close(inHand)
		<-thaw
		verdict <- d.StillOwned()
		return nil
	})
	publish(t, frozen, edit("1", "a"))
	receive(t, inHand)
	nc.Close()
	handled := make(chan struct{})
	consume(t, s.Bus(), bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		defer close(handled)
		return d.StillOwned()
	})
	receive(t, handled)
	close(thaw)
	if err := receive(t, verdict); !fault.Is(err, fault.Transient) || fault.CodeOf(err) != bus.CodeLease {
		t.Errorf("the zombie got %v", err)
	}
}

func TestConsumptionGoesOnAfterAServerRestart(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	b := s.Bus()
	const keys, n = 20, 40
	l := newLedger(2 * keys * n)
	consume(t, b, bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		l.apply(d)
		return nil
	})
	publish(t, b, versions(keys, 1, n)...)
	for receive(t, l.each) < keys*n/4 {
	}
	s.Restart()
	s.Conn() // the server takes connections again; the bus finds it by itself
	for _, m := range versions(keys, n+1, n) {
		for err := b.Publish(t.Context(), m); err != nil; err = b.Publish(t.Context(), m) {
			if !fault.Is(err, fault.Transient) {
				t.Fatal(err)
			}
		}
	}
	l.check(t)
}

func TestThePartitionCountChangesWhileMessagesFlow(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	cfg := bustest.Config()
	cfg.Partitions = 2
	a := s.Bus(cfg)
	const keys, n = 30, 100
	l := newLedger(keys * n)
	handle := func(_ context.Context, d *bus.Delivery) error {
		defer l.begin(d.Subject.Key)()
		l.apply(d)
		return nil
	}
	consume(t, a, bus.Changes, handle)
	consume(t, s.Bus(cfg), bus.Changes, handle)
	for v := 1; v <= n; v += 10 {
		publish(t, a, versions(keys, v, 10)...)
		switch v {
		case 31:
			if err := a.Repartition(t.Context(), 5); err != nil {
				t.Fatal(err)
			}
		case 61:
			cfg.Partitions = 1 // a new replica with other settings decides
			s.Bus(cfg)
		}
	}
	l.check(t)
}

func TestReplicasThatStartTogetherSetTheStreamsUpOnce(t *testing.T) {
	t.Parallel()
	s := bustest.New(t)
	var wg sync.WaitGroup
	for p := 1; p <= 4; p++ {
		cfg := bustest.Config()
		cfg.Partitions = p
		nc := s.Conn()
		wg.Go(func() {
			if _, err := bus.New(t.Context(), nc, cfg); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	cfg := bustest.Config()
	cfg.Partitions = 0 // keep what there is
	b := s.Bus(cfg)
	st, err := b.JetStream().Stream(t.Context(), "DEALSYNC_CHANGES")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]bool{}
	meta := st.CachedInfo().Config.Metadata
	for gen := 1; gen <= 4; gen++ {
		counts[meta[fmt.Sprint("dealsync.gen.", gen)]] = true
	}
	if meta["dealsync.gen"] != "4" || len(counts) != 4 || counts[""] {
		t.Errorf("want four generations with a count each, got %v", meta)
	}
}
