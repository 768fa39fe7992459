package connectortest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

func (s *suite) provision(t *testing.T) {
	for range 2 {
		if err := s.c.Provision(t.Context(), s.object); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := s.c.Refresh(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	if schema.Field(deal.PairKeyField) == nil {
		t.Errorf("the schema has no field %s", deal.PairKeyField)
	}
}

func (s *suite) readMany(t *testing.T) {
	batch := s.c.Manifest().ReadBatch
	ids := []string{"999999998"}
	for range batch + 1 { // one more than a call takes, with the missing one
		ids = append(ids, s.person(t))
	}
	got, err := s.c.Read(t.Context(), s.object, ids)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range got {
		found = append(found, r.ID)
	}
	slices.Sort(found)
	want := slices.Sorted(slices.Values(ids[1:]))
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	none, err := s.c.Read(t.Context(), s.object, []string{"999999998"})
	if err != nil || len(none) != 0 {
		t.Errorf("a missing record gave %v, %v", none, err)
	}
}

func (s *suite) editTimes(t *testing.T) {
	id := s.person(t, s.edited(), s.value(1))
	first := s.read1(t, id)
	s.eventually(t, "the next millisecond, which edit times count in", func() bool {
		return time.Since(first.Modified) > 2*time.Millisecond
	})
	s.h.Edit(t, s.ref(id), s.edit(2))
	second := s.read1(t, id)
	holds(t, "record", second.Fields, s.edit(2))
	if !s.f.EditTimes {
		if len(second.Edited) > 0 {
			t.Errorf("edit times %v of an app that declares none", second.Edited)
		}
		return
	}
	if !second.Edited[s.edited()].After(first.Edited[s.edited()]) {
		t.Errorf("edited at %s, then at %s", first.Edited[s.edited()], second.Edited[s.edited()])
	}
	if !second.Edited[s.sample.Text].Equal(first.Edited[s.sample.Text]) {
		t.Errorf("an untouched field was edited at %s, then at %s", first.Edited[s.sample.Text], second.Edited[s.sample.Text])
	}
}

// pages reads a scan to its end.
func (s *suite) pages(t *testing.T, since time.Time, limit int) (all []connector.Record, horizon time.Time) {
	t.Helper()
	req := connector.ScanRequest{Object: s.object, Since: since, Limit: limit}
	for range 10_000 {
		page, err := s.c.Scan(t.Context(), req)
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		all = append(all, page.Records...)
		if page.Next == "" {
			return all, page.Horizon
		}
		if page.Next == req.Cursor {
			t.Fatalf("the scan stands still at %q", page.Next)
		}
		req.Cursor = page.Next
	}
	t.Fatal("the scan does not end")
	return nil, time.Time{}
}

func find(records []connector.Record, id string) *connector.Record {
	for i := range records {
		if records[i].ID == id {
			return &records[i]
		}
	}
	return nil
}

func (s *suite) scanAll(t *testing.T) {
	var ids []string
	for range 7 {
		ids = append(ids, s.person(t, s.edited(), s.value(7)))
	}
	all, _ := s.pages(t, time.Time{}, 3)
	for _, id := range ids {
		r := find(all, id)
		if r == nil || r.Deleted {
			t.Errorf("record %s: %+v", id, r)
			continue
		}
		holds(t, "record", r.Fields, s.edit(7))
	}
}

// scanSince polls as the detector does: each poll from the last one's horizon.
// An index may be behind, so a change may show late but never be passed over.
func (s *suite) scanSince(t *testing.T) {
	start := time.Now()
	id := s.person(t)
	s.h.Edit(t, s.ref(id), s.edit(77))
	s.eventually(t, "the change in a scan since before it", func() bool {
		records, horizon := s.pages(t, start.Add(-time.Second), 2)
		if horizon.After(time.Now()) {
			t.Errorf("horizon %s is in the future", horizon)
		}
		r := find(records, id)
		return r != nil && r.Fields[s.edited()] == s.value(77)
	})
	for i, r := range s.since(t, time.Now().Add(time.Hour)) {
		t.Errorf("a scan since the future gave record %d: %+v", i, r)
	}
}

func (s *suite) since(t *testing.T, at time.Time) []connector.Record {
	t.Helper()
	records, _ := s.pages(t, at, 100)
	return records
}

func (s *suite) deleted(t *testing.T) {
	start := time.Now()
	id := s.person(t)
	s.h.Delete(t, s.ref(id))
	if r := s.read1(t, id); !r.Deleted {
		t.Errorf("read: %+v", r)
	}
	if !s.sample.DeletedUnlisted {
		s.eventually(t, "the deletion in a scan", func() bool {
			r := find(s.since(t, start.Add(-time.Second)), id)
			return r != nil && r.Deleted
		})
	}
	s.h.Restore(t, s.ref(id))
	if r := s.read1(t, id); r.Deleted {
		t.Errorf("restored: %+v", r)
	}
}

// eventually asks again until it holds, as often as the app's own time needs.
func (s *suite) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not come within %s", what, patience)
		}
	}
}
