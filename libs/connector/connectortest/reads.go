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

func (s *suite) manifest(t *testing.T) {
	m := s.c.Manifest()
	got := Features{UniqueKey: m.UniqueKey, EditTimes: m.EditTimes, Deletes: s.f.Deletes, Webhooks: m.Webhooks}
	if diff := cmp.Diff(s.f, got); diff != "" {
		t.Errorf("features (-want +declared):\n%s", diff)
	}
	_, pushes := s.c.Driver().(connector.WebhookDriver)
	if pushes != m.Webhooks {
		t.Errorf("declares webhooks %t, implements them %t", m.Webhooks, pushes)
	}
	if m.App == "" || m.Title == "" || !m.Shares(deal.Deals) || m.ReadBatch < 1 || m.WriteBatch < 1 || m.Parallel < 1 ||
		m.PollEvery <= 0 || m.Budget.Calls < 1 || m.Budget.Per <= 0 {
		t.Errorf("incomplete manifest %+v", m)
	}
}

func (s *suite) schema(t *testing.T) {
	schema, err := s.c.Schema(t.Context(), deal.Deals)
	if err != nil {
		t.Fatal(err)
	}
	for name, kinds := range map[string][]deal.Type{
		s.sample.Text: {deal.Text}, s.sample.Number: {deal.Number}, s.sample.Date: {deal.Date, deal.Datetime},
		schema.StageField(): {deal.Stage},
	} {
		f := schema.Field(name)
		if f == nil || f.ReadOnly || !slices.Contains(kinds, f.Type) || f.Label == "" {
			t.Errorf("field %q: %+v, want a writable %v with a label", name, f, kinds)
		}
	}
	if amount := schema.Field(s.sample.Number); amount != nil && schema.Field(amount.Currency) == nil {
		t.Errorf("the amount's currency field %q is not in the schema", amount.Currency)
	}
	seen := map[string]bool{}
	for _, p := range schema.Pipelines {
		won, lost := false, false
		for _, st := range p.Stages {
			won, lost = won || st.Won && st.Closed, lost || st.Closed && !st.Won
			if seen[st.ID] || st.ID == "" || st.Label == "" {
				t.Errorf("stage %+v of pipeline %s is nameless or not unique", st, p.ID)
			}
			seen[st.ID] = true
		}
		if !won || !lost {
			t.Errorf("pipeline %s has no won or no lost stage", p.ID)
		}
	}
	if len(seen) == 0 || schema.Currency == "" || schema.ReadAt.IsZero() {
		t.Errorf("%d stages, currency %q, read at %s", len(seen), schema.Currency, schema.ReadAt)
	}
}

func (s *suite) provision(t *testing.T) {
	for range 2 {
		if err := s.c.Provision(t.Context(), deal.Deals); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := s.c.Refresh(t.Context(), deal.Deals)
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
		ids = append(ids, s.h.Create(t, s.fields()))
	}
	got, err := s.c.Read(t.Context(), deal.Deals, ids)
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
	none, err := s.c.Read(t.Context(), deal.Deals, []string{"999999998"})
	if err != nil || len(none) != 0 {
		t.Errorf("a missing record gave %v, %v", none, err)
	}
}

func (s *suite) editTimes(t *testing.T) {
	id := s.h.Create(t, s.fields(s.sample.Number, "1"))
	first := s.read1(t, id)
	s.eventually(t, "the next millisecond, which edit times count in", func() bool {
		return time.Since(first.Modified) > 2*time.Millisecond
	})
	s.h.Edit(t, id, deal.Fields{s.sample.Number: "2"})
	second := s.read1(t, id)
	holds(t, "record", second.Fields, deal.Fields{s.sample.Number: "2"})
	if !s.f.EditTimes {
		if len(second.Edited) > 0 {
			t.Errorf("edit times %v of an app that declares none", second.Edited)
		}
		return
	}
	if !second.Edited[s.sample.Number].After(first.Edited[s.sample.Number]) {
		t.Errorf("edited at %s, then at %s", first.Edited[s.sample.Number], second.Edited[s.sample.Number])
	}
	if !second.Edited[s.sample.Text].Equal(first.Edited[s.sample.Text]) {
		t.Errorf("an untouched field was edited at %s, then at %s", first.Edited[s.sample.Text], second.Edited[s.sample.Text])
	}
}

// pages reads a scan to its end.
func (s *suite) pages(t *testing.T, since time.Time, limit int) (all []connector.Record, horizon time.Time) {
	t.Helper()
	req := connector.ScanRequest{Object: deal.Deals, Since: since, Limit: limit}
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
		ids = append(ids, s.h.Create(t, s.fields(s.sample.Number, "7")))
	}
	all, _ := s.pages(t, time.Time{}, 3)
	for _, id := range ids {
		r := find(all, id)
		if r == nil || r.Deleted {
			t.Errorf("record %s: %+v", id, r)
			continue
		}
		holds(t, "record", r.Fields, deal.Fields{s.sample.Number: "7"})
	}
}

// scanSince polls as the detector does: each poll from the last one's horizon.
// An index may be behind, so a change may show late but never be passed over.
func (s *suite) scanSince(t *testing.T) {
	start := time.Now()
	id := s.h.Create(t, s.fields())
	s.h.Edit(t, id, deal.Fields{s.sample.Number: "77"})
	s.eventually(t, "the change in a scan since before it", func() bool {
		records, horizon := s.pages(t, start.Add(-time.Second), 2)
		if horizon.After(time.Now()) {
			t.Errorf("horizon %s is in the future", horizon)
		}
		r := find(records, id)
		return r != nil && r.Fields[s.sample.Number] == "77"
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
	id := s.h.Create(t, s.fields())
	s.h.Delete(t, id)
	if r := s.read1(t, id); !r.Deleted {
		t.Errorf("read: %+v", r)
	}
	if s.f.Deletes {
		s.eventually(t, "the deletion in a scan", func() bool {
			r := find(s.since(t, start.Add(-time.Second)), id)
			return r != nil && r.Deleted
		})
	}
	s.h.Restore(t, id)
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
