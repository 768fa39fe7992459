package connectortest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
)

// limiter grants everything and remembers the pauses, which every replica
// would keep.
type limiter struct {
	mu     sync.Mutex
	pauses []time.Duration
	taken  int
}

func (l *limiter) Take(context.Context, string, string, int) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken++
	return 0, nil
}

func (l *limiter) Pause(_ context.Context, _ string, d time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pauses = append(l.pauses, d)
	return nil
}

func (s *suite) rateLimit(t *testing.T) {
	id, _ := s.made(t)
	l := &limiter{}
	c := s.h.Open(t, Options{Limits: func(connector.Budget) connector.Limiter { return l }})
	if _, err := c.Schema(t.Context(), s.object); err != nil {
		t.Fatal(err)
	}
	s.h.Fail(t, Fault{Kind: RateLimit, Count: 1})
	start := time.Now()
	got := c.Write(t.Context(), s.object, []connector.Write{{ID: id, Fields: s.edit(3)}})
	if got[0].Err != nil {
		t.Errorf("after the wait: %v", got[0].Err)
	}
	if took := time.Since(start); took < time.Second {
		t.Errorf("waited %s, the app had asked for a second", took)
	}
	if len(l.pauses) != 1 || l.pauses[0] < time.Second || l.taken == 0 {
		t.Errorf("paused everyone %v; took %d times from the budget", l.pauses, l.taken)
	}
}

func (s *suite) unavailable(t *testing.T) {
	id, _ := s.made(t)
	s.h.Fail(t, Fault{Kind: Unavailable, Count: 1})
	s.read1(t, id)
	s.h.Fail(t, Fault{Kind: Unavailable, Count: 1})
	s.write(t, connector.Write{ID: id, Fields: s.edit(4)})
	s.h.Fail(t, Fault{Kind: Unavailable, Count: 50})
	_, err := s.c.Read(t.Context(), s.object, []string{id})
	s.h.Fail(t, Fault{}) // ends all faults
	if !fault.Is(err, fault.Transient) {
		t.Errorf("a lasting failure: kind %s, %v", fault.KindOf(err), err)
	}
}

func (s *suite) wrongToken(t *testing.T) {
	c := s.h.Open(t, Options{Tokens: s.sample.WrongToken})
	_, err := c.Read(t.Context(), s.object, []string{"1"})
	if !fault.Is(err, fault.Auth) {
		t.Errorf("kind %s: %v", fault.KindOf(err), err)
	}
}
