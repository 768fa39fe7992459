package crm

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func add(t *testing.T, tb *Table, at int64, vals map[string]string) *Record {
	t.Helper()
	r, err := tb.Insert(func(int64) (*Record, error) { return &Record{Values: vals, Created: at, Updated: at}, nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScansByTimeFollowEveryChange(t *testing.T) {
	t.Parallel()
	tb := NewTable(1, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	model := map[int64]int64{}
	for i := range 20000 {
		at := int64(i/3 - rng.IntN(20)) // some changes are dated back
		if i%1000 == 999 {
			at = 5 // and a few very far
		}
		if i < 200 {
			model[add(t, tb, at, map[string]string{}).ID] = at
			continue
		}
		id := rng.Int64N(200) + 1
		_, _, err := tb.Mutate(id, func(old *Record) (*Record, error) {
			n := old.Next()
			n.Updated = at
			return n, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		model[id] = at
	}
	type row struct{ at, id int64 }
	var want, got []row
	for id, at := range model {
		want = append(want, row{at, id})
	}
	cmp := func(a, b row) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return int(a.id - b.id)
	}
	slices.SortFunc(want, cmp)
	tb.ScanTime(math.MinInt64, math.MinInt64, false, func(r *Record) bool { got = append(got, row{r.Updated, r.ID}); return true })
	if !slices.Equal(got, want) {
		t.Fatalf("scan by time has %d rows, want %d in order", len(got), len(want))
	}
	var back []row
	tb.ScanTime(math.MaxInt64, math.MaxInt64, true, func(r *Record) bool { back = append(back, row{r.Updated, r.ID}); return true })
	slices.Reverse(back)
	if !slices.Equal(back, want) {
		t.Fatal("backwards scan differs")
	}
	mid := want[len(want)/2]
	var rest []row
	tb.ScanTime(mid.at, mid.id, false, func(r *Record) bool { rest = append(rest, row{r.Updated, r.ID}); return true })
	if !slices.Equal(rest, want[len(want)/2+1:]) {
		t.Fatal("a scan from a row does not start right after it")
	}
}

func TestUniqueValuesAreFreedByArchivingAndChange(t *testing.T) {
	t.Parallel()
	tb := NewTable(1, nil)
	tb.SetUnique("key")
	first := add(t, tb, 1, map[string]string{"key": "a"})
	_, err := tb.Insert(func(int64) (*Record, error) { return &Record{Values: map[string]string{"key": "a"}}, nil })
	var taken *TakenError
	if !errors.As(err, &taken) || taken.Existing != first.ID || taken.ID != 2 {
		t.Fatalf("second owner of a value: %v", err)
	}
	_, _, err = tb.Mutate(first.ID, func(old *Record) (*Record, error) { n := old.Next(); n.Archived = true; return n, nil })
	if err != nil {
		t.Fatal(err)
	}
	second := add(t, tb, 2, map[string]string{"key": "a"})
	if r, _ := tb.ByUnique("key", "a"); r.ID != second.ID {
		t.Fatalf("value belongs to %d, want %d", r.ID, second.ID)
	}
}

func TestViewShowsAVersionOnlyAfterItsLag(t *testing.T) {
	t.Parallel()
	var now int64
	lag := []int64{10, 30, 5} // the third version becomes visible before the second
	v := NewView(func() int64 { return now }, func() int64 { l := lag[0]; lag = lag[1:]; return l })
	tb := NewTable(1, v.Push)
	r := add(t, tb, 0, map[string]string{"v": "1"})
	for _, val := range []string{"2", "3"} {
		if _, _, err := tb.Mutate(r.ID, func(old *Record) (*Record, error) {
			n := old.Next()
			n.Set(Change{Field: "v", Value: val})
			return n, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		at   int64
		want string
	}{{4, ""}, {5, "3"}, {10, "3"}, {30, "3"}} {
		now = step.at
		got := ""
		if seen := v.Table().Get(r.ID); seen != nil {
			got = seen.Values["v"]
		}
		if got != step.want {
			t.Errorf("at %d the view shows %q, want %q", step.at, got, step.want)
		}
	}
}

func BenchmarkMutate(b *testing.B) {
	tb := NewTable(1, nil)
	const n = 100_000
	for range n {
		if _, err := tb.Insert(func(int64) (*Record, error) { return &Record{Values: map[string]string{"a": "1", "b": "2"}}, nil }); err != nil {
			b.Fatal(err)
		}
	}
	for i := range b.N {
		_, _, _ = tb.Mutate(int64(i%n)+1, func(old *Record) (*Record, error) {
			next := old.Next()
			next.Set(Change{Field: "a", Value: fmt.Sprint(i)})
			next.Updated = int64(i)
			return next, nil
		})
	}
}
