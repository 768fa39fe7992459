package write

import (
	"context"
	"time"

	"github.com/dealsync/dealsync/libs/batch"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// queueKey separates what cannot share a call: another account, another
// object, creates from updates. Bulk writes have queues of their own, so that
// a live write never waits behind them.
type queueKey struct {
	workspace, connection string
	object                deal.Object
	create, bulk          bool
}

// queue gathers writes while a call is under way.
type queue struct {
	connector Connector
	batcher   *batch.Batcher[connector.Write, answer]
}

// answer is a result with the span of the call that brought it.
type answer struct {
	connector.Result
	sent, answered time.Time
	// found: nothing was sent, an earlier try's record is the answer.
	found bool
}

// send puts one write into its queue and waits for the answer.
func (s *Service) send(ctx context.Context, k queueKey, c Connector, w connector.Write) (answer, error) {
	got, err := s.queue(k, c).batcher.Do(ctx, w)
	if err == nil {
		err = got.Err // with all that the app said beside it
	}
	return got, err
}

func (s *Service) queue(k queueKey, c Connector) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[k]
	if q != nil && q.connector == c {
		return q
	}
	if q != nil {
		// A new revision of the connection: what is in hand ends on the old one.
		go s.close(q)
	}
	m := c.Manifest()
	q = &queue{connector: c}
	q.batcher = batch.New(max(m.WriteBatch, 1), max(m.Parallel, 1), func(ctx context.Context, writes []connector.Write) ([]answer, []error) {
		return s.call(ctx, k, c, writes)
	})
	if k.bulk {
		q.batcher.Steady(pace(m))
	} else {
		q.batcher.Pace(pace(m))
	}
	s.queues[k] = q
	return q
}

// pace is how far apart batches go out, live ones under heavy load: as far as
// the app's declared limit asks for in the long run. Calls are what an account is
// short of, and what a backfill uses up is not there for live edits.
func pace(m connector.Manifest) time.Duration {
	if m.WriteBatch <= 1 || m.Budget.Calls <= 0 {
		return 0
	}
	return m.Budget.Per / time.Duration(m.Budget.Calls)
}

// call is one call to the app.
func (s *Service) call(ctx context.Context, k queueKey, c Connector, writes []connector.Write) ([]answer, []error) {
	sent := s.deps.Now()
	results := c.Write(ctx, k.object, writes)
	answered := s.deps.Now()
	s.metrics.call(ctx, c.Manifest().App, len(writes), answered.Sub(sent))
	answers := make([]answer, len(writes))
	for i, r := range results {
		answers[i] = answer{Result: r, sent: sent, answered: answered}
	}
	return answers, nil
}

// closeQueues ends every queue once what is in hand is answered.
func (s *Service) closeQueues() {
	s.mu.Lock()
	queues := s.queues
	s.queues = map[queueKey]*queue{}
	s.mu.Unlock()
	for _, q := range queues {
		s.close(q)
	}
}

// closeGrace is how long calls in flight may still take.
const closeGrace = 10 * time.Second

func (*Service) close(q *queue) {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	_ = q.batcher.Close(ctx) // what is not answered is written again by the next owner
}
