package batch_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dealsync/dealsync/libs/batch"
)

// every is the pace of these tests; a batch holds 60, so ten items in a round
// make the next one busy.
const every = 100 * time.Millisecond

// sender counts calls and items; a call takes a millisecond.
type sender struct {
	mu    sync.Mutex
	sizes []int
}

func (s *sender) do(_ context.Context, items []int) ([]int, []error) {
	s.mu.Lock()
	s.sizes = append(s.sizes, len(items))
	s.mu.Unlock()
	time.Sleep(time.Millisecond)
	return items, nil
}

func (s *sender) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sizes)
}

// feed hands in n items, one each gap, and returns the longest wait for an answer.
func feed(t *testing.T, b *batch.Batcher[int, int], n int, gap time.Duration) time.Duration {
	t.Helper()
	var wg sync.WaitGroup
	waits := make([]time.Duration, n)
	for i := range n {
		wg.Go(func() {
			start := time.Now()
			if _, err := b.Do(t.Context(), i); err != nil {
				t.Errorf("do: %v", err)
			}
			waits[i] = time.Since(start)
		})
		time.Sleep(gap)
	}
	wg.Wait()
	longest := time.Duration(0)
	for _, w := range waits {
		longest = max(longest, w)
	}
	return longest
}

func TestThePaceIsForHeavyLoadOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		n        int
		gap      time.Duration
		maxCalls int
		maxWait  time.Duration
	}{
		{"light load goes out at once", 50, 20 * time.Millisecond, 50, time.Millisecond},
		{"just below heavy load too", 90, 12 * time.Millisecond, 90, time.Millisecond},
		{"heavy load goes out once a round, after the first", 1000, 2 * time.Millisecond, 75, every + 2*time.Millisecond},
		{"a full batch does not wait", 6000, 500 * time.Microsecond, 250, every + 2*time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &sender{}
				b := batch.New(60, 4, s.do).Pace(every)
				if wait := feed(t, b, tt.n, tt.gap); wait > tt.maxWait {
					t.Errorf("an item waited %s, more than %s", wait, tt.maxWait)
				}
				if got := s.calls(); got > tt.maxCalls {
					t.Errorf("%d calls for %d items, more than %d", got, tt.n, tt.maxCalls)
				}
			})
		})
	}
}

func TestASteadyBatcherGoesOutOnceARoundWhateverTheLoad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		n        int
		gap      time.Duration
		maxCalls int
	}{
		{"light load", 100, 20 * time.Millisecond, 21},
		{"heavy load", 1000, 2 * time.Millisecond, 21},
		{"a full batch does not wait", 6000, 500 * time.Microsecond, 250},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &sender{}
				b := batch.New(60, 4, s.do).Steady(every)
				if wait := feed(t, b, tt.n, tt.gap); wait > every+2*time.Millisecond {
					t.Errorf("an answer took %s", wait)
				}
				if got := s.calls(); got > tt.maxCalls {
					t.Errorf("%d calls, want at most %d", got, tt.maxCalls)
				}
			})
		})
	}
}

func TestThePaceEndsWithTheLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		b := batch.New(60, 4, s.do).Pace(every)
		feed(t, b, 500, 2*time.Millisecond)
		time.Sleep(2 * every)
		if wait := feed(t, b, 1, 0); wait > time.Millisecond {
			t.Errorf("after the load an item waited %s", wait)
		}
	})
}

func TestCloseDoesNotWaitForThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		b := batch.New(60, 4, s.do).Pace(time.Hour)
		var wg sync.WaitGroup
		wg.Go(func() { feed(t, b, 20, 0) }) // makes the next round busy
		wg.Wait()
		time.Sleep(time.Hour)
		feed(t, b, 1, 0) // ends that round
		answered := make(chan error, 1)
		go func() {
			_, err := b.Do(context.Background(), 1)
			answered <- err
		}()
		synctest.Wait()
		select {
		case err := <-answered:
			t.Fatalf("an item did not wait in a busy round: %v", err)
		default:
		}
		start := time.Now()
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-answered; err != nil {
			t.Errorf("what waited was answered %v", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("closing took %s", took)
		}
	})
}
