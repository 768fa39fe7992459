package resolve

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// town is a HubSpot record and an app's record that belong together, each with a
// held pair of its own, and a mapper that says so in any order, late and twice.
type town struct {
	*testBundle
	rng   *rand.Rand
	queue []chapter
	n     int
	log   []string // what was delivered, for a seed that fails
}

func (w *town) record(s deal.Side) string {
	return map[deal.Side]string{deal.HubSpot: "h1", deal.App: "a1"}[s]
}

func (w *town) pairOf(s deal.Side) string {
	connection := map[deal.Side]string{deal.HubSpot: "hs", deal.App: "pd"}[s]
	if pair := w.link(connection, w.record(s)); pair != "" {
		return pair
	}
	return deal.PairID("acme", "deals", s, w.record(s))
}

// maps maps a record as the mapper does: to the pair that it is linked to, with
// its counterpart, and that one's pair, while its own has none.
func (w *town) maps(s deal.Side, hold bool) {
	pair, theirs := w.pairOf(s), w.pairOf(s.Other())
	p := to(pair, image(s, w.record(s), "1", w.now.Add(-time.Hour)), backfill)
	switch doc := w.kept(pair); {
	case hold:
		held(p.GetImage())
	case doc.GetHubspot().GetRecord() == "" || doc.GetApp().GetRecord() == "":
		p.GetImage().Counterpart = w.record(s.Other())
		if theirs != pair {
			p.GetImage().FoldInto = theirs
		}
	}
	w.n++
	c := chapter{fmt.Sprintf("image %d", w.n), p}
	for range 1 + w.rng.IntN(3)/2 {
		i := w.rng.IntN(len(w.queue) + 1)
		w.queue = append(w.queue[:i], append([]chapter{c}, w.queue[i:]...)...)
	}
}

// work delivers the next message, killing its handler now and then.
func (w *town) work() {
	c := w.queue[0]
	w.queue = w.queue[1:]
	w.fx.crashAfter = 0
	if w.rng.IntN(3) == 0 {
		w.fx.crashAfter = w.fx.n + 1 + w.rng.IntN(4)
	}
	w.log = append(w.log, fmt.Sprintf("%s to %s: %v, kill %d", c.id, c.p.GetPair(), c.p.GetKind(), w.fx.crashAfter-w.fx.n))
	err := w.deliver(c.id, c.p)
	if errors.Is(err, errCrash) {
		if w.rng.IntN(2) == 0 { // others are faster than the repeat
			w.queue = append(w.queue, c)
		} else {
			err = w.deliver(c.id, c.p)
		}
	}
	if err != nil && !errors.Is(err, errCrash) {
		w.t.Fatalf("%s: %v", c.id, err)
	}
	ids := w.published(bus.Proposals)
	for ; w.passed < len(ids); w.passed++ {
		var p eventv1.Proposal
		if err := proto.Unmarshal(w.bus.messages[ids[w.passed]].Data, &p); err != nil {
			w.t.Fatal(err)
		}
		w.queue = append(w.queue, chapter{ids[w.passed][len("proposal:"):], &p})
	}
}

// answer is a writer that has done what it was told.
func (w *town) answer() {
	for key, e := range w.pairs.docs {
		for _, f := range []*eventv1.Write{e.Doc.GetHubspot().GetFlight(), e.Doc.GetApp().GetFlight()} {
			if f == nil {
				continue
			}
			if f.GetOp() == eventv1.Op_OP_CREATE {
				w.t.Fatalf("pair %s creates a second record (N2)\n%s", key, strings.Join(w.log, "\n"))
			}
			o := outcome(event.SideOf(f.GetSide()), f.GetRecord(), f.GetVersion(), w.now)
			w.n++
			w.queue = append(w.queue, chapter{fmt.Sprintf("outcome %d", w.n), to(f.GetPair(), o)})
		}
	}
}

// alive counts the pairs that live.
func (w *town) alive() (n int) {
	for _, e := range w.pairs.docs {
		if e.Doc.GetFoldedInto() == "" {
			n++
		}
	}
	return n
}

// TestFoldsConverge plays random orders, repeats and kills: in the end one pair
// has both records and both links, and nothing has been created.
func TestFoldsConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		w := &town{testBundle: setup(t), rng: rand.New(rand.NewPCG(seed, 3))}
		w.maps(deal.HubSpot, true)
		w.maps(deal.App, true)
		for range 12 {
			if w.rng.IntN(2) == 0 {
				w.maps([]deal.Side{deal.HubSpot, deal.App}[w.rng.IntN(2)], w.rng.IntN(3) == 0)
			}
			for range w.rng.IntN(3) {
				if len(w.queue) > 0 {
					w.work()
				}
			}
		}
		for round := 0; round < 6; round++ {
			for steps := 0; len(w.queue) > 0; steps++ {
				if w.work(); steps > 200 {
					t.Fatalf("seed %d: an image is passed on for ever", seed)
				}
			}
			w.answer()
			for _, s := range []deal.Side{deal.HubSpot, deal.App} {
				w.maps(s, false)
			}
		}
		h, a := w.link("hs", "h1"), w.link("pd", "a1")
		if alive := w.alive(); alive != 1 {
			t.Fatalf("seed %d: %d pairs have a record and live on, want 1", seed, alive)
		}
		p := w.kept(h)
		if h != a || p.GetHubspot().GetRecord() != "h1" || p.GetApp().GetRecord() != "a1" || p.GetFoldedInto() != "" || p.GetStatus() != "in_sync" {
			t.Fatalf("seed %d: h1 is linked to %q, a1 to %q, the pair is %v", seed, h, a, p)
		}
	}
}
