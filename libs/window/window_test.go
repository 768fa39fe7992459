package window_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/redistest"
	"github.com/dealsync/dealsync/libs/window"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

func edit(unit, own string, after time.Duration) window.Edit {
	return window.Edit{Unit: unit, Own: deal.Fields{unit: own}, Other: deal.Fields{"their_" + unit: own + "!"}, At: noon.Add(after)}
}

// exchange is one step of a story: what is told, for how long it stays open,
// and whom it meets.
type exchange struct {
	ws     string
	side   deal.Side
	life   time.Duration
	edits  []window.Edit
	rivals []window.Edit
}

const (
	hs   = deal.HubSpot
	app  = deal.App
	open = time.Hour
	// brief windows are closed by the next step: before it the clock goes on
	// further. None that must stay open depends on how long a test takes.
	brief = 20 * time.Millisecond
)

func TestExchange(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		w := window.New(srv.Client)
		for _, tc := range exchanges {
			t.Run(tc.name, func(t *testing.T) {
				for i, x := range tc.story {
					if i > 0 && tc.story[i-1].life == brief {
						srv.Advance(2 * brief)
					}
					got, err := w.Exchange(t.Context(), x.ws, tc.name, x.side, x.edits, x.life)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(x.rivals, got); diff != "" {
						t.Fatalf("exchange %d met (-want +got):\n%s", i+1, diff)
					}
				}
			})
		}
	})
}

var (
	ten, twenty = edit("amount", "10", 0), edit("amount", "20", time.Minute)
	won, lost   = edit("stage", "won", 0), edit("stage", "lost", 0)
	odd         = edit("amount|x", "a b|\n\"ü\x00{}", -100*365*24*time.Hour)
)

func edits(e ...window.Edit) []window.Edit { return e }

var exchanges = []struct {
	name  string
	story []exchange
}{
	{"the first edit meets nobody", []exchange{{"acme", hs, open, edits(ten), nil}}},
	{"the second meets the first of the other side, and the first the second if it comes again", []exchange{
		{"acme", hs, open, edits(ten), nil},
		{"acme", app, open, edits(twenty), edits(ten)},
		{"acme", hs, open, edits(ten), edits(twenty)},
	}},
	{"edits of one side never meet", []exchange{
		{"acme", hs, open, edits(ten), nil},
		{"acme", hs, open, edits(twenty), nil},
	}},
	{"only the same units meet, all of them at once", []exchange{
		{"acme", hs, open, edits(ten, won, edit("name", "x", 0)), nil},
		{"acme", app, open, edits(lost, twenty, edit("owner", "7", 0)), edits(won, ten)},
	}},
	{"the newer of two edits of one side stays, in any order", []exchange{
		{"acme", hs, open, edits(twenty), nil},
		{"acme", hs, open, edits(ten), nil},
		{"acme", app, open, edits(edit("amount", "30", 0)), edits(twenty)},
	}},
	{"of two edits at one time the last told stays", []exchange{
		{"acme", hs, open, edits(ten), nil},
		{"acme", hs, open, edits(edit("amount", "11", 0)), nil},
		{"acme", app, open, edits(twenty), edits(edit("amount", "11", 0))},
	}},
	{"a closed window is forgotten, whatever the edit's own time", []exchange{
		{"acme", hs, brief, edits(edit("amount", "10", 1000*time.Hour)), nil},
		{"acme", app, open, edits(twenty), nil},
		{"acme", hs, open, edits(ten), edits(twenty)},
	}},
	{"a window that closes takes no other of its pair along", []exchange{
		{"acme", hs, open, edits(ten), nil},
		{"acme", hs, brief, edits(won), nil},
		{"acme", app, open, edits(twenty, lost), edits(ten)},
	}},
	{"an edit told again stays open for longer", []exchange{
		{"acme", hs, brief, edits(ten), nil},
		{"acme", hs, open, edits(ten), nil},
		{"acme", app, open, edits(twenty), edits(ten)},
	}},
	{"workspaces never meet", []exchange{
		{"acme", hs, open, edits(ten), nil},
		{"acme}:window:p", app, open, edits(twenty), nil},
		{"other", app, open, edits(twenty), nil},
	}},
	{"values and times may be anything", []exchange{
		{"acme", hs, open, edits(odd), nil},
		{"acme", app, open, edits(edit("amount|x", "", 0)), edits(odd)},
	}},
	{"nothing is exchanged for nothing", []exchange{{"acme", hs, open, nil, nil}}},
}

func TestOfTwoEditsAtOnceOneMeetsTheOther(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		w := window.New(srv.Client)
		for i := range 50 {
			var wg sync.WaitGroup
			met := make(chan int, 2)
			for _, side := range []deal.Side{hs, app} {
				wg.Go(func() {
					rivals, err := w.Exchange(t.Context(), "acme", fmt.Sprint(i), side, []window.Edit{edit("amount", side.String(), 0)}, time.Minute)
					if err != nil {
						t.Error(err)
					}
					met <- len(rivals)
				})
			}
			wg.Wait()
			if n := <-met + <-met; n != 1 {
				t.Fatalf("pair %d: %d of 2 edits met a rival, want exactly the later one", i, n)
			}
		}
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		w := window.New(srv.Client)
		ctx := t.Context()
		give := func(ws, pair string, side deal.Side, life time.Duration, edits ...window.Edit) {
			t.Helper()
			if _, err := w.Exchange(ctx, ws, pair, side, edits, life); err != nil {
				t.Fatal(err)
			}
		}
		give("acme", "short", hs, brief, edit("amount", "1", 0))
		give("acme", "long", app, time.Hour, edit("stage", "won", 0), edit("amount", "2", 0))
		give("acme", "long", hs, time.Minute, edit("amount", "3", 0))
		give("acme", "middle", hs, time.Minute, edit("amount", "4", 0))
		give("other", "p", hs, time.Hour, edit("amount", "5", 0))
		srv.Advance(2 * brief)

		want := []window.OpenWindow{
			{Pair: "middle", Side: hs, Edit: edit("amount", "4", 0)},
			{Pair: "long", Side: hs, Edit: edit("amount", "3", 0)},
			{Pair: "long", Side: app, Edit: edit("amount", "2", 0)},
			{Pair: "long", Side: app, Edit: edit("stage", "won", 0)},
		}
		for _, limit := range []int{10, 1} {
			got, err := w.Open(ctx, "acme", limit)
			if err != nil {
				t.Fatal(err)
			}
			if limit == 1 {
				want = want[:1]
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(window.OpenWindow{}, "Closes")); diff != "" {
				t.Fatalf("at most %d pairs (-want +got):\n%s", limit, diff)
			}
			if left := got[0].Closes.Sub(srv.Client.Time(ctx).Val()); left <= 0 || left > time.Minute {
				t.Fatalf("closes in %s", left)
			}
		}
		if n, err := w.Count(ctx, "acme"); err != nil || n != 2 {
			t.Fatalf("%d pairs, %v; want 2", n, err)
		}
		if got, err := w.Open(ctx, "nobody", 10); err != nil || got != nil {
			t.Fatalf("nobody has %v, %v", got, err)
		}
	})
}

func TestNothingIsKeptForGood(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		w := window.New(srv.Client)
		for i := range 20 {
			if _, err := w.Exchange(t.Context(), "acme", fmt.Sprint(i), hs, []window.Edit{edit("amount", "1", 0)}, brief); err != nil {
				t.Fatal(err)
			}
		}
		srv.Advance(2 * brief)
		if keys := srv.Client.Keys(t.Context(), "*").Val(); len(keys) != 0 {
			t.Fatalf("left behind: %v", keys)
		}
	})
}

func TestWithoutRedisTheCallerWaits(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, srv *redistest.Server) {
		w := window.New(srv.Client)
		srv.Stop()
		_, err1 := w.Exchange(t.Context(), "acme", "p", hs, []window.Edit{edit("amount", "1", 0)}, time.Minute)
		_, err2 := w.Open(t.Context(), "acme", 1)
		_, err3 := w.Count(t.Context(), "acme")
		for _, err := range []error{err1, err2, err3} {
			if !fault.Is(err, fault.Transient) || fault.CodeOf(err) != window.CodeDown {
				t.Fatalf("got %v", err)
			}
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	for name, start := range map[string]func(testing.TB) *redistest.Server{"real": redistest.Real, "embedded": redistest.Embedded} {
		b.Run(name, func(b *testing.B) {
			w := window.New(start(b).Client)
			edits := []window.Edit{edit("amount", "1", 0), edit("stage", "won", 0)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Exchange(b.Context(), "acme", "p", hs, edits, time.Minute); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
