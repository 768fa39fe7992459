package propose_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/mapper/propose"
)

func TestR15TwoRecordsThatMatchAreSentToOnePairWhicheverIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	hubspot, app := contact("hs", "900", "ann@x.de"), contact("pd", "42", " Ann@X.de")
	for name, order := range map[string][]*eventv1.Change{"HubSpot's first": {hubspot, app}, "the app's first": {app, hubspot}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := setupMatching(t)
			m.listed(t, order...)
			other := map[string]string{"900": "42", "42": "900"}
			for _, c := range order {
				img, pair := m.told(t, c).image(t)
				if pair != deal.PairID("acme", "contacts", deal.HubSpot, "900") || img.GetCounterpart() != other[c.GetRecord()] || img.GetHold() != "" {
					t.Errorf("record %s: pair %s, counterpart %q, hold %q", c.GetRecord(), pair, img.GetCounterpart(), img.GetHold())
				}
			}
		})
	}
}

func TestR15ARecordJoinsThePairThatItsCounterpartHas(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	m.listed(t, contact("pd", "42", "ann@x.de"))
	m.link(t, "pd", "42", "theirs")
	m.pair(t, "theirs", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42", Hold: "ambiguous_match"}})
	a := m.told(t, contact("hs", "900", "ann@x.de"))
	if img, pair := a.image(t); pair != "theirs" || img.GetCounterpart() != "42" {
		t.Errorf("pair %s, counterpart %q", pair, img.GetCounterpart())
	}
	if diff := cmp.Diff([]string{"pd 42"}, a.asked()); diff != "" {
		t.Errorf("the held record is asked for again (-want +got):\n%s", diff)
	}
}

func TestR15WhatIsAmbiguousIsHeldAndNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		others []*eventv1.Change
		pairs  map[string]*ledgerv1.Pair // by the linked record of the app
		hold   string
		detail string
	}{
		{"nobody else", nil, nil, "", ""},
		{
			"two there",
			[]*eventv1.Change{contact("pd", "42", "ann@x.de"), contact("pd", "43", "ann@x.de")},
			nil, "ambiguous_match",
			`the e-mail address "ann@x.de" is that of hubspot 900 (N900) and app 42 (N42), 43 (N43)`,
		},
		{
			"two here",
			[]*eventv1.Change{contact("hs", "901", "ann@x.de"), contact("pd", "42", "ann@x.de")},
			nil, "ambiguous_match",
			`the e-mail address "ann@x.de" is that of hubspot 900 (N900), 901 (N901) and app 42 (N42)`,
		},
		{"two here and none there", []*eventv1.Change{contact("hs", "901", "ann@x.de")}, nil, "", ""},
		{
			"one whose counterpart was deleted",
			[]*eventv1.Change{contact("pd", "42", "ann@x.de")},
			map[string]*ledgerv1.Pair{"42": {App: &ledgerv1.PairSide{Record: "42"}, Hubspot: &ledgerv1.PairSide{Record: "1", Deleted: true}}},
			"ambiguous_match", `the e-mail address "ann@x.de" is that of hubspot 900 (N900) and app 42 (N42), whose counterpart was deleted`,
		},
		{
			"one that is paired",
			[]*eventv1.Change{contact("pd", "42", "ann@x.de")},
			map[string]*ledgerv1.Pair{"42": {App: &ledgerv1.PairSide{Record: "42"}, Hubspot: &ledgerv1.PairSide{Record: "1"}}},
			"", "",
		},
		{"another address", []*eventv1.Change{contact("pd", "42", "bob@x.de")}, nil, "", ""},
		{"no address", []*eventv1.Change{contact("pd", "42", "")}, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := setupMatching(t)
			m.listed(t, tt.others...)
			for record, doc := range tt.pairs {
				m.link(t, "pd", record, "p"+record)
				m.pair(t, "p"+record, doc)
			}
			img, pair := m.told(t, contact("hs", "900", "ann@x.de")).image(t)
			if img.GetHold() != tt.hold || img.GetHoldDetail() != tt.detail || img.GetCounterpart() != "" {
				t.Errorf("hold %q: %q, counterpart %q; want %q: %q", img.GetHold(), img.GetHoldDetail(), img.GetCounterpart(), tt.hold, tt.detail)
			}
			if own := deal.PairID("acme", "contacts", deal.HubSpot, "900"); pair != own {
				t.Errorf("pair %s, want its own, %s", pair, own)
			}
		})
	}
}

func TestR15AValueThatACrowdHasTellsNobodyApart(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	var ids []string
	for i := range 25 {
		ids = append(ids, fmt.Sprint(100+i))
	}
	m.keep(t, contact("pd", "42", "info@x.de"))
	put(t, m.ledger.Groups, ledger.GroupKey("acme", "contacts", "email", "info@x.de"), &ledgerv1.Group{Hubspot: ids, App: []string{"42"}})
	img, _ := m.told(t, contact("hs", "900", "info@x.de")).image(t)
	if img.GetHold() != "ambiguous_match" || !strings.HasSuffix(img.GetHoldDetail(), "; on one side 25 records or more have it") {
		t.Errorf("hold %q: %q", img.GetHold(), img.GetHoldDetail())
	}
}

func TestR15NothingIsDecidedBeforeAllRecordsAreListed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		since int64
		rules string
		want  int
	}{
		{"before the backfills are done", -1, "", 0},
		{"listed before the sync was switched on again", 4, rules, 0},
		{"listed by other rules", 5, "email=work_email/email", 0},
		{"all are listed", 5, rules, 1},
		{"all are listed since a later backfill", 9, rules, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := setupMatching(t)
			if tt.since < 0 {
				if err := m.ledger.Cursors.Delete(t.Context(), ledger.CursorKey("acme", "hs", "contact", "matched:contacts"), 0); err != nil {
					t.Fatal(err)
				}
			} else {
				m.ready(t, tt.since, tt.rules)
			}
			a := m.told(t, contact("hs", "900", "ann@x.de"))
			if a.err != nil || len(a.proposals) != tt.want {
				t.Errorf("answer %v with %d proposals, want %d", a.err, len(a.proposals), tt.want)
			}
			g, err := m.ledger.Groups.Fresh(t.Context(), ledger.GroupKey("acme", "contacts", "email", "ann@x.de"))
			if err != nil || !slices.Equal(g.Doc.GetHubspot(), []string{"900"}) {
				t.Errorf("group = %v, %v; want the record to be listed either way", g.Doc, err)
			}
		})
	}
}

func TestR15ThoseWhoStayInAGroupAreAskedForWhenOneLeaves(t *testing.T) {
	t.Parallel()
	gone := contact("pd", "43", "ann@x.de")
	gone.Deleted = true
	for name, leaves := range map[string]*eventv1.Change{"by another value": contact("pd", "43", "bob@x.de"), "by being deleted": gone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crash := &failList{}
			m := setupMatching(t, func(d *propose.Deps) { crash.Ledger, d.Ledger = d.Ledger, crash })
			m.listed(t, contact("hs", "900", "ann@x.de"), contact("pd", "42", "ann@x.de"), contact("pd", "43", "ann@x.de"), contact("pd", "44", "ann@x.de"))
			m.link(t, "hs", "900", "h")
			m.pair(t, "h", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "900", Hold: "ambiguous_match"}})
			m.link(t, "pd", "44", "paired")
			m.pair(t, "paired", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "44"}, Hubspot: &ledgerv1.PairSide{Record: "1"}})

			crash.arm()
			want := []string{"hs 900", "pd 42"}
			first := m.told(t, leaves)
			if diff := cmp.Diff(want, first.asked()); diff != "" || !fault.Is(first.err, fault.Transient) {
				t.Fatalf("answer %v, asked for (-want +got):\n%s", first.err, diff)
			}
			again := m.until(t)
			if diff := cmp.Diff(want, again.asked()); diff != "" {
				t.Errorf("after a crash before it was noted (-want +got):\n%s", diff)
			}
			if !slices.ContainsFunc(again.ids, func(id string) bool { return slices.Contains(first.ids, id) }) {
				t.Errorf("ids %v, and after the crash %v; want the same notices", first.ids, again.ids)
			}
			g, err := m.ledger.Groups.Fresh(t.Context(), ledger.GroupKey("acme", "contacts", "email", "ann@x.de"))
			if err != nil || !slices.Equal(g.Doc.GetApp(), []string{"42", "44"}) {
				t.Errorf("group = %v, %v", g.Doc, err)
			}
		})
	}
}

// failList fails the first List after arm, as a crash before it would.
type failList struct {
	propose.Ledger
	mu    sync.Mutex
	armed bool
}

func (f *failList) arm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = true
}

func (f *failList) List(ctx context.Context, workspace, sync string, side deal.Side, record string, keys []string) error {
	f.mu.Lock()
	armed := f.armed
	f.armed = false
	f.mu.Unlock()
	if armed {
		return fault.New(fault.Transient, "test", "the ledger hiccups")
	}
	return f.Ledger.List(ctx, workspace, sync, side, record, keys)
}

func TestR15OfTwoLonePairsTheAppsGivesWay(t *testing.T) {
	t.Parallel()
	hubspot, app := contact("hs", "900", "ann@x.de"), contact("pd", "42", "ann@x.de")
	lone := func(t *testing.T) *matching {
		m := setupMatching(t)
		m.listed(t, hubspot, app)
		m.link(t, "hs", "900", "h")
		m.link(t, "pd", "42", "a")
		m.pair(t, "h", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "900", Hold: "ambiguous_match"}})
		m.pair(t, "a", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42", Hold: "ambiguous_match"}})
		return m
	}
	t.Run("seen from the app, it folds", func(t *testing.T) {
		t.Parallel()
		m := lone(t)
		a := m.told(t, app)
		if img, pair := a.image(t); pair != "a" || img.GetFoldInto() != "h" || img.GetCounterpart() != "900" || img.GetHold() != "" {
			t.Errorf("pair %s with %v, want a to fold into h", pair, img)
		}
		if diff := cmp.Diff([]string{"hs 900"}, a.asked()); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
	})
	t.Run("seen from HubSpot, it waits for that", func(t *testing.T) {
		t.Parallel()
		m := lone(t)
		a := m.told(t, hubspot)
		if diff := cmp.Diff([]string{"pd 42"}, a.asked()); diff != "" || !fault.Is(a.err, fault.Transient) || len(a.proposals) != 0 {
			t.Fatalf("answer %v, %v, asked for (-want +got):\n%s", a.err, a.proposals, diff)
		}
		// The app's record was looked at meanwhile, and the resolver folded its pair.
		m.pair(t, "a", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}, FoldedInto: "h"})
		m.link(t, "pd", "42", "h")
		m.pair(t, "h", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "900"}, App: &ledgerv1.PairSide{Record: "42"}})
		if img, pair := m.until(t).image(t); pair != "h" || img.GetHold() != "" || img.GetFoldInto() != "" {
			t.Errorf("pair %s with %v, want a plain image to h", pair, img)
		}
	})
}

// A record whose pair has folded into HubSpot's is on its way there. Whoever
// looks at HubSpot's record then must not take it for another one's.
func TestR15ARecordThatIsOnItsWayToAPairIsNotTaken(t *testing.T) {
	t.Parallel()
	hubspot, app := contact("hs", "900", "ann@x.de"), contact("pd", "42", "ann@x.de")
	m := setupMatching(t)
	m.listed(t, hubspot, app)
	m.link(t, "hs", "900", "h")
	m.link(t, "pd", "42", "a")
	m.pair(t, "h", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "900", Hold: "ambiguous_match"}})
	m.pair(t, "a", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}, FoldedInto: "h"})
	if a := m.told(t, hubspot); !fault.Is(a.err, fault.Transient) || len(a.proposals) != 0 {
		t.Fatalf("before its link has moved: answer %v, %v", a.err, a.proposals)
	}
	m.link(t, "pd", "42", "h")
	if img, pair := m.until(t).image(t); pair != "h" || img.GetCounterpart() != "42" || img.GetHold() != "" {
		t.Errorf("after its link has moved: pair %s with %v, want its counterpart named", pair, img)
	}
}

func TestR15ARecordWaitsWhileItsCounterpartIsBeingPaired(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	m.listed(t, contact("pd", "42", "ann@x.de"))
	m.link(t, "pd", "42", "a")
	inFlight := &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}, Hubspot: &ledgerv1.PairSide{Flight: &eventv1.Write{Version: 1}}}
	m.pair(t, "a", inFlight)
	if a := m.told(t, contact("hs", "900", "ann@x.de")); !fault.Is(a.err, fault.Transient) || len(a.proposals) != 0 {
		t.Fatalf("answer %v, %v", a.err, a.proposals)
	}
	// HubSpot refuses a second contact with that address, so the create is over.
	m.pair(t, "a", &ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}})
	if img, pair := m.until(t).image(t); pair != "a" || img.GetCounterpart() != "42" {
		t.Errorf("pair %s, counterpart %q", pair, img.GetCounterpart())
	}
}

func TestR15ARecordIsMatchedOnceOthersCanReadIt(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	c := contact("hs", "900", "ann@x.de")
	m.tell(t, c) // told before the copy is stored
	if a := m.answer(t); !fault.Is(a.err, fault.Conflict) || len(a.proposals) != 0 {
		t.Fatalf("answer %v, %v", a.err, a.proposals)
	}
	m.keep(t, c)
	if img, _ := m.until(t).image(t); img.GetRecord() != "900" {
		t.Errorf("image %v", img)
	}
}

func TestR15AnOlderChangeDoesNotBringAnOlderKeyBack(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	newer := contact("hs", "900", "new@x.de")
	newer.Fields["email"].EditedMs = 9
	m.told(t, newer)
	m.tell(t, contact("hs", "900", "old@x.de")) // overtaken in the other lane
	m.until(t).image(t)
	g, err := m.ledger.Grouped.Fresh(t.Context(), ledger.GroupedKey("acme", "contacts", deal.HubSpot, "900"))
	if want := string(ledger.GroupKey("acme", "contacts", "email", "new@x.de")); err != nil || !slices.Equal(g.Doc.GetKeys(), []string{want}) {
		t.Errorf("listed in %v, %v; want %s", g.Doc, err, want)
	}
}

func TestR15TwoThatAreLookedAtAtOnceSeeEachOther(t *testing.T) {
	t.Parallel()
	together := &meeting{joined: make(chan struct{})}
	m := setupMatching(t, func(d *propose.Deps) { together.Ledger, d.Ledger = d.Ledger, together })
	hubspot, app := contact("hs", "900", "ann@x.de"), contact("pd", "42", "ann@x.de")
	m.keep(t, hubspot)
	m.keep(t, app)
	m.tell(t, hubspot)
	m.tell(t, app)
	want := deal.PairID("acme", "contacts", deal.HubSpot, "900")
	pairs := map[string]bool{m.next(t).proposal.GetPair(): true, m.next(t).proposal.GetPair(): true}
	if diff := cmp.Diff(map[string]bool{want: true}, pairs); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

// meeting lets nobody look at a group before two records have joined it.
type meeting struct {
	propose.Ledger
	mu     sync.Mutex
	count  int
	joined chan struct{}
}

func (g *meeting) Join(ctx context.Context, key ledger.Key, side deal.Side, record string, most int) error {
	err := g.Ledger.Join(ctx, key, side, record, most)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count++; g.count == 2 {
		close(g.joined)
	}
	return err
}

func (g *meeting) Group(ctx context.Context, key ledger.Key) (*ledgerv1.Group, error) {
	select {
	case <-g.joined:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return g.Ledger.Group(ctx, key)
}

func TestR17ASurvivorGoesOnInThePairOfARecordMergedIntoIt(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	m.link(t, "hs", "800", "lone")
	m.pair(t, "lone", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "800"}})
	m.link(t, "hs", "801", "whole")
	m.pair(t, "whole", &ledgerv1.Pair{Hubspot: &ledgerv1.PairSide{Record: "801"}, App: &ledgerv1.PairSide{Record: "42"}})
	c := contact("hs", "900", "ann@x.de")
	c.MergedFrom = []string{"799", "800", "801"}
	img, pair := m.told(t, c).image(t)
	if pair != "whole" || !slices.Equal(img.GetMergedFrom(), c.GetMergedFrom()) {
		t.Errorf("pair %s, merged from %v", pair, img.GetMergedFrom())
	}
}

func TestR17APairWithoutACounterpartGivesWayToThatOfARecordMergedIntoItsOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		own, merged *ledgerv1.Pair
		foldInto    string
	}{
		"it has none": {
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "43"}},
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}, Hubspot: &ledgerv1.PairSide{Record: "900"}}, "merged",
		},
		"it has one": {
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "43"}, Hubspot: &ledgerv1.PairSide{Record: "901"}},
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}, Hubspot: &ledgerv1.PairSide{Record: "900"}}, "",
		},
		"the other has none either": {
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "43"}},
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}}, "",
		},
		"the other's was deleted": {
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "43"}},
			&ledgerv1.Pair{App: &ledgerv1.PairSide{Record: "42"}, Hubspot: &ledgerv1.PairSide{Record: "900", Deleted: true}}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := setupMatching(t)
			m.link(t, "pd", "42", "merged")
			m.pair(t, "merged", tt.merged)
			m.link(t, "pd", "43", "own")
			m.pair(t, "own", tt.own)
			c := contact("pd", "43", "ann@x.de")
			c.MergedFrom = []string{"42"}
			img, pair := m.told(t, c).image(t)
			if pair != "own" || img.GetFoldInto() != tt.foldInto || img.GetHold() != "" {
				t.Errorf("pair %s, fold into %q, hold %q; want own, %q", pair, img.GetFoldInto(), img.GetHold(), tt.foldInto)
			}
		})
	}
}

func TestR6AMatchedRecordOfTheReceivingSideIsSeen(t *testing.T) {
	t.Parallel()
	m := setupMatching(t)
	m.settings.set(contactSync(func(y *configv1.Sync) { y.Direction = configv1.Direction_DIRECTION_TO_HUBSPOT }))
	m.listed(t, contact("hs", "900", "ann@x.de"), contact("pd", "42", "ann@x.de"))
	if img, _ := m.told(t, contact("hs", "900", "ann@x.de")).image(t); img.GetExcluded() != "" || img.GetCounterpart() != "42" {
		t.Errorf("excluded %q, counterpart %q", img.GetExcluded(), img.GetCounterpart())
	}
	if img, _ := m.told(t, contact("hs", "901", "bob@x.de")).image(t); img.GetExcluded() != "one_way" {
		t.Errorf("excluded %q, want one_way for a record that matches nobody", img.GetExcluded())
	}
}
