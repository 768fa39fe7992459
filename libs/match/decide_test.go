package match_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
)

func rec(side deal.Side, id, domain, name string, state ...match.State) match.Record {
	r := match.Record{Side: side, ID: id, Title: name, Keys: company(domain, name)}
	for _, s := range state {
		r.State = s
	}
	return r
}

func TestR15Decisions(t *testing.T) {
	t.Parallel()
	const h, a = deal.HubSpot, deal.App
	me := rec(h, "1", "acme.de", "Acme")
	tests := []struct {
		name    string
		me      match.Record
		others  []match.Record
		crowded bool
		want    match.Verdict
		with    string
		among   string
	}{
		{"nobody else", me, nil, false, match.Alone, "", ""},
		{"one on each side", me, []match.Record{rec(a, "7", "acme.de", "Other")}, false, match.Paired, "7", "1 7"},
		{"its own entry among the others means nothing", me, []match.Record{me, rec(a, "7", "acme.de", "")}, false, match.Paired, "7", "1 7"},
		{"two on the other side", me, []match.Record{rec(a, "8", "acme.de", ""), rec(a, "7", "acme.de", "")}, false, match.Ambiguous, "", "1 7 8"},
		{"two on this side", me, []match.Record{rec(h, "2", "acme.de", ""), rec(a, "7", "acme.de", "")}, false, match.Ambiguous, "", "1 2 7"},
		{"one of two on the other side is paired", me, []match.Record{rec(a, "7", "acme.de", "", match.Taken), rec(a, "8", "acme.de", "")}, false, match.Paired, "8", "1 8"},
		{"the only one is paired", me, []match.Record{rec(a, "7", "acme.de", "", match.Taken)}, false, match.Alone, "", ""},
		{"another one on this side is paired", me, []match.Record{rec(h, "2", "acme.de", "", match.Taken), rec(a, "7", "acme.de", "")}, false, match.Paired, "7", "1 7"},
		{"the other one is being paired", me, []match.Record{rec(a, "7", "acme.de", "", match.Busy)}, false, match.Undecided, "", "1 7"},
		{"one on this side is being paired", me, []match.Record{rec(h, "2", "acme.de", "", match.Busy), rec(a, "7", "acme.de", "")}, false, match.Undecided, "", "1 2 7"},
		{"the other one has lost its counterpart", me, []match.Record{rec(a, "7", "acme.de", "", match.Bereft)}, false, match.Ambiguous, "", "1 7"},
		{"more on this side than are listed", me, []match.Record{rec(a, "7", "acme.de", "")}, true, match.Ambiguous, "", "1 7"},
		{"more on this side, and nobody there", me, nil, true, match.Alone, "", ""},
		{"by name, where the other has no domain", me, []match.Record{rec(a, "7", "", "ACME")}, false, match.Paired, "7", "1 7"},
		{"not by name, where both have domains", me, []match.Record{rec(a, "7", "acme.com", "Acme")}, false, match.Alone, "", ""},
		{"the domain goes before the name", me, []match.Record{rec(a, "7", "", "Acme"), rec(a, "8", "acme.de", "Other")}, false, match.Paired, "8", "1 8"},
		{
			"a name does not take away what a domain gives", rec(a, "7", "", "Acme"),
			[]match.Record{rec(h, "1", "acme.de", "Acme"), rec(a, "8", "acme.de", "Other")},
			false, match.Alone, "", "",
		},
		{
			"a domain that is taken is no reason to go by name", me,
			[]match.Record{rec(a, "7", "acme.de", "", match.Taken), rec(a, "8", "", "Acme")},
			false, match.Alone, "", "",
		},
		{"forms that differ", rec(h, "1", "", "Acme GmbH"), []match.Record{rec(a, "7", "", "Acme AG")}, false, match.Alone, "", ""},
		{"a name without a form may be either", rec(h, "1", "", "Acme"), []match.Record{rec(a, "7", "", "Acme AG"), rec(a, "8", "", "Acme GmbH")}, false, match.Ambiguous, "", "1 7 8"},
		{"the other may be either", rec(h, "1", "", "Acme AG"), []match.Record{rec(h, "2", "", "Acme GmbH"), rec(a, "7", "", "Acme")}, false, match.Ambiguous, "", "1 2 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := match.Decide(tt.me, tt.others, tt.crowded)
			with := ""
			if d.With != nil {
				with = d.With.ID
			}
			if d.Verdict != tt.want || with != tt.with || ids(d.Among) != tt.among {
				t.Errorf("verdict %d with %q among %q, want %d with %q among %q", d.Verdict, with, ids(d.Among), tt.want, tt.with, tt.among)
			}
			if (d.Key.Value == "") != (tt.want == match.Alone) {
				t.Errorf("key = %+v", d.Key)
			}
		})
	}
}

func ids(records []match.Record) string {
	var all []string
	for _, r := range records {
		all = append(all, r.ID)
	}
	return strings.Join(all, " ")
}

// genWorld draws records of both sides that share a few domains and names.
func genWorld() *rapid.Generator[[]match.Record] {
	return rapid.Custom(func(t *rapid.T) []match.Record {
		world := make([]match.Record, rapid.IntRange(1, 7).Draw(t, "records"))
		for i := range world {
			world[i] = rec(rapid.SampledFrom([]deal.Side{deal.HubSpot, deal.App}).Draw(t, "side"), strconv.Itoa(i),
				rapid.SampledFrom([]string{"", "a.de", "b.de"}).Draw(t, "domain"),
				rapid.SampledFrom([]string{"", "Acme", "Acme AG", "Acme GmbH", "Boat"}).Draw(t, "name"),
				rapid.SampledFrom([]match.State{match.Free, match.Free, match.Free, match.Taken, match.Busy, match.Bereft}).Draw(t, "state"))
		}
		return world
	})
}

func TestR15BothEndsComeToTheSameDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		world := genWorld().Draw(t, "world")
		taken := map[string]string{}
		for _, me := range world {
			if me.State != match.Free {
				continue
			}
			d := match.Decide(me, world, false)
			if d.Verdict != match.Paired {
				continue
			}
			c := *d.With
			if c.Side == me.Side || c.State != match.Free || match.Alike(me.Keys, c.Keys) == "" {
				t.Fatalf("%+v was paired with %+v", me, c)
			}
			if back := match.Decide(c, world, false); back.Verdict != match.Paired || back.With.ID != me.ID {
				t.Fatalf("%s goes with %s, which goes with %+v", me.ID, c.ID, back)
			}
			if by, ok := taken[c.ID]; ok {
				t.Fatalf("%s and %s both took %s", by, me.ID, c.ID)
			}
			taken[c.ID] = me.ID
		}
	})
}

func TestR15TheOrderInWhichRecordsAreListedDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		world := genWorld().Draw(t, "world")
		me := world[0]
		me.State = match.Free
		shuffled := rapid.Permutation(world[1:]).Draw(t, "order")
		a, b := match.Decide(me, world[1:], false), match.Decide(me, shuffled, false)
		if a.Verdict != b.Verdict || a.Key.Rule != b.Key.Rule || ids(a.Among) != ids(b.Among) {
			t.Fatalf("%+v, and in another order %+v", a, b)
		}
	})
}

func TestR15AnAmbiguousRecordHasAnotherChoice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		world := genWorld().Draw(t, "world")
		me := world[0]
		me.State = match.Free
		d := match.Decide(me, world, false)
		sides := map[deal.Side]int{}
		for _, r := range d.Among {
			sides[r.Side]++
		}
		several := sides[deal.HubSpot] > 1 || sides[deal.App] > 1 ||
			slices.ContainsFunc(d.Among, func(r match.Record) bool { return r.State == match.Bereft })
		if d.Verdict == match.Ambiguous && !several {
			t.Fatalf("held without a choice: %+v", d)
		}
	})
}
