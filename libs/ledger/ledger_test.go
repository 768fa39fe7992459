package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// open opens a ledger as a process of its own would.
func open(tb testing.TB, srv *bustest.Server, cfg ledger.Config) *ledger.Ledger {
	tb.Helper()
	l, err := ledger.Open(tb.Context(), js(tb, srv), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func js(tb testing.TB, srv *bustest.Server, opts ...nats.Option) jetstream.JetStream {
	tb.Helper()
	js, err := jetstream.New(srv.Conn(opts...), jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		tb.Fatal(err)
	}
	return js
}

var key = ledger.LinkKey("acme", "pipedrive-main", "deal", "1", "pipedrive-deals")

func link(pair string) *ledgerv1.Link { return &ledgerv1.Link{Pair: pair} }

func put(tb testing.TB, b *ledger.Bucket[*ledgerv1.Link], k ledger.Key, pair string, revision uint64) uint64 {
	tb.Helper()
	rev, err := b.Put(tb.Context(), k, link(pair), revision)
	if err != nil {
		tb.Fatal(err)
	}
	return rev
}

func wantKind(tb testing.TB, err error, kind fault.Kind, code string) {
	tb.Helper()
	if fault.KindOf(err) != kind || fault.CodeOf(err) != code {
		tb.Fatalf("got %v (%s, %s), want %s, %s", err, fault.KindOf(err), fault.CodeOf(err), kind, code)
	}
}

func TestADocumentIsChangedOnlyByItsRevision(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("with %d shards", shards), func(t *testing.T) {
			srv := srv
			if shards > 1 {
				srv = bustest.New(t)
			}
			l := open(t, srv, ledger.Config{Shards: shards})
			ctx := t.Context()

			_, err := l.Links.Get(ctx, key)
			wantKind(t, err, fault.NotFound, ledger.CodeNotFound)

			first := put(t, l.Links, key, "a", 0)
			_, err = l.Links.Put(ctx, key, link("b"), 0)
			wantKind(t, err, fault.Conflict, ledger.CodeConflict)

			second := put(t, l.Links, key, "b", first)
			_, err = l.Links.Put(ctx, key, link("c"), first)
			wantKind(t, err, fault.Conflict, ledger.CodeConflict)
			err = l.Links.Delete(ctx, key, first)
			wantKind(t, err, fault.Conflict, ledger.CodeConflict)

			e, err := l.Links.Get(ctx, key)
			if err != nil || e.Doc.GetPair() != "b" || e.Revision != second {
				t.Fatalf("stored %v, %v; want b at %d", e, err, second)
			}
			if err := l.Links.Delete(ctx, key, second); err != nil {
				t.Fatal(err)
			}
			_, err = l.Links.Get(ctx, key)
			wantKind(t, err, fault.NotFound, ledger.CodeNotFound)
			_, err = l.Links.Put(ctx, key, link("c"), second)
			wantKind(t, err, fault.Conflict, ledger.CodeConflict)
			third := put(t, l.Links, key, "d", 0)
			if third <= second {
				t.Fatalf("revision went back from %d to %d", second, third)
			}
			if err := errors.Join(l.Links.Delete(ctx, key, 0), l.Links.Delete(ctx, key, 0)); err != nil {
				t.Fatalf("deleting whatever is there: %v", err)
			}
		})
	}
}

func TestAnotherProcessIsSeenWhenItMatters(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	mine, other := open(t, srv, ledger.Config{}), open(t, srv, ledger.Config{})
	ctx := t.Context()
	old := put(t, mine.Links, key, "old", 0)
	put(t, other.Links, key, "new", old)

	e, err := mine.Links.Get(ctx, key)
	if err != nil || e.Doc.GetPair() != "old" || !e.Cached {
		t.Fatalf("the cache answers %v, %v; want what this process stored, marked as cached", e, err)
	}
	e, err = mine.Links.Fresh(ctx, key)
	if err != nil || e.Doc.GetPair() != "new" || e.Cached {
		t.Fatalf("Fresh answers %v, %v; want the other's document", e, err)
	}
	if e, err = mine.Links.Get(ctx, key); err != nil || e.Doc.GetPair() != "new" {
		t.Fatalf("after Fresh, Get answers %v, %v", e, err)
	}

	put(t, other.Links, key, "newer", e.Revision)
	_, err = mine.Links.Put(ctx, key, link("mine"), e.Revision)
	wantKind(t, err, fault.Conflict, ledger.CodeConflict)
	if e, err = mine.Links.Get(ctx, key); err != nil || e.Doc.GetPair() != "newer" {
		t.Fatalf("after a lost race, Get answers %v, %v", e, err)
	}

	if err := other.Links.Delete(ctx, key, 0); err != nil {
		t.Fatal(err)
	}
	_, err = mine.Links.Fresh(ctx, key)
	wantKind(t, err, fault.NotFound, ledger.CodeNotFound)
	_, err = mine.Links.Get(ctx, key)
	wantKind(t, err, fault.NotFound, ledger.CodeNotFound)
}

func TestModifyNeverDecidesOnAStaleCopy(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	mine, other := open(t, srv, ledger.Config{}), open(t, srv, ledger.Config{})
	ctx := t.Context()
	refused := errors.New("refused")

	type step = func(*ledgerv1.Link, bool) (*ledgerv1.Link, bool, error)
	become := func(pair string) step {
		return func(doc *ledgerv1.Link, _ bool) (*ledgerv1.Link, bool, error) {
			if doc.GetPair() == pair {
				return doc, false, nil
			}
			doc.Pair = pair
			return doc, true, nil
		}
	}
	unless := func(pair string) step {
		return func(doc *ledgerv1.Link, _ bool) (*ledgerv1.Link, bool, error) {
			if doc.GetPair() == pair {
				return nil, false, refused
			}
			return doc, false, nil
		}
	}
	for i, tc := range []struct {
		name         string
		mine, theirs string // what each process stored, mine first; "" is nothing
		fn           step
		want         string
		err          error
	}{
		{"a missing document is made", "", "", become("a"), "a", nil},
		{"a missing document stays missing if nothing changes", "", "", become(""), "", nil},
		{"a change on a stale copy is made again on the fresh one", "a", "b", become("c"), "c", nil},
		{"no change on a stale copy becomes one on the fresh one", "a", "b", become("a"), "a", nil},
		{"no change on the fresh copy stores nothing", "a", "a", become("a"), "a", nil},
		{"an error about a stale copy does not count", "a", "b", unless("a"), "b", nil},
		{"an error about the fresh copy does", "b", "a", unless("a"), "", refused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			key := ledger.Prefix("acme", fmt.Sprint(i))
			var stored uint64
			if tc.mine != "" {
				stored = put(t, mine.Links, key, tc.mine, 0)
			}
			if tc.theirs != "" {
				stored = put(t, other.Links, key, tc.theirs, stored)
			}
			e, err := mine.Links.Modify(ctx, key, tc.fn)
			if !errors.Is(err, tc.err) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if err != nil {
				return
			}
			if e.Doc.GetPair() != tc.want {
				t.Fatalf("answers %q, want %q", e.Doc.GetPair(), tc.want)
			}
			now, err := other.Links.Fresh(ctx, key)
			if tc.want == "" {
				wantKind(t, err, fault.NotFound, ledger.CodeNotFound)
				return
			}
			if err != nil || now.Doc.GetPair() != tc.want || now.Revision != e.Revision {
				t.Fatalf("stored %v, %v; want %q at %d", now, err, tc.want, e.Revision)
			}
			if tc.theirs == tc.want && now.Revision != stored {
				t.Fatalf("stored again at %d, though nothing changed since %d", now.Revision, stored)
			}
		})
	}
}

func TestModifyLosesNoChangeOfManyProcesses(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	const processes, each = 4, 25
	cursor := ledger.CursorKey("acme", "pipedrive-main", "deal", "backfill:pipedrive-deals")
	var wg sync.WaitGroup
	for range processes {
		l := open(t, srv, ledger.Config{})
		wg.Go(func() {
			for range each {
				_, err := l.Cursors.Modify(t.Context(), cursor, func(doc *ledgerv1.Cursor, _ bool) (*ledgerv1.Cursor, bool, error) {
					doc.Pages++
					return doc, true, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	e, err := open(t, srv, ledger.Config{}).Cursors.Get(t.Context(), cursor)
	if err != nil || e.Doc.GetPages() != processes*each {
		t.Fatalf("counted %d, %v; want %d", e.Doc.GetPages(), err, processes*each)
	}
}

func TestModifyGivesUpAfterManyLostRaces(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	l, rival := open(t, srv, ledger.Config{}), open(t, srv, ledger.Config{})
	_, err := l.Links.Modify(t.Context(), key, func(doc *ledgerv1.Link, _ bool) (*ledgerv1.Link, bool, error) {
		_, err := rival.Links.Modify(t.Context(), key, func(doc *ledgerv1.Link, _ bool) (*ledgerv1.Link, bool, error) {
			doc.Pair += "x"
			return doc, true, nil
		})
		doc.Pair = "mine"
		return doc, true, err
	})
	wantKind(t, err, fault.Conflict, ledger.CodeConflict)
}

func TestConcurrentReadsOfOneKeyMakeOneRequest(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	put(t, open(t, srv, ledger.Config{}).Links, key, "a", 0)
	const readers = 50

	// The reads wait at a gate in front of the server until all have come.
	conn := srv.Conn()
	kv, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	gate := &gated{JetStream: kv, arrived: make(chan struct{}, readers), open: make(chan struct{})}
	l, err := ledger.Open(t.Context(), gate, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := l.Links.Get(gone, key)
		first <- err
	}()
	<-gate.arrived
	leave() // the reader whose request it is goes away
	wantKind(t, <-first, fault.Transient, ledger.CodeDown)

	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			if e, err := l.Links.Get(t.Context(), key); err != nil || e.Doc.GetPair() != "a" {
				t.Errorf("got %v, %v", e, err)
			}
		})
	}
	close(gate.open)
	wg.Wait()
	if n := len(gate.arrived); n != 0 {
		t.Fatalf("%d more requests than one", n)
	}
}

// gated holds reads back until it is open.
type gated struct {
	jetstream.JetStream
	arrived, open chan struct{}
}

type gatedKV struct {
	jetstream.KeyValue
	gate *gated
}

func (g *gated) KeyValue(ctx context.Context, bucket string) (jetstream.KeyValue, error) {
	kv, err := g.JetStream.KeyValue(ctx, bucket)
	return gatedKV{kv, g}, err
}

func (kv gatedKV) Get(ctx context.Context, key string) (jetstream.KeyValueEntry, error) {
	kv.gate.arrived <- struct{}{}
	<-kv.gate.open
	return kv.KeyValue.Get(ctx, key)
}

func TestListAndEach(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{1, 4} {
		t.Run(fmt.Sprintf("with %d shards", shards), func(t *testing.T) {
			t.Parallel()
			l := open(t, bustest.New(t), ledger.Config{Shards: shards})
			ctx := t.Context()
			for _, ws := range []string{"acme", "acme2", "acme.x"} {
				for i := range 300 {
					put(t, l.Links, ledger.PairKey(ws, "s", fmt.Sprintf("%03d", i)), ws, 0)
				}
			}
			if err := l.Links.Delete(ctx, ledger.PairKey("acme", "s", "001"), 0); err != nil {
				t.Fatal(err)
			}
			var got []string
			var after ledger.Key
			for {
				page, err := l.Links.List(ctx, ledger.Prefix("acme"), after, 120)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				for _, item := range page {
					tokens, err := item.Key.Tokens()
					if err != nil || item.Doc.GetPair() != "acme" || item.Revision == 0 {
						t.Fatalf("listed %v, %v", item, err)
					}
					got = append(got, tokens[2])
				}
				after = page[len(page)-1].Key
			}
			want := []string{"000"}
			for i := 2; i < 300; i++ {
				want = append(want, fmt.Sprintf("%03d", i))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("pages hold (-want +got):\n%s", diff)
			}

			n := 0
			if err := l.Links.Each(ctx, "", func(ledger.Item[*ledgerv1.Link]) error { n++; return nil }); err != nil || n != 899 {
				t.Fatalf("Each came by %d documents, %v; want 899", n, err)
			}
			enough := errors.New("enough")
			if err := l.Links.Each(ctx, "", func(ledger.Item[*ledgerv1.Link]) error { return enough }); !errors.Is(err, enough) {
				t.Fatalf("Each returned %v", err)
			}
			none, err := l.Links.List(ctx, ledger.Prefix("nobody"), "", 10)
			if err != nil || len(none) != 0 {
				t.Fatalf("listed %v, %v of nobody", none, err)
			}
		})
	}
}

func TestOpenAgain(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	put(t, open(t, srv, ledger.Config{Shards: 4}).Links, key, "a", 0)
	for _, tc := range []struct {
		name   string
		shards int
		ok     bool
	}{
		{"the same number of shards finds everything", 4, true},
		{"no number takes what there is", 0, true},
		{"another number is refused, for nothing would be found", 2, false},
		{"nonsense is refused", -1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := ledger.Open(t.Context(), js(t, srv), ledger.Config{Shards: tc.shards})
			if !tc.ok {
				if !fault.Is(err, fault.Invalid) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e, err := l.Links.Get(t.Context(), key); err != nil || e.Doc.GetPair() != "a" {
				t.Fatalf("found %v, %v", e, err)
			}
		})
	}
}

func TestDocumentsOutliveTheServer(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	l := open(t, srv, ledger.Config{})
	want := &ledgerv1.Record{Complete: true, ModifiedMs: 7}
	k := ledger.RecordKey("acme", "hubspot", "deal", "1")
	rev, err := l.Records.Put(t.Context(), k, proto.CloneOf(want), 0)
	if err != nil {
		t.Fatal(err)
	}
	srv.Restart()
	e, err := open(t, srv, ledger.Config{}).Records.Get(t.Context(), k)
	if err != nil || e.Revision != rev {
		t.Fatalf("revision %d, %v; want %d", e.Revision, err, rev)
	}
	if diff := cmp.Diff(want, e.Doc, protocmp.Transform()); diff != "" {
		t.Fatal(diff)
	}
}

func TestTroubleWithTheServerPasses(t *testing.T) {
	t.Parallel()
	srv := bustest.New(t)
	conn := srv.Conn()
	stream, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), stream, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	rev := put(t, l.Links, key, "a", 0)
	conn.Close()
	ctx := t.Context()
	_, err = l.Links.Fresh(ctx, key)
	wantKind(t, err, fault.Transient, ledger.CodeDown)
	_, err = l.Links.Put(ctx, key, link("b"), rev)
	wantKind(t, err, fault.Transient, ledger.CodeDown)
	// Whether that was stored is unknown, so the cache says nothing.
	_, err = l.Links.Get(ctx, key)
	wantKind(t, err, fault.Transient, ledger.CodeDown)
	wantKind(t, l.Links.Delete(ctx, key, 0), fault.Transient, ledger.CodeDown)
	_, err = l.Links.List(ctx, "", "", 1)
	wantKind(t, err, fault.Transient, ledger.CodeDown)
	_, err = ledger.Open(ctx, stream, ledger.Config{})
	wantKind(t, err, fault.Transient, ledger.CodeDown)
}

func TestKeysKeepTokensApart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		key    ledger.Key
		tokens []string
	}{
		{"plain tokens are readable", ledger.PairKey("acme", "deals", "abc"), []string{"acme", "deals", "abc"}},
		{"a dot in a token makes no second token", ledger.RecordKey("a.b", "c", "d", "e f"), []string{"a.b", "c", "d", "e f"}},
		{"nor does an empty one take one away", ledger.LinkKey("a", "", "c", "d", ""), []string{"a", "", "c", "d", ""}},
		{"wildcards are letters", ledger.CursorKey("*", ">", "$", "backfill:x"), []string{"*", ">", "$", "backfill:x"}},
		{"a create is of one side", ledger.CreateKey("acme", "deals", "abc", deal.App), []string{"acme", "deals", "abc", "app"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.key.Tokens()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.tokens, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", tc.key, diff)
			}
		})
	}
	if _, err := ledger.Key("a.b c").Tokens(); !fault.Is(err, fault.Invalid) {
		t.Fatalf("a key that no tokens make: %v", err)
	}
}
