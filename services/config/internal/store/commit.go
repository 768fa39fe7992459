package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"

	"github.com/nats-io/nats.go/jetstream"
)

// commit stores the changed workspaces as new bundles and replaces the head.
// Until the head is replaced nobody sees the bundles.
func (s *Store) commit(ctx context.Context, from *State, changed []*Workspace) (*State, error) {
	next := &State{
		Revision:   from.Revision + 1,
		Workspaces: maps.Clone(from.Workspaces),
		head:       head{Revision: from.Revision + 1, Workspaces: map[string]ref{}},
	}
	maps.Copy(next.head.Workspaces, from.head.Workspaces)
	var added, outdated []string
	for _, w := range changed {
		id := rand.Text()
		added = append(added, bundleKey(w.Name, id))
		if err := s.putBundle(ctx, w, id); err != nil {
			s.purge(ctx, added)
			return nil, err
		}
		r := ref{Bundle: id}
		if old, ok := from.head.Workspaces[w.Name]; ok {
			r.Previous = append([]string{old.Bundle}, old.Previous...)
		}
		for len(r.Previous) >= history {
			last := len(r.Previous) - 1
			outdated = append(outdated, bundleKey(w.Name, r.Previous[last]))
			r.Previous = r.Previous[:last]
		}
		next.head.Workspaces[w.Name] = r
		next.Workspaces[w.Name] = w
	}
	if err := s.putHead(ctx, next, from.sequence); err != nil {
		// Only a refusal is certain to have stored nothing.
		if Conflicts(err) {
			s.purge(ctx, added)
		}
		return nil, Lost(err)
	}
	s.purge(ctx, outdated)
	s.install(next)
	return next, nil
}

func (s *Store) putBundle(ctx context.Context, w *Workspace, id string) error {
	raw, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("encode workspace %s: %w", w.Name, err)
	}
	if _, err := s.kv.Create(ctx, bundleKey(w.Name, id), raw); err != nil {
		return transient(fmt.Errorf("store workspace %s: %w", w.Name, err))
	}
	return nil
}

func (s *Store) putHead(ctx context.Context, next *State, sequence uint64) error {
	raw, err := json.Marshal(next.head)
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	if sequence == 0 {
		next.sequence, err = s.kv.Create(ctx, headKey, raw)
	} else {
		next.sequence, err = s.kv.Update(ctx, headKey, raw, sequence)
	}
	if err != nil {
		return fmt.Errorf("commit the configuration: %w", err)
	}
	return nil
}

// purge removes bundles that nobody needs. One that stays behind does no harm.
func (s *Store) purge(ctx context.Context, keys []string) {
	for _, key := range keys {
		if err := s.kv.Purge(ctx, key); err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			slog.WarnContext(ctx, "config.purge_failed", "key", key, "error", err.Error())
		}
	}
}

func bundleKey(workspace, id string) string { return "workspace." + workspace + "." + id }
