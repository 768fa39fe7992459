package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/config/internal/store"
)

// open opens one more replica on the server.
func open(t *testing.T, server *bustest.Server) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), server.Bus().JetStream(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// title sets the titles of workspaces in one commit.
func title(t *testing.T, s *store.Store, title string, names ...string) *store.State {
	t.Helper()
	state, err := s.Update(t.Context(), func(now *store.State) ([]*store.Workspace, error) {
		var changed []*store.Workspace
		for _, name := range names {
			w, err := now.Workspaces[name].Clone(name)
			if err != nil {
				return nil, err
			}
			w.Title = title
			changed = append(changed, w)
		}
		return changed, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// bundles counts the stored bundles.
func bundles(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	keys, err := s.KV().ListKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key := range keys.Keys() {
		if strings.HasPrefix(key, "workspace.") {
			n++
		}
	}
	return n
}

func TestACommitChangesAllWorkspacesOrNone(t *testing.T) {
	t.Parallel()
	server := bustest.New(t)
	one, two := open(t, server), open(t, server)
	title(t, one, "first", "a", "b")
	if state := two.State(); state.Revision != 0 {
		t.Errorf("seen before it was read: %d", state.Revision)
	}
	refused := errors.New("refused")
	if _, err := two.Update(t.Context(), func(now *store.State) ([]*store.Workspace, error) {
		if now.Revision != 1 || now.Workspaces["b"].Title != "first" {
			t.Errorf("not the state that was committed: %d", now.Revision)
		}
		return nil, refused
	}); !errors.Is(err, refused) {
		t.Errorf("error: %v", err)
	}
	tries := 0
	state, err := two.Update(t.Context(), func(now *store.State) ([]*store.Workspace, error) {
		if tries++; tries == 1 {
			title(t, one, "meanwhile", "a", "c") // somebody is faster
		}
		a, err := now.Workspaces["a"].Clone("a")
		a.Title += " and after"
		return []*store.Workspace{a}, err
	})
	if err != nil || tries != 2 || state.Revision != 3 {
		t.Fatalf("%d tries, revision %d: %v", tries, state.Revision, err)
	}
	if got := state.Workspaces["a"].Title; got != "meanwhile and after" {
		t.Errorf("title: %s", got)
	}
	if n := bundles(t, one); n != 5 {
		t.Errorf("%d bundles: a refused commit left some behind", n)
	}
}

func TestOnlyTheHistoryIsKept(t *testing.T) {
	t.Parallel()
	server := bustest.New(t)
	s := open(t, server)
	title(t, s, "still", "b")
	for i := range 12 {
		title(t, s, fmt.Sprint(i), "a")
	}
	if n := bundles(t, s); n != 5+1 {
		t.Errorf("%d bundles", n)
	}
	again := open(t, server)
	if state := again.State(); state.Revision != 13 || state.Workspaces["a"].Title != "11" || state.Workspaces["b"].Title != "still" {
		t.Errorf("after a restart: %+v", state)
	}
}

func TestAReplicaFollows(t *testing.T) {
	t.Parallel()
	server := bustest.New(t)
	one, two := open(t, server), open(t, server)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- two.Run(ctx) }()
	for i := range 5 {
		title(t, one, fmt.Sprint(i), "a")
	}
	for {
		changed := two.Changed()
		if two.State().Revision == 5 {
			break
		}
		<-changed
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOthersThatAreAlwaysFasterEndAsAConflict(t *testing.T) {
	t.Parallel()
	server := bustest.New(t)
	one, two := open(t, server), open(t, server)
	_, err := two.Update(t.Context(), func(now *store.State) ([]*store.Workspace, error) {
		title(t, one, fmt.Sprint(now.Revision), "a")
		w, err := now.Workspaces["b"].Clone("b")
		return []*store.Workspace{w}, err
	})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("error: %v", err)
	}
}
