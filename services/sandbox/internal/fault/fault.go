// Package fault makes a double misbehave on demand: refuse, answer late, answer
// with an error or an HTML page, or do the work and hang before saying so.
package fault

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Modes of a rule.
const (
	ModeStatus        = "status"         // answer with Status, do nothing
	ModeLatency       = "latency"        // wait LatencyMS, then work as usual
	ModeDrop          = "drop"           // close the connection without doing anything
	ModeCommitTimeout = "commit_timeout" // do the work, then hang for HoldMS and close
)

// Rule is one switched-on fault. The first rule that matches a call applies.
type Rule struct {
	ID         int64   `json:"id"`
	Method     string  `json:"method,omitempty"` // empty: any
	Path       string  `json:"path,omitempty"`   // prefix; empty: any
	Mode       string  `json:"mode"`
	Status     int     `json:"status,omitempty"`
	HTML       bool    `json:"html,omitempty"`        // answer as a gateway would, with a page
	RetryAfter int     `json:"retry_after,omitempty"` // seconds; header is left out when 0
	LatencyMS  int     `json:"latency_ms,omitempty"`
	HoldMS     int     `json:"hold_ms,omitempty"`
	Rate       float64 `json:"rate,omitempty"`  // share of calls that are hit; 0 means all
	Count      int     `json:"count,omitempty"` // how many calls are hit before the rule ends; 0: no end
	Hits       int     `json:"hits"`
}

// Delivery says how webhooks misbehave.
type Delivery struct {
	DuplicateRate float64 `json:"duplicate_rate"` // share of deliveries or events sent twice
	DropRate      float64 `json:"drop_rate"`      // share of events never sent
	Shuffle       bool    `json:"shuffle"`        // mix the order within and between requests
	DelayMS       int     `json:"delay_ms"`       // before the first try
	JitterMS      int     `json:"jitter_ms"`      // plus up to this much
	SameEventID   bool    `json:"same_event_id"`  // all events carry one id
}

// Set holds the faults of one double.
type Set struct {
	mu       sync.RWMutex
	rules    []*Rule
	last     int64
	down     bool
	denied   []string
	delivery Delivery
	rng      *rand.Rand
}

// NewSet makes an empty set whose dice follow the seed.
func NewSet(seed uint64) *Set { return &Set{rng: rand.New(rand.NewPCG(seed, 7))} }

// Add switches a rule on and returns it with its id.
func (s *Set) Add(r Rule) (Rule, error) {
	switch r.Mode {
	case ModeStatus:
		if r.Status < 200 || r.Status > 599 {
			return r, fmt.Errorf("mode status needs a status between 200 and 599, not %d", r.Status)
		}
	case ModeLatency, ModeDrop, ModeCommitTimeout:
	default:
		return r, fmt.Errorf("unknown mode %q: use status, latency, drop or commit_timeout", r.Mode)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	r.ID, r.Hits = s.last, 0
	s.rules = append(s.rules, &r)
	return r, nil
}

// Remove switches one rule off, or all of them when id is 0.
func (s *Set) Remove(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == 0 {
		s.rules = nil
		return
	}
	for i, r := range s.rules {
		if r.ID == id {
			s.rules = append(s.rules[:i], s.rules[i+1:]...)
			return
		}
	}
}

// Rules lists what is switched on.
func (s *Set) Rules() []Rule {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		out[i] = *r
	}
	return out
}

// SetDown makes the double refuse every API call, or ends that.
func (s *Set) SetDown(down bool) { s.mu.Lock(); s.down = down; s.mu.Unlock() }

// Down says whether every API call is refused.
func (s *Set) Down() bool { s.mu.RLock(); defer s.mu.RUnlock(); return s.down }

// SetDelivery changes how webhooks misbehave.
func (s *Set) SetDelivery(d Delivery) { s.mu.Lock(); s.delivery = d; s.mu.Unlock() }

// Delivery says how webhooks misbehave.
func (s *Set) Delivery() Delivery { s.mu.RLock(); defer s.mu.RUnlock(); return s.delivery }

// Reset switches everything off.
func (s *Set) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.down, s.denied, s.delivery = nil, false, nil, Delivery{}
}

// Chance is true with probability p.
func (s *Set) Chance(p float64) bool {
	if p <= 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Float64() < p
}

// Shuffle puts n things into a random order.
func (s *Set) Shuffle(n int, swap func(i, j int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rng.Shuffle(n, swap)
}

// Delay draws how long a delivery waits before its first try.
func (s *Set) Delay() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := s.delivery.DelayMS
	if s.delivery.JitterMS > 0 {
		ms += s.rng.IntN(s.delivery.JitterMS + 1)
	}
	return time.Duration(ms) * time.Millisecond
}

// Match finds the rule that hits a call and counts the hit.
func (s *Set) Match(method, path string) (Rule, bool) {
	s.mu.RLock()
	none := len(s.rules) == 0
	s.mu.RUnlock()
	if none {
		return Rule{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.rules {
		if r.Method != "" && !strings.EqualFold(r.Method, method) || !strings.HasPrefix(path, r.Path) {
			continue
		}
		if r.Rate > 0 && s.rng.Float64() >= r.Rate {
			continue
		}
		r.Hits++
		if r.Count > 0 && r.Hits >= r.Count {
			s.rules = append(s.rules[:i], s.rules[i+1:]...)
		}
		return *r, true
	}
	return Rule{}, false
}
