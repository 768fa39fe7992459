package connectortest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

// conflict: a record with a unique value that is taken is refused, by naming who
// has it, and its neighbours are not.
func (s *suite) conflict(t *testing.T) {
	if s.sample.Unique == "" {
		return
	}
	taken := newKey() + "@example.com"
	first, _ := s.made(t, s.sample.Unique, taken)
	got := s.c.Write(t.Context(), s.object, []connector.Write{
		{PairKey: newKey(), Fields: s.fields(s.sample.Unique, newKey()+"@example.com")},
		{PairKey: newKey(), Fields: s.fields(s.sample.Unique, taken)},
		{PairKey: newKey(), Fields: s.fields(s.sample.Unique, newKey()+"@example.com")},
	})
	if err := got[1].Err; !fault.Is(err, fault.Rejected) || fault.CodeOf(err) != connector.CodeExists || got[1].Conflict != first {
		t.Errorf("in the way is %q, want %s; code %q: %v", got[1].Conflict, first, fault.CodeOf(err), err)
	}
	for _, i := range []int{0, 2} {
		if got[i].Err != nil || got[i].ID == "" || got[i].Conflict != "" {
			t.Errorf("neighbour %d: %+v", i, got[i])
		}
	}
}

// found is the condition that the sample's values to be found are met by.
func (s *suite) found(t *testing.T) filter.Group {
	t.Helper()
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	var g filter.Group
	for _, name := range slices.Sorted(maps.Keys(s.sample.Found)) {
		f := schema.Field(name)
		if f == nil {
			t.Fatalf("the schema has no field %s", name)
		}
		g.Conditions = append(g.Conditions, filter.Condition{Field: name, Type: f.Type, Op: filter.Eq, Values: []string{s.sample.Found[name]}})
	}
	return g
}

func (s *suite) search(t *testing.T) {
	group := s.found(t)
	if !s.f.Search {
		if _, _, err := s.c.Search(t.Context(), s.object, group, 1); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != connector.CodeUnsearchable {
			t.Errorf("an app without a search: %v", err)
		}
		return
	}
	for range 3 {
		s.made(t, pairs(s.sample.Found)...)
	}
	f, err := filter.New(group)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	all, _ := s.pages(t, time.Time{}, 100)
	for _, r := range all {
		if !r.Deleted && f.Match(r.Fields, time.Now()) {
			want++
		}
	}
	var found []connector.Record
	s.eventually(t, "the count of what a scan finds", func() bool {
		var total int
		if found, total, err = s.c.Search(t.Context(), s.object, group, 2); err != nil {
			t.Fatal(err)
		}
		return total == want
	})
	if want < 3 || len(found) != 2 {
		t.Errorf("%d found of %d", len(found), want)
	}
	for _, r := range found {
		if !f.Match(r.Fields, time.Now()) {
			t.Errorf("found %+v", r)
		}
	}
	if none, total, err := s.c.Search(t.Context(), s.object, group, 0); err != nil || len(none) != 0 || total != want {
		t.Errorf("a count alone: %d records of %d: %v", len(none), total, err)
	}
}

// pairs are names and values one after the other.
func pairs(fields map[string]string) []string {
	all := make([]string, 0, 2*len(fields))
	for name, v := range fields {
		all = append(all, name, v)
	}
	return all
}

func (s *suite) makePipeline(t *testing.T) {
	ask := connector.Pipeline{Label: "Conformance " + newKey(), Stages: []connector.Stage{
		{Label: "First", Probability: -1},
		{Label: "Second", Probability: 0.5},
		{Label: "Won", Closed: true, Won: true, Probability: 1},
		{Label: "Lost", Closed: true},
	}}
	made, existed, err := s.c.CreatePipeline(t.Context(), s.object, ask)
	if !s.f.Pipelines || !s.manifest.Stages || len(s.sample.Stages) == 0 {
		if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != connector.CodeNoPipelines {
			t.Errorf("where none can be made: %v", err)
		}
		return
	}
	if err != nil || existed || made.ID == "" {
		t.Fatalf("made %+v (existed %t): %v", made, existed, err)
	}
	again, existed, err := s.c.CreatePipeline(t.Context(), s.object, ask)
	if err != nil || !existed || again.ID != made.ID {
		t.Errorf("made again %+v (existed %t): %v", again, existed, err)
	}
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(schema.Pipelines, func(p connector.Pipeline) bool { return p.ID == made.ID })
	if at < 0 {
		t.Fatalf("the schema has no pipeline %s", made.ID)
	}
	if diff := cmp.Diff(made, schema.Pipelines[at]); diff != "" {
		t.Errorf("made and read (-made +read):\n%s", diff)
	}
	if diff := cmp.Diff(ask, made, cmpopts.IgnoreFields(connector.Pipeline{}, "ID"), cmpopts.IgnoreFields(connector.Stage{}, "ID", "Probability")); diff != "" {
		t.Errorf("asked for and made (-asked +made):\n%s", diff)
	}
	if st := made.Stages[0]; st.Probability <= 0 || st.Probability >= 1 || made.Stages[1].Probability != 0.5 {
		t.Errorf("probabilities of open stages: %+v", made.Stages[:2])
	}
	ask.Stages = ask.Stages[1:]
	if _, _, err := s.c.CreatePipeline(t.Context(), s.object, ask); !fault.Is(err, fault.Rejected) {
		t.Errorf("another pipeline of that name: %v", err)
	}
}
