package budget

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/redistest"
)

// bundle is some replicas on one Redis, and their clock.
type bundle struct {
	srv      *redistest.Server
	replicas []*Budgets
	trips    atomic.Int64 // questions to Redis
	ahead    atomic.Int64 // how far a replica's clock that stands still was set
}

// setup makes replicas; with still, their clock stands still.
func setup(t *testing.T, srv *redistest.Server, replicas int, still bool) *bundle {
	t.Helper()
	f := &bundle{srv: srv}
	start := time.Now()
	srv.Client.AddHook(counter{&f.trips})
	for range replicas {
		b := New(srv.Client)
		if still {
			b.now = func() time.Time { return start.Add(time.Duration(f.ahead.Load())) }
		}
		f.replicas = append(f.replicas, b)
	}
	return f
}

// advance lets d pass everywhere.
func (f *bundle) advance(d time.Duration) {
	f.srv.Advance(d)
	f.ahead.Add(int64(d))
}

// each runs fn on either server. Clocks stand still where the server's can.
func each(t *testing.T, replicas int, fn func(t *testing.T, f *bundle)) {
	t.Helper()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		if srv.Embedded {
			srv.Advance(0)
		}
		fn(t, setup(t, srv, replicas, srv.Embedded))
	})
}

type counter struct{ n *atomic.Int64 }

func (c counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			c.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (c counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// drain takes until every replica is refused.
func (f *bundle) drain(t *testing.T, l Limit, lane Lane, cost int) (granted int, wait time.Duration) {
	t.Helper()
	for refused := 0; refused < len(f.replicas); {
		var err error
		wait, err = f.replicas[(granted+refused)%len(f.replicas)].Take(t.Context(), "acme/hubspot", l, lane, cost)
		if err != nil {
			t.Fatal(err)
		}
		if wait > 0 {
			refused++
			continue
		}
		refused = 0
		if granted++; granted > 10_000 {
			t.Fatal("no end of it")
		}
	}
	return granted, wait
}

func TestALaneTakesItsPartOfALimit(t *testing.T) {
	t.Parallel()
	hourly := func(n int) Limit { return Limit{Calls: n, Per: time.Hour} }
	daily := Limit{Calls: 1000, Per: time.Hour, Daily: 100}
	type step struct {
		lane Lane
		cost int
		want int
	}
	for _, tc := range []struct {
		name  string
		limit Limit
		steps []step
	}{
		{"bulk leaves a fifth to live, live a twentieth to people", hourly(100), []step{{Bulk, 1, 75}, {Live, 1, 20}, {People, 1, 5}}},
		{"live may take what bulk would have had", hourly(100), []step{{Live, 1, 95}, {Bulk, 1, 0}, {People, 1, 5}}},
		{"bulk takes only what live has left", hourly(100), []step{{People, 1, 100}, {Live, 1, 0}, {Bulk, 1, 0}}},
		{"a small limit still keeps a place for live", hourly(5), []step{{Bulk, 1, 4}, {Live, 1, 1}, {People, 1, 0}}},
		{"the smallest limit serves whoever comes first", hourly(1), []step{{Bulk, 1, 1}, {Live, 1, 0}}},
		{"daily units run out before calls do", daily, []step{{Bulk, 10, 7}, {Live, 10, 2}, {Live, 5, 1}, {People, 5, 1}, {Live, 1, 0}}},
		{"what costs no units goes on when they are out", daily, []step{{People, 100, 1}, {Live, 1, 0}, {Live, 0, 949}}},
		{"a call that costs more than a day goes once", daily, []step{{Live, 500, 1}, {Live, 500, 0}}},
		{"units without a daily limit are free", hourly(10), []step{{Live, 1000, 10}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			each(t, 2, func(t *testing.T, f *bundle) {
				for i, s := range tc.steps {
					got, wait := f.drain(t, tc.limit, s.lane, s.cost)
					if got != s.want {
						t.Fatalf("step %d: %s took %d calls of %d units, want %d", i+1, s.lane, got, s.cost, s.want)
					}
					if longest := day + 2*hour; wait <= 0 || wait > longest {
						t.Fatalf("step %d: wait %s", i+1, wait)
					}
				}
			})
		})
	}
}

func TestWhatIsUsedComesBackWhenTheWaitIsOver(t *testing.T) {
	t.Parallel()
	each(t, 3, func(t *testing.T, f *bundle) {
		limit := Limit{Calls: 10, Per: 800 * time.Millisecond}
		for round := range 2 {
			got, wait := f.drain(t, limit, Live, 1)
			if got != 10 {
				t.Fatalf("round %d: %d calls, want 10", round, got)
			}
			if most := limit.Per + 2*limit.Per/slots + time.Millisecond; wait > most {
				t.Fatalf("wait %s, want at most %s", wait, most)
			}
			f.advance(limit.Per + 2*limit.Per/slots)
		}
	})
}

func TestNoStretchOfTimeHoldsMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		limit := Limit{Calls: 60, Per: 200 * time.Millisecond}
		f := setup(t, srv, 3, false)
		type call struct{ before, after time.Time }
		var mu sync.Mutex
		var calls []call
		ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				for ctx.Err() == nil {
					before := time.Now()
					wait, err := f.replicas[i%3].Take(ctx, "a", limit, Live, 1)
					if err != nil && ctx.Err() == nil {
						t.Error(err)
					}
					if err == nil && wait == 0 {
						mu.Lock()
						calls = append(calls, call{before, time.Now()})
						mu.Unlock()
						continue
					}
					select {
					case <-time.After(wait):
					case <-ctx.Done():
					}
				}
			})
		}
		wg.Wait()
		slices.SortFunc(calls, func(a, b call) int { return a.after.Compare(b.after) })
		for i := range calls {
			first := calls[i].before
			n := 0
			for _, c := range calls[i:] {
				if c.after.Sub(first) < limit.Per {
					n++
				}
			}
			if n > limit.Calls {
				t.Fatalf("%d calls within %s", n, limit.Per)
			}
		}
		if len(calls) < limit.Calls {
			t.Fatalf("%d calls in all", len(calls))
		}
	})
}

func TestABusyReplicaRarelyAsksRedis(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		f := setup(t, srv, 1, true)
		limit := Limit{Calls: 10_000, Per: 10 * time.Second, Daily: 1_000_000}
		for i := range 1000 {
			if wait, err := f.replicas[0].Take(t.Context(), "a", limit, Live, 1); err != nil || wait > 0 {
				t.Fatalf("call %d: wait %s, %v", i, wait, err)
			}
			f.ahead.Add(int64(time.Millisecond)) // 1000 calls a second
		}
		if n := f.trips.Load(); n > 30 {
			t.Fatalf("asked Redis %d times for 1000 calls", n)
		}
	})
}

func TestAQuietReplicaHoldsNothingBack(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		f := setup(t, srv, 1, true)
		limit := Limit{Calls: 100, Per: time.Hour, Daily: 1000}
		for range 20 {
			if wait, err := f.replicas[0].Take(t.Context(), "a", limit, Live, 3); err != nil || wait > 0 {
				t.Fatal(wait, err)
			}
			f.ahead.Add(int64(limit.Per / 30))
		}
		calls, units := f.counted(t)
		if calls != 20 || units != 60 {
			t.Fatalf("%d calls and %d units are counted for 20 calls of 3", calls, units)
		}
	})
}

func TestWhatALeaseDidNotUseIsGivenBack(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		f := setup(t, srv, 1, true)
		limit := Limit{Calls: 1000, Per: time.Hour, Daily: 10_000}
		take := func() {
			t.Helper()
			if wait, err := f.replicas[0].Take(t.Context(), "a", limit, Live, 3); err != nil || wait > 0 {
				t.Fatal(wait, err)
			}
		}
		for range 100 { // a burst, so that leases grow
			take()
			f.ahead.Add(int64(time.Millisecond))
		}
		if calls, _ := f.counted(t); calls <= 100 {
			t.Fatalf("%d calls are counted, though leases should be ahead of 100", calls)
		}
		f.ahead.Add(int64(limit.Per)) // the lease has run out
		take()
		if calls, units := f.counted(t); calls != 101 || units != 303 {
			t.Fatalf("%d calls and %d units are counted after 101 calls of 3", calls, units)
		}
	})
}

// counted is what Redis holds as used.
func (f *bundle) counted(t *testing.T) (calls, units int) {
	t.Helper()
	for field, v := range f.srv.Client.HGetAll(t.Context(), key("a")).Val() {
		var n int
		if _, err := fmt.Sscan(v, &n); err != nil {
			t.Fatal(err)
		}
		switch field[0] {
		case 'c':
			calls += n
		case 'd':
			units += n
		}
	}
	return calls, units
}

func TestAPauseHoldsForAllReplicas(t *testing.T) {
	t.Parallel()
	each(t, 2, func(t *testing.T, f *bundle) {
		ctx := t.Context()
		limit := Limit{Calls: 100, Per: time.Second}
		one, two := f.replicas[0].Limiter(limit), f.replicas[1].Limiter(limit)
		if err := one.Pause(ctx, "a", time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := two.Pause(ctx, "a", time.Minute); err != nil { // shorter: changes nothing
			t.Fatal(err)
		}
		if err := one.Pause(ctx, "a", 0); err != nil {
			t.Fatal(err)
		}
		for _, l := range []*Limiter{one, New(f.srv.Client).Limiter(limit)} {
			wait, err := l.Take(ctx, "a", "people", 1)
			if err != nil || wait < 59*time.Minute || wait > time.Hour+time.Millisecond {
				t.Fatalf("wait %s, %v; want an hour", wait, err)
			}
		}
		if wait, err := two.Take(ctx, "b", "bulk", 1); err != nil || wait != 0 {
			t.Fatalf("another account waits %s, %v", wait, err)
		}
	})
}

func TestAPauseEnds(t *testing.T) {
	t.Parallel()
	each(t, 2, func(t *testing.T, f *bundle) {
		limit := Limit{Calls: 100, Per: time.Second}
		if err := f.replicas[0].Pause(t.Context(), "a", 30*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		f.advance(50 * time.Millisecond)
		for _, b := range f.replicas {
			if wait, err := b.Take(t.Context(), "a", limit, Live, 1); err != nil || wait != 0 {
				t.Fatalf("wait %s, %v", wait, err)
			}
		}
	})
}

func TestWithoutALimitOnlyAPauseHolds(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, f *bundle) {
		for range 500 {
			if wait, err := f.replicas[0].Take(t.Context(), "a", Limit{}, Bulk, 7); err != nil || wait != 0 {
				t.Fatalf("wait %s, %v", wait, err)
			}
		}
		if err := f.replicas[0].Pause(t.Context(), "a", time.Minute); err != nil {
			t.Fatal(err)
		}
		if wait, err := f.replicas[0].Take(t.Context(), "a", Limit{}, Bulk, 7); err != nil || wait == 0 {
			t.Fatalf("wait %s, %v", wait, err)
		}
	})
}

func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	b := New(redistest.Embedded(t).Client)
	for name, take := range map[string]func() (time.Duration, error){
		"an unknown lane":  func() (time.Duration, error) { return b.Take(t.Context(), "a", Limit{}, "fast", 1) },
		"a negative cost":  func() (time.Duration, error) { return b.Take(t.Context(), "a", Limit{}, Live, -1) },
		"a negative limit": func() (time.Duration, error) { return b.Take(t.Context(), "a", Limit{Calls: -1}, Live, 1) },
		"calls per no time": func() (time.Duration, error) {
			return b.Take(t.Context(), "a", Limit{Calls: 1}, Live, 1)
		},
	} {
		if _, err := take(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutRedisNothingIsGranted(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		b := New(srv.Client)
		limit := Limit{Calls: 100, Per: time.Second}
		srv.Stop()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := b.Take(t.Context(), "a", limit, Live, 1); !fault.Is(err, fault.Transient) || fault.CodeOf(err) != CodeDown {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if err := b.Pause(t.Context(), "a", time.Minute); !fault.Is(err, fault.Transient) {
			t.Errorf("pause: %v", err)
		}
		// The pause holds here all the same.
		if wait, err := b.Take(t.Context(), "a", limit, Live, 1); err != nil || wait == 0 {
			t.Errorf("wait %s, %v", wait, err)
		}
	})
}

func BenchmarkTake(b *testing.B) {
	limit := Limit{Calls: 1 << 40, Per: 10 * time.Second, Daily: 1 << 40}
	for name, start := range map[string]func(testing.TB) *redistest.Server{"real": redistest.Real, "embedded": redistest.Embedded} {
		b.Run(name+"/leased", func(b *testing.B) {
			budgets := New(start(b).Client)
			b.ReportAllocs()
			for b.Loop() {
				if wait, err := budgets.Take(b.Context(), "a", limit, Live, 1); err != nil || wait > 0 {
					b.Fatal(wait, err)
				}
			}
		})
		b.Run(name+"/one trip", func(b *testing.B) {
			budgets := New(start(b).Client)
			b.ReportAllocs()
			for b.Loop() {
				if g, _, _, err := budgets.grant(b.Context(), "a", request{limit, Live, 1}, 1, grant{}); err != nil || g.calls != 1 {
					b.Fatal(g, err)
				}
			}
		})
	}
}
