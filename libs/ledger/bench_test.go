package ledger_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// samplePair is a pair of six units after some edits.
func samplePair() *ledgerv1.Pair {
	side := func() *ledgerv1.UnitSide {
		return &ledgerv1.UnitSide{
			Edit: &ledgerv1.Edit{Own: 1 << 60, Other: 1 << 61, AtMs: 1767225600000, Set: true},
			Held: &ledgerv1.Held{Own: 1 << 60, AtMs: 1767225600000, Set: true},
		}
	}
	p := &ledgerv1.Pair{
		Sync: "pipedrive-deals", Version: 9, Status: "in_sync", Units: map[string]*ledgerv1.Unit{},
		Hubspot: &ledgerv1.PairSide{Record: "10000000042", Title: "Ten machines for Example", Seen: true},
		App:     &ledgerv1.PairSide{Record: "42", Seen: true},
		Journal: []*eventv1.JournalEntry{{}}, LastInput: "change:pipedrive-main:deal:42:1767225600000",
	}
	for i := range 6 {
		p.Units[fmt.Sprintf("unit_%d", i)] = &ledgerv1.Unit{Hubspot: side(), App: side()}
	}
	return p
}

// pairs stores n pairs and answers their keys.
func pairs(b *testing.B, l *ledger.Ledger, n int) []ledger.Key {
	b.Helper()
	keys := make([]ledger.Key, n)
	for i := range keys {
		keys[i] = ledger.PairKey("acme", "pipedrive-deals", fmt.Sprintf("pair%016d", i))
		if _, err := l.Pairs.Put(b.Context(), keys[i], samplePair(), 0); err != nil {
			b.Fatal(err)
		}
	}
	return keys
}

func Benchmark(b *testing.B) {
	ctx := b.Context()
	for _, bench := range []struct {
		name  string
		cache int
		do    func(l *ledger.Ledger, k ledger.Key) error
	}{
		{"get cached", 0, func(l *ledger.Ledger, k ledger.Key) error {
			_, err := l.Pairs.Get(ctx, k)
			return err
		}},
		{"get uncached", -1, func(l *ledger.Ledger, k ledger.Key) error {
			_, err := l.Pairs.Get(ctx, k)
			return err
		}},
		{"fresh", 0, func(l *ledger.Ledger, k ledger.Key) error {
			_, err := l.Pairs.Fresh(ctx, k)
			return err
		}},
		{"put", 0, func(l *ledger.Ledger, k ledger.Key) error {
			e, err := l.Pairs.Get(ctx, k)
			if err == nil {
				_, err = l.Pairs.Put(ctx, k, e.Doc, e.Revision)
			}
			return err
		}},
		{"modify", 0, func(l *ledger.Ledger, k ledger.Key) error {
			_, err := l.Pairs.Modify(ctx, k, func(doc *ledgerv1.Pair, _ bool) (*ledgerv1.Pair, bool, error) {
				doc.Version++
				return doc, true, nil
			})
			return err
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			l := open(b, bustest.New(b), ledger.Config{Cache: ledger.CacheConfig{Pairs: bench.cache}})
			keys := pairs(b, l, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				if err := bench.do(l, keys[i%len(keys)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCacheMemory tells what a full cache of pairs takes.
func BenchmarkCacheMemory(b *testing.B) {
	srv := bustest.New(b)
	writer := open(b, srv, ledger.Config{Cache: ledger.CacheConfig{Pairs: -1}})
	keys := pairs(b, writer, 4096)
	for b.Loop() {
		reader := open(b, srv, ledger.Config{})
		before := heap()
		for _, k := range keys {
			if _, err := reader.Pairs.Get(b.Context(), k); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/float64(len(keys)), "B/pair")
		runtime.KeepAlive(reader)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
