package resolve

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// story is a chain of inputs; what pairs pass on to each other is delivered
// between them, as the bus would.
type story []chapter

type chapter struct {
	id string
	p  *eventv1.Proposal
}

// to addresses an image to a pair and completes it.
func to(pair string, p *eventv1.Proposal, change ...func(*eventv1.Image)) *eventv1.Proposal {
	p.Pair = pair
	for _, c := range change {
		c(p.GetImage())
	}
	return p
}

func held(img *eventv1.Image)     { img.Hold, img.HoldDetail = "ambiguous_match", "it may be h1 or h2" }
func backfill(img *eventv1.Image) { img.Cause = eventv1.Cause_CAUSE_BACKFILL }

func foldInto(pair string) func(*eventv1.Image) {
	return func(img *eventv1.Image) { img.FoldInto = pair }
}

func mergedInto(record string) func(*eventv1.Image) {
	return func(img *eventv1.Image) { img.MergedInto, img.Units = record, nil }
}

func mergedFrom(records ...string) func(*eventv1.Image) {
	return func(img *eventv1.Image) { img.MergedFrom = records }
}

func counterpart(record string) func(*eventv1.Image) {
	return func(img *eventv1.Image) { img.Counterpart = record }
}

// tell plays a story; a handler that is killed gets its message again.
func (b *testBundle) tell(s story) {
	b.t.Helper()
	deliver := func(id string, p *eventv1.Proposal) {
		err := b.deliver(id, p)
		if errors.Is(err, errCrash) {
			err = b.deliver(id, p)
		}
		if err != nil {
			b.t.Fatalf("%s: %v", id, err)
		}
	}
	for _, c := range s {
		deliver(c.id, c.p)
		for ; b.passed < len(b.published(bus.Proposals)); b.passed++ {
			if b.passed > 20 {
				b.t.Fatal("pairs pass an image on for ever")
			}
			m := b.bus.messages[b.published(bus.Proposals)[b.passed]]
			var p eventv1.Proposal
			if err := proto.Unmarshal(m.Data, &p); err != nil {
				b.t.Fatal(err)
			}
			deliver(m.ID[len("proposal:"):], &p)
		}
	}
}

func (b *testBundle) kept(pair string) *ledgerv1.Pair {
	return b.pairs.docs[ledger.PairKey("acme", "deals", pair)].Doc
}

func (b *testBundle) link(connection, record string) string {
	return b.links.docs[ledger.LinkKey("acme", connection, "deal", record, "deals")].Doc.GetPair()
}

// asked are the records that were asked for, in order.
func (b *testBundle) asked() []string {
	var asked []string
	for _, id := range b.published(bus.Notices) {
		var n eventv1.Notice
		if err := proto.Unmarshal(b.bus.messages[id].Data, &n); err != nil {
			b.t.Fatal(err)
		}
		r := n.GetRefresh()
		asked = append(asked, fmt.Sprint(n.GetConnection(), " ", r.GetObject(), r.GetRecords(), " read=", r.GetRead(), " ", r.GetReason()))
	}
	return asked
}

func (b *testBundle) wantPair(pair, hubspot, app, status, reason string) {
	b.t.Helper()
	p := b.kept(pair)
	if p.GetHubspot().GetRecord() != hubspot || p.GetApp().GetRecord() != app || p.GetStatus() != status || p.GetReason() != reason {
		b.t.Errorf("pair %s has %q and %q, %s %q (%s); want %q and %q, %s %q", pair, p.GetHubspot().GetRecord(), p.GetApp().GetRecord(),
			p.GetStatus(), p.GetReason(), p.GetMessage(), hubspot, app, status, reason)
	}
}

func stories(at time.Time) map[string]struct {
	story story
	want  func(b *testBundle)
} {
	hour := at.Add(-time.Hour)
	lone := to("pa", image(deal.App, "a1", "1", hour), held, backfill)
	paired := func(pair, h, a string) story {
		return story{
			{pair + " seen", to(pair, image(deal.HubSpot, h, "1", hour), backfill)},
			{pair + " created", to(pair, outcome(deal.App, a, 1, at))},
		}
	}
	return map[string]struct {
		story story
		want  func(b *testBundle)
	}{
		"a held record folds into the pair that it belongs to": {
			story{
				{"app", lone},
				{"hubspot", to("ph", image(deal.HubSpot, "h1", "2", hour.Add(time.Minute)), held, backfill)},
				{"fold", to("pa", image(deal.App, "a1", "1", hour), foldInto("ph"), backfill)},
			},
			func(b *testBundle) {
				b.wantPair("pa", "", "a1", "excluded", "folded")
				b.wantPair("ph", "h1", "a1", "pending", "")
				if b.link("pd", "a1") != "ph" || b.kept("pa").GetFoldedInto() != "ph" {
					b.t.Errorf("a1 is linked to %q", b.link("pd", "a1"))
				}
			},
		},
		"a record of a pair that is not kept folds too": {
			story{{"fold", to("pa", image(deal.App, "a1", "1", hour), foldInto("ph"))}},
			func(b *testBundle) {
				b.wantPair("ph", "", "a1", "pending", "")
				if b.kept("pa") != nil || b.link("pd", "a1") != "ph" {
					b.t.Errorf("pair %v, a1 is linked to %q", b.kept("pa"), b.link("pd", "a1"))
				}
			},
		},
		"a record that comes too late is held and never guessed about": {
			append(paired("ph", "h1", "a9"), chapter{"app", lone},
				chapter{"fold", to("pa", image(deal.App, "a1", "1", hour), foldInto("ph"), backfill)}),
			func(b *testBundle) {
				b.wantPair("ph", "h1", "a9", "in_sync", "")
				b.wantPair("pa", "", "a1", "failing", "ambiguous_match")
			},
		},
		"two pairs that fold into each other end as one": {
			story{
				{"app", lone},
				{"hubspot", to("ph", image(deal.HubSpot, "h1", "2", hour), held, backfill)},
				{"hubspot folds", to("ph", image(deal.HubSpot, "h1", "2", hour), foldInto("pa"), backfill)},
				{"app folds", to("pa", image(deal.App, "a1", "1", hour), foldInto("ph"), backfill)},
			},
			func(b *testBundle) { b.wantPair("pa", "h1", "a1", "pending", "") },
		},
		"R15: an existing record that matches is claimed, and nothing is created": {
			story{
				{"hubspot", to("ph", image(deal.HubSpot, "h1", "2", hour), counterpart("a1"), backfill)},
				{"app", to("ph", image(deal.App, "a1", "1", hour), backfill)},
			},
			func(b *testBundle) {
				b.wantPair("ph", "h1", "a1", "pending", "")
				if b.link("pd", "a1") != "ph" || b.kept("ph").GetApp().GetFlight().GetOp() != eventv1.Op_OP_UPDATE {
					b.t.Errorf("a1 is linked to %q, the app's write is %v", b.link("pd", "a1"), b.kept("ph").GetApp().GetFlight())
				}
				if want := []string{"pd deal[a1] read=false matched"}; !slices.Equal(b.asked(), want) {
					b.t.Errorf("asked for %q, want %q", b.asked(), want)
				}
			},
		},
		"R15: a match that another pair has is held": {
			append(paired("other", "h9", "a1"), chapter{"app", to("pa", image(deal.App, "a5", "2", hour), counterpart("h9"), backfill)}),
			func(b *testBundle) { b.wantPair("pa", "", "a5", "failing", "ambiguous_match") },
		},
		"R17: a merge moves the pair to the surviving record, which is read": {
			append(paired("p", "h1", "a1"),
				chapter{"merged", to("p", image(deal.HubSpot, "h1", "1", hour), mergedInto("h2"))},
				chapter{"late", to("p", image(deal.HubSpot, "h1", "1", hour))},
				chapter{"survivor", to("p", image(deal.HubSpot, "h2", "5", at.Add(time.Hour)), mergedFrom("h1"))}),
			func(b *testBundle) {
				b.wantPair("p", "h2", "a1", "pending", "")
				if b.link("hs", "h2") != "p" || !slices.Contains(b.asked(), "hs deal[h2] read=true merged") {
					b.t.Errorf("h2 is linked to %q, asked for %q", b.link("hs", "h2"), b.asked())
				}
			},
		},
		"R17: the survivor alone can tell of the merge": {
			append(paired("p", "h1", "a1"), chapter{"survivor", to("p", image(deal.HubSpot, "h2", "5", at.Add(time.Hour)), mergedFrom("h0", "h1"))}),
			func(b *testBundle) { b.wantPair("p", "h2", "a1", "pending", "") },
		},
		"R17: of two pairs that a merge brings together the survivor's goes on": {
			append(append(paired("p1", "h1", "a1"), paired("p2", "h2", "a2")...),
				chapter{"merged", to("p1", image(deal.HubSpot, "h1", "1", hour), mergedInto("h2"))},
				chapter{"edit", to("p1", image(deal.App, "a1", "7", at.Add(time.Hour)))},
				chapter{"survivor", to("p1", image(deal.HubSpot, "h2", "5", at.Add(time.Hour)), mergedFrom("h1"))}),
			func(b *testBundle) {
				b.wantPair("p1", "h1", "a1", "excluded", "merged_in_hubspot")
				b.wantPair("p2", "h2", "a2", "pending", "") // h2's edit got there
				if f := b.kept("p1"); f.GetHubspot().GetFlight() != nil || f.GetApp().GetFlight() != nil {
					b.t.Error("a tombstone is written")
				}
			},
		},
		"R17: a survivor without a counterpart gets that of the record that was merged into it": {
			append(append(paired("p1", "h1", "a1"), chapter{"app", to("p2", image(deal.App, "a2", "1", hour), held, backfill)}),
				chapter{"merged", to("p1", image(deal.App, "a1", "1", hour), mergedInto("a2"))},
				chapter{"survivor", to("p2", image(deal.App, "a2", "1", hour), mergedFrom("a1"), foldInto("p1"))}),
			func(b *testBundle) {
				b.wantPair("p1", "h1", "a2", "in_sync", "")
				b.wantPair("p2", "", "a2", "excluded", "folded")
				if b.link("pd", "a2") != "p1" {
					b.t.Errorf("a2 is linked to %q", b.link("pd", "a2"))
				}
			},
		},
		"R17: so it does when it is heard of first": {
			append(append(paired("p1", "h1", "a1"), chapter{"app", to("p2", image(deal.App, "a2", "1", hour), held, backfill)}),
				chapter{"survivor", to("p2", image(deal.App, "a2", "1", hour), mergedFrom("a1"), foldInto("p1"))},
				chapter{"merged", to("p1", image(deal.App, "a1", "1", hour), mergedInto("a2"))}),
			func(b *testBundle) {
				b.wantPair("p1", "h1", "a2", "in_sync", "")
				b.wantPair("p2", "", "a2", "excluded", "folded")
			},
		},
		"R16: a new counterpart wakes what waits for it": {
			paired("p", "h1", "a1"),
			func(b *testBundle) {
				want := []string{"hs deal[d1 d2] read=false paired", "pd deal[d9] read=false paired"}
				if !slices.Equal(b.asked(), want) || len(b.waiting.docs) != 0 {
					b.t.Errorf("asked for %q, want %q; %d lists are left", b.asked(), want, len(b.waiting.docs))
				}
			},
		},
	}
}

func storySetup(t *testing.T, name string) *testBundle {
	t.Helper()
	b := setup(t)
	if name == "R16: a new counterpart wakes what waits for it" {
		for key, records := range map[ledger.Key][]string{
			ledger.WaitingKey("acme", "deals", deal.HubSpot, "h1"): {"d1", "d2"},
			ledger.WaitingKey("acme", "deals", deal.App, "a1"):     {"d9"},
		} {
			doc := &ledgerv1.Waiting{}
			for _, r := range records {
				doc.Dependents = append(doc.Dependents, &ledgerv1.Dependent{Object: "deal", Record: r})
			}
			b.waiting.docs[key] = ledger.Entry[*ledgerv1.Waiting]{Doc: doc, Revision: 1}
		}
	}
	return b
}

// TestStories plays each story undisturbed, and again for each of its effects
// with the handler killed right after it: both end alike (N1, N2).
func TestStories(t *testing.T) {
	t.Parallel()
	for name, s := range stories(time.UnixMilli(1_800_000_000_000)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calm := storySetup(t, name)
			calm.tell(s.story)
			s.want(calm)
			for crash := 1; crash <= calm.fx.n; crash++ {
				b := storySetup(t, name)
				b.fx.crashAfter = crash
				b.tell(s.story)
				s.want(b)
				b.wantSameAs(calm, fmt.Sprintf("killed after effect %d, %s", crash, calm.fx.log[crash-1]))
			}
		})
	}
}

func (b *testBundle) wantSameAs(calm *testBundle, when string) {
	b.t.Helper()
	for _, stage := range []bus.Stage{bus.Writes, bus.Journal} {
		if got, want := b.published(stage), calm.published(stage); !slices.Equal(got, want) {
			b.t.Errorf("%s: %s %q, want %q", when, stage, got, want)
		}
	}
	for key, e := range calm.pairs.docs {
		if !proto.Equal(e.Doc, b.pairs.docs[key].Doc) {
			b.t.Errorf("%s: pair %v\nwant %v", when, b.pairs.docs[key].Doc, e.Doc)
		}
	}
	got, want := map[ledger.Key]string{}, map[ledger.Key]string{}
	for key, e := range b.links.docs {
		got[key] = e.Doc.GetPair()
	}
	for key, e := range calm.links.docs {
		want[key] = e.Doc.GetPair()
	}
	if !maps.Equal(got, want) {
		b.t.Errorf("%s: links %v, want %v", when, got, want)
	}
}

func TestARecordThatFoldedTooLateIsHandedBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := b.now
	own := deal.PairID("acme", "deals", deal.App, "a1")
	b.tell(story{
		{"app", to(own, image(deal.App, "a1", "1", at), held)},
		{"hubspot", to("ph", image(deal.HubSpot, "h1", "2", at), held)},
		{"fold", to(own, image(deal.App, "a1", "1", at), foldInto("ph"))},
	})
	// Meanwhile another record had been faster: the image arrives at a full pair.
	doc := proto.CloneOf(b.kept("ph"))
	doc.App.Record = "a9"
	b.pairs.docs[ledger.PairKey("acme", "deals", "ph")] = ledger.Entry[*ledgerv1.Pair]{Doc: doc, Revision: 99}
	for range 2 { // the second time is a repeat
		b.tell(story{{"arrives", to("ph", image(deal.App, "a1", "1", at), foldInto("ph"))}})
	}
	b.wantPair(own, "", "a1", "failing", "ambiguous_match")
	if b.link("pd", "a1") != own || b.kept(own).GetFoldedInto() != "" {
		t.Errorf("a1 is linked to %q, its pair is folded into %q", b.link("pd", "a1"), b.kept(own).GetFoldedInto())
	}
}

func TestTwoRecordsOfOnePairAreParked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.must("seen", image(deal.HubSpot, "h1", "1", b.now))
	b.links.docs[ledger.LinkKey("acme", "hs", "deal", "h2", "deals")] = ledger.Entry[*ledgerv1.Link]{Doc: &ledgerv1.Link{Pair: pairID}, Revision: 1}
	if err := b.deliver("second", image(deal.HubSpot, "h2", "1", b.now)); !fault.Is(err, fault.Invalid) {
		t.Errorf("want it parked, got %v", err)
	}
}

func TestACreateThatMeetsItsTwinHasItRead(t *testing.T) { // R15
	t.Parallel()
	b := setup(t)
	refused := outcome(deal.App, "", 1, b.now)
	o := refused.GetOutcome()
	o.Rejected, o.ErrorCode, o.ErrorMessage, o.Existing = true, "already_exists", "Contact already exists. Existing ID: 77", "77"
	b.tell(story{{"seen", image(deal.HubSpot, "h1", "1", b.now.Add(-time.Hour))}, {"refused", refused}})
	b.wantPair(pairID, "h1", "", "failing", "already_exists")
	if want := []string{"pd deal[77] read=true already_exists"}; !slices.Equal(b.asked(), want) {
		t.Errorf("asked for %q, want %q", b.asked(), want)
	}
	b.tell(story{{"twin", image(deal.App, "77", "1", b.now.Add(-time.Hour))}})
	b.wantPair(pairID, "h1", "77", "in_sync", "")
}
