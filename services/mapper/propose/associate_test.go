package propose_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/mapper/propose"
)

func associating(y *configv1.Sync) {
	y.Associations = []*configv1.AssociationLine{
		{
			Object: "contact", Sync: "contacts",
			Hubspot: &configv1.AssociationEnd{Field: "associations.contact", Many: true}, App: &configv1.AssociationEnd{Field: "person_id"},
		},
		{
			Object: "company", Sync: "companies",
			Hubspot: &configv1.AssociationEnd{Field: "associations.company", Many: true}, App: &configv1.AssociationEnd{Field: "org_id"},
		},
	}
}

// withContacts is HubSpot's deal 900 with contacts 1 and 2 and company 3; contact
// 1 has a counterpart.
func withContacts(t *testing.T, b *bundle) *eventv1.Change {
	t.Helper()
	b.settings.set(dealSync("deals", associating))
	whole(t, b, "1", "71", false)
	c := change("hs", "900", map[string]string{
		"dealname": "Boat", "dealstage": "new", "associations.contact": "1;2", "associations.company": "3",
	})
	c.Changed = []string{"associations.contact", "associations.company", "dealname"}
	return c
}

// whole pairs HubSpot's contact with the app's person.
func whole(t *testing.T, b *bundle, hubspot, app string, deleted bool) {
	t.Helper()
	put(t, b.ledger.Links, ledger.LinkKey("acme", "hs", "contact", hubspot, "contacts"), &ledgerv1.Link{Pair: "p" + hubspot})
	put(t, b.ledger.Pairs, ledger.PairKey("acme", "contacts", "p"+hubspot),
		&ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: hubspot}, App: &ledgerv1.PairSide{Record: app, Deleted: deleted}})
}

func TestR16AnImageNamesTheCounterpartsOfWhatTheRecordIsAssociatedWith(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := withContacts(t, b)
	whole(t, b, "2", "72", true)
	want := []*eventv1.Association{
		{Object: "contact", Own: "1", Other: "71"},
		{Object: "contact", Own: "2"},
		{Object: "company", Own: "3"},
	}
	b.publish(t, c, bus.Live, "c1")
	if diff := cmp.Diff(want, b.next(t).proposal.GetImage().GetAssociations(), protocmp.Transform()); diff != "" {
		t.Errorf("associations (-want +got):\n%s", diff)
	}
	for key, dependent := range map[ledger.Key]string{
		ledger.WaitingKey("acme", "companies", deal.HubSpot, "3"): "900",
		ledger.WaitingKey("acme", "contacts", deal.HubSpot, "1"):  "",
	} {
		w, err := b.ledger.Waiting.Fresh(t.Context(), key)
		if dependent == "" && fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil || len(w.Doc.GetDependents()) != 1 || w.Doc.GetDependents()[0].GetRecord() != dependent || w.Doc.GetDependents()[0].GetObject() != "deal" {
			t.Errorf("%s: waiting %v, %v; want %q", key, w.Doc, err, dependent)
		}
	}
}

func TestR16AnyEditTellsAllAssociationsAndOnlyNewsWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := withContacts(t, b)
	c.Changed = []string{"dealname"}
	b.publish(t, c, bus.Live, "c1")
	if got := b.next(t).proposal.GetImage().GetAssociations(); len(got) != 3 || got[0].GetOther() != "71" {
		t.Errorf("associations = %v, want all three", got)
	}
	if _, err := b.ledger.Waiting.Fresh(t.Context(), ledger.WaitingKey("acme", "companies", deal.HubSpot, "3")); !fault.Is(err, fault.NotFound) {
		t.Errorf("an edit of the name waits again: %v", err)
	}
}

func TestR16ACounterpartThatComesMeanwhileIsNotMissed(t *testing.T) {
	t.Parallel()
	race := &pairedMeanwhile{}
	b := setup(t, func(d *propose.Deps) { race.Ledger, d.Ledger = d.Ledger, race })
	// Contact 2 gets its counterpart right after the mapper has found none: the
	// resolver looks for who waits before the mapper has noted it.
	race.before = func() { whole(t, b, "2", "72", false) }
	b.publish(t, withContacts(t, b), bus.Live, "c1")
	if got := b.next(t).proposal.GetImage().GetAssociations(); len(got) != 3 || got[1].GetOther() != "72" {
		t.Errorf("associations = %v, want contact 2's counterpart", got)
	}
}

// pairedMeanwhile does something before the first Wait.
type pairedMeanwhile struct {
	propose.Ledger
	once   sync.Once
	before func()
}

func (p *pairedMeanwhile) Wait(ctx context.Context, workspace, sync string, side deal.Side, record string, dependent propose.Ref) error {
	p.once.Do(p.before)
	return p.Ledger.Wait(ctx, workspace, sync, side, record, dependent)
}

// counted counts the calls of the ledger by their names.
type counted struct {
	propose.Ledger
	mu    sync.Mutex
	calls map[string]int
}

func (c *counted) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[name]++
}

func (c *counted) taken() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.calls
	c.calls = nil
	return taken
}

func (c *counted) Link(ctx context.Context, r propose.Ref, sync string) (string, error) {
	c.add("Link")
	return c.Ledger.Link(ctx, r, sync)
}

func (c *counted) LinkNow(ctx context.Context, r propose.Ref, sync string) (string, error) {
	c.add("LinkNow")
	return c.Ledger.LinkNow(ctx, r, sync)
}

func (c *counted) Pair(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error) {
	c.add("Pair")
	return c.Ledger.Pair(ctx, workspace, sync, pair)
}

func (c *counted) PairNow(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error) {
	c.add("PairNow")
	return c.Ledger.PairNow(ctx, workspace, sync, pair)
}

func (c *counted) Matched(ctx context.Context, workspace, connection, object, sync string) (*ledgerv1.Cursor, error) {
	c.add("Matched")
	return c.Ledger.Matched(ctx, workspace, connection, object, sync)
}

func (c *counted) Group(ctx context.Context, key ledger.Key) (*ledgerv1.Group, error) {
	c.add("Group")
	return c.Ledger.Group(ctx, key)
}

func (c *counted) Join(ctx context.Context, key ledger.Key, side deal.Side, record string, most int) error {
	c.add("Join")
	return c.Ledger.Join(ctx, key, side, record, most)
}

func (c *counted) Leave(ctx context.Context, key ledger.Key, side deal.Side, record string) (*ledgerv1.Group, error) {
	c.add("Leave")
	return c.Ledger.Leave(ctx, key, side, record)
}

func (c *counted) Listed(ctx context.Context, workspace, sync string, side deal.Side, record string) ([]string, error) {
	c.add("Listed")
	return c.Ledger.Listed(ctx, workspace, sync, side, record)
}

func (c *counted) List(ctx context.Context, workspace, sync string, side deal.Side, record string, keys []string) error {
	c.add("List")
	return c.Ledger.List(ctx, workspace, sync, side, record, keys)
}

func (c *counted) Wait(ctx context.Context, workspace, sync string, side deal.Side, record string, dependent propose.Ref) error {
	c.add("Wait")
	return c.Ledger.Wait(ctx, workspace, sync, side, record, dependent)
}

func (c *counted) Copy(ctx context.Context, r propose.Ref) (*ledgerv1.Record, error) {
	c.add("Copy")
	return c.Ledger.Copy(ctx, r)
}

func TestNobodyPaysForWhatDoesNotConcernHim(t *testing.T) {
	t.Parallel()
	c := &counted{}
	m := setupMatching(t, func(d *propose.Deps) { c.Ledger, d.Ledger = d.Ledger, c })
	m.settings.set(contactSync(), dealSync("deals"))
	m.link(t, "hs", "900", "p")
	m.pair(t, "p", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "900"}, App: &ledgerv1.PairSide{Record: "42"}})
	edited := func(field string) *eventv1.Change {
		e := contact("hs", "900", "ann@x.de")
		e.Cause, e.Changed = eventv1.Cause_CAUSE_WEBHOOK, []string{field}
		return e
	}
	for _, tt := range []struct {
		name   string
		change *eventv1.Change
		want   map[string]int
	}{
		{"a deal", boat("42"), map[string]int{"Link": 1}},
		{"a paired contact", edited("firstname"), map[string]int{"Link": 1, "Pair": 1}},
		{"a paired contact's address", edited("email"), map[string]int{"Link": 1, "Pair": 1, "Copy": 1, "Listed": 1, "Join": 1, "List": 1}},
		{"the same again", edited("email"), map[string]int{"Link": 1, "Pair": 1, "Copy": 1, "Listed": 1}},
	} {
		c.taken()
		m.told(t, tt.change).image(t)
		if diff := cmp.Diff(tt.want, c.taken()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
