package plan_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/match"
	"github.com/dealsync/dealsync/services/config/internal/plan"
)

// rec is a record with one field, its own name on both sides.
func rec(side deal.Side, id, value string, change ...func(*plan.Record)) plan.Record {
	own, other := deal.Fields{"dealname": value}, deal.Fields{"title": value}
	if side == deal.App {
		own, other = other, own
	}
	r := plan.Note(id, &mapping.Image{Title: value, Units: []mapping.Unit{{Name: "dealname", Own: own, Other: other, At: 100}}})
	for _, c := range change {
		c(&r)
	}
	return r
}

func paired(with string) func(*plan.Record) { return func(r *plan.Record) { r.Counterpart = with } }

func excluded(reason string) func(*plan.Record) { return func(r *plan.Record) { r.Excluded = reason } }

func email(address string) func(*plan.Record) {
	return func(r *plan.Record) { r.Keys = match.Keys{match.Normal(match.Email, address)} }
}

func refs(ids ...string) func(*plan.Record) {
	return func(r *plan.Record) { r.Refs = map[deal.Object][]string{deal.Contacts: ids} }
}

func TestB2APlanSaysWhatWouldHappen(t *testing.T) {
	t.Parallel()
	const h, a = deal.HubSpot, deal.App
	both := plan.Policy{Ways: deal.BothWays, Winner: h, WindowMs: 50}
	lines := both
	lines.Lines = []plan.Line{{Object: deal.Contacts, Sync: "contacts", HubSpotMany: true}}
	toApp := plan.Policy{Ways: deal.ToApp, Winner: h}
	across := func(_ string, side deal.Side, record string) string {
		return map[string]string{"hubspot/c1": "p1", "app/p1": "c1", "hubspot/c2": plan.New, "app/p2": plan.New}[side.String()+"/"+record]
	}
	type want struct {
		CreatesH, CreatesA, UpdatesH, UpdatesA, AssocH, AssocA, Paired, Matched, Conflicts int
		ExcludedH, ExcludedA, Failing                                                      map[string]int
	}
	tests := []struct {
		name         string
		policy       plan.Policy
		hubspot, app []plan.Record
		want         want
	}{
		{"deals never match: each side's go to the other", both, []plan.Record{rec(h, "1", "Boat")}, []plan.Record{rec(a, "7", "Boat")}, want{CreatesH: 1, CreatesA: 1}},
		{"what is paired and equal is left alone", both, []plan.Record{rec(h, "1", "Boat", paired("7"))}, []plan.Record{rec(a, "7", "Boat", paired("1"))}, want{Paired: 1}},
		{"of a pair that differs the later edit stands", both, []plan.Record{rec(h, "1", "Boat", paired("7"))}, []plan.Record{later(rec(a, "7", "Ship", paired("1")))}, want{Paired: 1, UpdatesH: 1}},
		{"a match that differs is a conflict by policy", both, []plan.Record{rec(h, "1", "Ada", email("a@x"))}, []plan.Record{rec(a, "7", "Adah", email("A@x"))}, want{Matched: 1, Conflicts: 1, UpdatesA: 1}},
		{"a blank winner wipes nothing", both, []plan.Record{rec(h, "1", "", email("a@x"))}, []plan.Record{rec(a, "7", "Ada", email("a@x"))}, want{Matched: 1, UpdatesH: 1}},
		{
			"two that match one are held", both,
			[]plan.Record{rec(h, "1", "Ada", email("a@x"))},
			[]plan.Record{rec(a, "7", "Ada", email("a@x")), rec(a, "8", "Ada", email("a@x"))},
			want{Failing: map[string]int{"ambiguous_match": 3}},
		},
		{"the excluded are counted by reason", both, []plan.Record{rec(h, "1", "Boat", excluded("filter"))}, []plan.Record{rec(a, "7", "x", excluded("stage_not_mapped"))}, want{ExcludedH: map[string]int{"filter": 1}, ExcludedA: map[string]int{"stage_not_mapped": 1}}},
		{"a pair with an excluded record rests", both, []plan.Record{rec(h, "1", "Boat", paired("7"), excluded("filter"))}, []plan.Record{later(rec(a, "7", "Ship", paired("1")))}, want{Paired: 1, ExcludedH: map[string]int{"filter": 1}}},
		{"one way, the receiving side's own are left out", toApp, []plan.Record{rec(h, "1", "Boat")}, []plan.Record{rec(a, "7", "Ship")}, want{CreatesA: 1, ExcludedA: map[string]int{"one_way": 1}}},
		{"a create brings its associations", lines, []plan.Record{rec(h, "1", "Boat", refs("c1", "c2", "c9"))}, nil, want{CreatesA: 1, AssocA: 1}},
		{"many of them where many fit", lines, nil, []plan.Record{rec(a, "7", "Boat", refs("p1"))}, want{CreatesH: 1, AssocH: 1}},
		{
			"what is associated already stays", lines,
			[]plan.Record{rec(h, "1", "Boat", paired("7"), refs("c1"))},
			[]plan.Record{rec(a, "7", "Boat", paired("1"), refs("p1"))},
			want{Paired: 1},
		},
		{
			"a missing association is an update where it is part of the record", lines,
			[]plan.Record{rec(h, "1", "Boat", paired("7"), refs("c1"))},
			[]plan.Record{rec(a, "7", "Boat", paired("1"))},
			want{Paired: 1, AssocA: 1, UpdatesA: 1},
		},
		{
			"and none where it is not", lines,
			[]plan.Record{rec(h, "1", "Boat", paired("7"))},
			[]plan.Record{rec(a, "7", "Boat", paired("1"), refs("p2"))},
			want{Paired: 1, AssocH: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := plan.Of(tt.policy, tt.hubspot, tt.app, across)
			got := want{
				r.HubSpot.Creates, r.App.Creates, r.HubSpot.Updates, r.App.Updates, r.HubSpot.Associations, r.App.Associations,
				r.Paired, r.Matched, r.Conflicts, r.HubSpot.Excluded, r.App.Excluded, r.Failing,
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func later(r plan.Record) plan.Record {
	n := plan.Note(r.ID, &mapping.Image{Title: r.Title, Units: []mapping.Unit{{Name: "dealname", Own: deal.Fields{"title": r.Title}, Other: deal.Fields{"dealname": r.Title}, At: 900}}})
	n.Counterpart, n.Excluded = r.Counterpart, r.Excluded
	return n
}

// TestB2WhatAnAppKeepsInItsOwnFormIsNoDifference: the pair knows what a write
// of ours became, and is in step.
func TestB2WhatAnAppKeepsInItsOwnFormIsNoDifference(t *testing.T) {
	t.Parallel()
	h, a := rec(deal.HubSpot, "1", "a very long name", paired("7")), rec(deal.App, "7", "a very lon", paired("1"))
	own := func(field, value string) uint64 { return deal.Fields{field: value}.Fingerprint() }
	h.Held = map[string]plan.Held{"dealname": {Own: own("dealname", "a very long name"), Other: own("title", "a very long name"), Edited: true}}
	a.Held = map[string]plan.Held{"dealname": {Own: own("title", "a very lon")}}
	policy := plan.Policy{Ways: deal.BothWays, Winner: deal.HubSpot}
	if r := plan.Of(policy, []plan.Record{h}, []plan.Record{a}, nil); r.App.Updates != 0 {
		t.Errorf("%d updates, want none", r.App.Updates)
	}
	h.Held = map[string]plan.Held{"dealname": {Own: own("dealname", "a very long name"), Other: own("title", "before the mapping changed"), Edited: true}}
	if r := plan.Of(policy, []plan.Record{h}, []plan.Record{a}, nil); r.App.Updates != 1 {
		t.Errorf("%d updates after the mapping changed, want 1", r.App.Updates)
	}
}

func TestB2AFieldThatCannotBeTranslatedIsNamed(t *testing.T) {
	t.Parallel()
	r := plan.Note("1", &mapping.Image{Units: []mapping.Unit{{Name: "owner", Own: deal.Fields{"o": "5"}, Untranslatable: "owner_unknown: nobody has this address"}}})
	got := plan.Of(plan.Policy{Ways: deal.BothWays}, []plan.Record{r}, nil, nil)
	if got.Failing["owner_unknown"] != 1 || got.App.Creates != 1 {
		t.Errorf("%+v, want one owner_unknown and the record created without it", got)
	}
}

// TestB2EveryRecordIsAccountedFor: a record is paired, matched, created on the
// other side, excluded or held, and exactly one of these.
func TestB2EveryRecordIsAccountedFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(side deal.Side) (records []plan.Record) {
			for i := range rapid.IntRange(0, 6).Draw(t, side.String()) {
				var change []func(*plan.Record)
				if rapid.Bool().Draw(t, "keyed") {
					change = append(change, email(rapid.SampledFrom([]string{"a@x", "b@x", "c@x"}).Draw(t, "email")))
				}
				if rapid.IntRange(0, 5).Draw(t, "excluded") == 0 {
					change = append(change, excluded("filter"))
				}
				records = append(records, rec(side, side.String()+strconv.Itoa(i), rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "value"), change...))
			}
			return records
		}
		hubspot, app := draw(deal.HubSpot), draw(deal.App)
		r := plan.Of(plan.Policy{Ways: deal.BothWays, Winner: deal.HubSpot}, hubspot, app, nil)
		held := r.Failing[match.CodeAmbiguous]
		got := 2*r.Matched + r.HubSpot.Creates + r.App.Creates + held + r.HubSpot.Excluded["filter"] + r.App.Excluded["filter"]
		rests := 0 // excluded and matched as well
		for side, records := range map[deal.Side][]plan.Record{deal.HubSpot: hubspot, deal.App: app} {
			for i := range records {
				if records[i].Excluded != "" && r.Counterpart(side, records[i].ID) != "" {
					rests++
				}
			}
		}
		if got-rests != len(hubspot)+len(app) {
			t.Fatalf("%d records accounted for of %d: %+v", got-rests, len(hubspot)+len(app), r)
		}
	})
}

func TestB2TheCostIsCountedInCalls(t *testing.T) {
	t.Parallel()
	r := &plan.Result{HubSpot: plan.Side{Creates: 101, Updates: 1, Associations: 150}, App: plan.Side{Creates: 101, Updates: 1, Associations: 150}}
	batches := plan.Account{WriteBatch: 100, AssociateBatch: 100, CallsPerSecond: 10}
	if got := r.WriteCalls(deal.HubSpot, batches); got != 2+1+2 {
		t.Errorf("HubSpot takes %d calls, want 5", got)
	}
	if got := r.WriteCalls(deal.App, plan.Account{WriteBatch: 1}); got != 102 {
		t.Errorf("the app takes %d calls, want 102", got)
	}
	if got := batches.Takes(25); got != 2500*time.Millisecond {
		t.Errorf("25 calls take %s", got)
	}
}
