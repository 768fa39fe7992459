// Package deliver sends webhooks: a bounded number of requests at a time, a
// time limit for each, and further tries when the sender's rules ask for them.
// What is sent, signed and counted is the business of the two doubles.
package deliver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Job is one webhook request with all its tries.
type Job struct {
	URL string
	// Build makes headers and body of a try; tries count from 0.
	Build func(attempt int) (http.Header, []byte)
	// Done hears how a try ended (status 0: no answer) and says whether and
	// after how long another one follows.
	Done func(attempt, status int, err error) (again bool, after time.Duration)

	attempt int
}

// Engine works jobs off. Make it with New, start it with Run.
type Engine struct {
	client  *http.Client
	timeout time.Duration

	mu      sync.Mutex
	queue   []*Job
	head    int
	limit   int
	running int
	waiting map[*time.Timer]struct{}
	open    bool // Run has begun
	closed  bool
	ctx     context.Context
	work    sync.WaitGroup
}

// New makes an engine with at most limit requests in flight, each given up after timeout.
func New(limit int, timeout time.Duration) *Engine {
	return &Engine{
		limit: limit, timeout: timeout, waiting: map[*time.Timer]struct{}{}, ctx: context.Background(),
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // a redirect is a failed delivery
			},
		},
	}
}

// Run lets requests go out until ctx ends, then stops tries that wait and
// returns when the ones in flight are over. Jobs submitted before Run wait.
func (e *Engine) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.mu.Lock()
	e.ctx, e.open = ctx, true
	e.start()
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock()
	e.closed = true
	e.queue, e.head = nil, 0
	for t := range e.waiting {
		t.Stop()
	}
	clear(e.waiting)
	e.mu.Unlock()
	e.work.Wait()
	e.client.CloseIdleConnections()
}

// SetLimit changes how many requests may be in flight.
func (e *Engine) SetLimit(n int) {
	e.mu.Lock()
	e.limit = n
	e.start()
	e.mu.Unlock()
}

// SetTimeout changes how long an answer is waited for.
func (e *Engine) SetTimeout(d time.Duration) { e.mu.Lock(); e.timeout = d; e.mu.Unlock() }

// Clear forgets all jobs that have not gone out yet.
func (e *Engine) Clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue, e.head = nil, 0
	for t := range e.waiting {
		t.Stop()
	}
	clear(e.waiting)
}

// Pending counts the jobs that are queued, in flight or waiting for another try.
func (e *Engine) Pending() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue) - e.head + e.running + len(e.waiting)
}

// Submit queues a job, to be tried first after the given time.
func (e *Engine) Submit(j *Job, after time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.submit(j, after)
}

func (e *Engine) submit(j *Job, after time.Duration) {
	if e.closed {
		return
	}
	if after <= 0 {
		e.queue = append(e.queue, j)
		e.start()
		return
	}
	var t *time.Timer
	t = time.AfterFunc(after, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if _, ok := e.waiting[t]; ok {
			delete(e.waiting, t)
			e.submit(j, 0)
		}
	})
	e.waiting[t] = struct{}{}
}

// start puts workers on queued jobs; the caller holds the lock.
func (e *Engine) start() {
	for e.open && !e.closed && e.running < e.limit && e.head < len(e.queue) {
		j := e.next()
		e.running++
		e.work.Add(1)
		go e.worker(j)
	}
}

func (e *Engine) next() *Job {
	j := e.queue[e.head]
	e.queue[e.head] = nil
	if e.head++; e.head == len(e.queue) {
		e.queue, e.head = e.queue[:0], 0
	}
	return j
}

// worker tries its job and then whatever else is queued.
func (e *Engine) worker(j *Job) {
	defer e.work.Done()
	for {
		e.try(j)
		e.mu.Lock()
		if e.closed || e.head == len(e.queue) || e.running > e.limit {
			e.running--
			e.mu.Unlock()
			return
		}
		j = e.next()
		e.mu.Unlock()
	}
}

func (e *Engine) try(j *Job) {
	status, err := e.post(j)
	again, after := j.Done(j.attempt, status, err)
	if again {
		j.attempt++
		e.Submit(j, max(after, time.Nanosecond))
	}
}

func (e *Engine) post(j *Job) (int, error) {
	e.mu.Lock()
	ctx, timeout := e.ctx, e.timeout
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	h, body := j.Build(j.attempt)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.URL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make webhook request: %w", err)
	}
	req.Header = h
	res, err := e.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("send webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // only so that the connection can be used again
	return res.StatusCode, nil
}
