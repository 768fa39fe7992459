package batch_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dealsync/dealsync/libs/batch"
	"github.com/dealsync/dealsync/libs/fault"
)

// gate is a Func that answers ten times its items when it is told to.
type gate struct {
	started chan []int
	proceed chan struct{}
}

func newGate() *gate { return &gate{started: make(chan []int, 100), proceed: make(chan struct{})} }

func (g *gate) do(ctx context.Context, items []int) ([]int, []error) {
	g.started <- items
	select {
	case <-g.proceed:
	case <-ctx.Done():
		return batch.Fail[int](len(items), ctx.Err())
	}
	outs := make([]int, len(items))
	for i, v := range items {
		outs[i] = v * 10
	}
	return outs, nil
}

// started is what has gone out by now; run inside a synctest bubble.
func (g *gate) sizes() []int {
	synctest.Wait()
	var sizes []int
	for {
		select {
		case items := <-g.started:
			sizes = append(sizes, len(items))
		default:
			return sizes
		}
	}
}

func TestWhatGathersMeanwhileIsTheNextBatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		max, parallel int
		calls         int
		want          [][]int // sizes that go out: at first, then as each batch ends
	}{
		{"a single call goes out at once", 10, 1, 1, [][]int{{1}}},
		{"later calls wait for the first and go together", 10, 1, 6, [][]int{{1}, {5}}},
		{"a batch holds no more than its maximum", 3, 1, 8, [][]int{{1}, {3}, {3}, {1}}},
		{"a second batch goes out beside the first only when it is full", 3, 2, 6, [][]int{{1, 3}, {}, {2}}},
		{"batches of one are bounded concurrency", 1, 4, 6, [][]int{{1, 1, 1, 1}, {1}, {1}}},
		{"nonsense limits mean one", 0, -1, 2, [][]int{{1}, {1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				b := batch.New(tc.max, tc.parallel, g.do)
				for i := range tc.calls {
					go func() {
						if out, err := b.Do(t.Context(), i); err != nil || out != i*10 {
							t.Errorf("Do(%d) = %d, %v", i, out, err)
						}
					}()
					synctest.Wait()
				}
				for step, want := range tc.want {
					if step > 0 {
						g.proceed <- struct{}{}
					}
					if got := g.sizes(); !equal(got, want) {
						t.Fatalf("step %d: batches of %v went out, want %v", step, got, want)
					}
				}
				close(g.proceed)
				if err := b.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestOneBadItemNeverFailsItsNeighbours(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad amount")
	synctest.Test(t, func(t *testing.T) {
		b := batch.New(10, 1, func(_ context.Context, items []int) ([]int, []error) {
			errs := make([]error, len(items))
			for i, v := range items {
				if v == 2 {
					errs[i] = bad
				}
			}
			return items, errs
		})
		for i := range 5 {
			go func() {
				_, err := b.Do(t.Context(), i)
				if want := i == 2; errors.Is(err, bad) != want {
					t.Errorf("item %d: %v", i, err)
				}
			}()
		}
		synctest.Wait()
	})
}

func TestAFuncThatMisbehavesFailsItsItemsAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, says string
		do         batch.Func[int, int]
	}{
		{"a panic is an error of the batch", "boom", func(context.Context, []int) ([]int, []error) { panic("boom") }},
		{"so is the end of its goroutine", "ended", func(context.Context, []int) ([]int, []error) {
			runtime.Goexit()
			return nil, nil
		}},
		{"too few results are not taken for success", "0 results", func(context.Context, []int) ([]int, []error) { return nil, nil }},
		{"nor are too many errors", "2 errors", func(_ context.Context, in []int) ([]int, []error) { return in, make([]error, 2) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := batch.New(1, 1, tc.do)
			for range 2 { // the batcher goes on
				_, err := b.Do(t.Context(), 1)
				if !fault.Is(err, fault.Bug) || !strings.Contains(err.Error(), tc.says) {
					t.Fatalf("got %v, want a bug that says %q", err, tc.says)
				}
			}
		})
	}
}

func TestACallerWhoLeavesNeverTakesOthersAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		b := batch.New(10, 1, g.do)
		ctx, cancel := context.WithCancel(t.Context())
		do := func(ctx context.Context, in int) chan error {
			done := make(chan error, 1)
			go func() {
				_, err := b.Do(ctx, in)
				done <- err
			}()
			synctest.Wait()
			return done
		}
		first, leave := context.WithCancel(t.Context())
		flying := do(first, 1) // its context makes the batch's
		gone, stays, gone2 := do(ctx, 2), do(t.Context(), 3), do(ctx, 4)
		cancel()
		if err := errors.Join(<-gone, <-gone2); !errors.Is(err, context.Canceled) {
			t.Fatalf("callers that left the queue got %v", err)
		}
		leave()
		if err := <-flying; !errors.Is(err, context.Canceled) {
			t.Fatalf("the caller that left the batch got %v", err)
		}
		// Nobody waits for the first batch any more, so it is cancelled; what
		// has left the queue does not go out.
		if got := g.sizes(); !equal(got, []int{1, 1}) {
			t.Fatalf("batches of %v, want 1 and then the one item that stayed", got)
		}
		g.proceed <- struct{}{}
		if err := <-stays; err != nil {
			t.Fatal(err)
		}
		if _, err := b.Do(ctx, 5); !errors.Is(err, context.Canceled) {
			t.Fatalf("a dead context got %v", err)
		}
	})
}

func TestABatchGoesOnWhileAnyoneWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		b := batch.New(10, 1, g.do)
		go func() { _, _ = b.Do(t.Context(), 0) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = b.Do(ctx, 1) }() // the first of the second batch
		synctest.Wait()
		second := make(chan error, 1)
		go func() {
			_, err := b.Do(t.Context(), 2)
			second <- err
		}()
		synctest.Wait()
		g.proceed <- struct{}{}
		synctest.Wait()
		cancel()
		synctest.Wait()
		g.proceed <- struct{}{}
		if err := <-second; err != nil {
			t.Fatalf("the one who stayed got %v", err)
		}
	})
}

func TestCloseDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		b := batch.New(2, 1, g.do)
		var answered atomic.Int32
		for i := range 5 {
			go func() {
				if _, err := b.Do(t.Context(), i); err != nil {
					t.Error(err)
				}
				answered.Add(1)
			}()
		}
		synctest.Wait()
		closed := make(chan error, 2)
		for range 2 {
			go func() { closed <- b.Close(t.Context()) }()
		}
		synctest.Wait()
		if _, err := b.Do(t.Context(), 9); !errors.Is(err, batch.ErrClosed) {
			t.Fatalf("after Close: %v", err)
		}
		close(g.proceed)
		if err := errors.Join(<-closed, <-closed); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := answered.Load(); n != 5 {
			t.Fatalf("%d of 5 answered", n)
		}
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		b := batch.New(1, 1, g.do)
		errs := make(chan error, 2)
		for i := range 2 {
			go func() {
				_, err := b.Do(t.Context(), i)
				errs <- err
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Close: %v", err)
		}
		err := errors.Join(<-errs, <-errs)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, batch.ErrClosed) {
			t.Fatalf("the item in flight and the one that waited got %v", err)
		}
	})
}

func BenchmarkDo(b *testing.B) {
	for _, tc := range []struct {
		name    string
		callers int
	}{{"one caller", 1}, {"64 callers", 64}} {
		b.Run(tc.name, func(b *testing.B) {
			var batches atomic.Int64
			bt := batch.New(100, 1, func(_ context.Context, in []int) ([]int, []error) {
				batches.Add(1)
				return in, nil
			})
			b.ReportAllocs()
			var wg sync.WaitGroup
			var n atomic.Int64
			for range tc.callers {
				wg.Go(func() {
					for n.Add(1) <= int64(b.N) {
						if _, err := bt.Do(b.Context(), 1); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/float64(batches.Load()), "items/batch")
		})
	}
}
