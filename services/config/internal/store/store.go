// Package store keeps the configuration in a JetStream key-value bucket. A
// workspace is one immutable bundle; one head key says which bundles are in
// force. Replacing the head by compare-and-swap is the
// commit: it changes any number of workspaces at once or none (all or nothing).
// The store never sees a secret that is not sealed.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// Bucket is the name of the bucket.
const Bucket = "config"

const (
	headKey = "head"
	// history is how many revisions can be looked at and restored.
	history = 5
	// maxTries bounds how often a commit is tried against others' commits.
	maxTries = 20
)

// head says which bundle of each workspace is in force.
type head struct {
	Revision   uint64         `json:"revision"`
	Workspaces map[string]ref `json:"workspaces"`
}

type ref struct {
	Bundle string `json:"bundle"`
	// Previous are the bundles before, newest first; they are kept.
	Previous []string `json:"previous,omitempty"`
}

// Store is one replica's view of the bucket.
type Store struct {
	kv jetstream.KeyValue

	mu      sync.Mutex
	state   *State
	changed chan struct{}
}

// Open creates the bucket when it is not there, and reads the configuration.
func Open(ctx context.Context, js jetstream.JetStream, replicas int) (*Store, error) {
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: Bucket, Description: "What the config service owns.",
		History: history, Storage: jetstream.FileStorage, Replicas: max(replicas, 1),
	})
	if err != nil {
		return nil, transient(fmt.Errorf("open bucket %s: %w", Bucket, err))
	}
	s := &Store{kv: kv, state: &State{Workspaces: map[string]*Workspace{}}, changed: make(chan struct{})}
	if _, err := s.Fresh(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// KV is the bucket, for what is kept beside the configuration.
func (s *Store) KV() jetstream.KeyValue { return s.kv }

// State is the configuration as this replica last saw it.
func (s *Store) State() *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Changed is closed when State is replaced.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Run follows the head, so that this replica sees what others commit. It
// returns when ctx ends.
func (s *Store) Run(ctx context.Context) error {
	watch, err := s.kv.Watch(ctx, headKey)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return transient(fmt.Errorf("watch the configuration: %w", err))
	}
	defer func() { _ = watch.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watch.Updates():
			switch {
			case !ok && ctx.Err() != nil:
				return nil
			case !ok:
				return transient(errors.New("watch the configuration: the watch ended"))
			case entry != nil:
				s.follow(ctx)
			}
		}
	}
}

// follow reads the head until it succeeds.
func (s *Store) follow(ctx context.Context) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		_, err := s.Fresh(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		slog.WarnContext(ctx, "config.follow_failed", "error", err.Error())
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Fresh reads the configuration from the bucket.
func (s *Store) Fresh(ctx context.Context) (*State, error) {
	for try := 1; ; try++ {
		state, err := s.read(ctx)
		// A bundle may be gone when the head has moved on meanwhile.
		if errors.Is(err, jetstream.ErrKeyNotFound) && try < 3 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return s.install(state), nil
	}
}

func (s *Store) read(ctx context.Context) (*State, error) {
	state := &State{Workspaces: map[string]*Workspace{}}
	entry, err := s.kv.Get(ctx, headKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return state, nil
	}
	if err != nil {
		return nil, transient(fmt.Errorf("read the configuration: %w", err))
	}
	if err := json.Unmarshal(entry.Value(), &state.head); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	state.Revision, state.sequence = state.head.Revision, entry.Revision()
	known := s.State()
	for name, r := range state.head.Workspaces {
		if w := known.Workspaces[name]; w != nil && known.head.Workspaces[name].Bundle == r.Bundle {
			state.Workspaces[name] = w
			continue
		}
		if state.Workspaces[name], err = s.bundle(ctx, name, r.Bundle); err != nil {
			return nil, err
		}
	}
	return state, nil
}

func (s *Store) bundle(ctx context.Context, name, id string) (*Workspace, error) {
	entry, err := s.kv.Get(ctx, bundleKey(name, id))
	if err != nil {
		return nil, transient(fmt.Errorf("read workspace %s: %w", name, err))
	}
	w := &Workspace{}
	if err := json.Unmarshal(entry.Value(), w); err != nil {
		return nil, fmt.Errorf("read workspace %s: %w", name, err)
	}
	return w, nil
}

// install makes state the one in force, unless a newer one is, and answers the
// one in force: a lagging copy of the bucket may give an older one.
func (s *Store) install(state *State) *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state.sequence > s.state.sequence {
		s.state = state
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return s.state
}

// Update commits the workspaces that change returns, all of them or none. It
// calls change again when somebody else has committed meanwhile; an error of
// change ends it, and no workspaces commit nothing.
func (s *Store) Update(ctx context.Context, change func(*State) ([]*Workspace, error)) (*State, error) {
	for range maxTries {
		state, err := s.Fresh(ctx)
		if err != nil {
			return nil, err
		}
		changed, err := change(state)
		if err != nil || len(changed) == 0 {
			return state, err
		}
		next, err := s.commit(ctx, state, changed)
		if err == nil || !fault.Is(err, fault.Conflict) {
			return next, err
		}
	}
	return nil, fault.New(fault.Conflict, "busy", "the configuration was changed by others %d times meanwhile; try again", maxTries)
}
