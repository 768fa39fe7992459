package pool

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

type fakeSettings struct {
	snapshot atomic.Pointer[settings.Snapshot]
}

func (h *fakeSettings) Snapshot() *settings.Snapshot { return h.snapshot.Load() }
func (h *fakeSettings) Tokens(string, string) connector.TokenSource {
	return connectortest.NewTokens("bearer", "t")
}

func (h *fakeSettings) set(revision uint64, app string) {
	h.snapshot.Store(settings.NewSnapshot(&configv1.Snapshot{
		Connections: []*configv1.Connection{{Workspace: "acme", Name: "hub", App: app, Revision: revision}},
	}))
}

func TestOneConnectorForEachRevisionOfAConnection(t *testing.T) {
	t.Parallel()
	s := &fakeSettings{}
	s.set(1, "hubspot")
	p := New(s, nil)
	get := func() *connector.Connector {
		t.Helper()
		c, err := p.Get(context.Background(), "acme", "hub")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := get()
	if get() != first {
		t.Error("the same revision gave another connector")
	}
	s.set(2, "hubspot")
	if get() == first {
		t.Error("a new revision gave the old connector")
	}
}

func TestUnknownConnectionsAndAppsAreRefused(t *testing.T) {
	t.Parallel()
	s := &fakeSettings{}
	s.set(1, "abacus")
	p := New(s, nil)
	if _, err := p.Get(context.Background(), "acme", "none"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := p.Get(context.Background(), "acme", "hub"); fault.CodeOf(err) != "unknown_app" {
		t.Error(err)
	}
}

func TestAConnectionsOwnRateReplacesTheDeclaredOne(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]connector.Budget{
		0: {}, 50: {Calls: 50, Per: time.Second}, 0.5: {Calls: 1, Per: 2 * time.Second},
	} {
		if got := budgetOf(&configv1.Connection{CallsPerSecond: rate}); got != want {
			t.Errorf("%v per second: %+v, want %+v", rate, got, want)
		}
	}
}
