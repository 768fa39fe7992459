package detect

import (
	"context"
	"sync"

	"github.com/dealsync/dealsync/libs/bus"
)

// slots bound how many records, or notices, are worked on at once, for each
// connection and lane: a connection that is slow or refuses never takes the place of another,
// nor a backfill that of an edit (N6).
type slots struct {
	size int

	mu   sync.Mutex
	held map[slotKey]chan struct{}
}

type slotKey struct {
	workspace, connection string
	lane                  bus.Lane
}

func (s *slots) of(at place) chan struct{} {
	k := slotKey{at.workspace, at.connection, at.lane}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[slotKey]chan struct{}{}
	}
	if s.held[k] == nil {
		s.held[k] = make(chan struct{}, s.size)
	}
	return s.held[k]
}

// each works on n records, as many at once as there are slots, and finishes all
// of them whatever becomes of one (N6).
func (s *Service) each(ctx context.Context, at place, n int, do func(ctx context.Context, i int) error) []error {
	free := s.slots.of(at)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			errs[i] = ctx.Err()
			continue
		}
		if i == n-1 { // the last one needs no goroutine of its own
			errs[i] = do(ctx, i)
			<-free
			continue
		}
		wg.Go(func() {
			defer func() { <-free }()
			errs[i] = do(ctx, i)
		})
	}
	wg.Wait()
	return errs
}
