package connectortest

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

func newKey() string { return strings.ToLower(rand.Text())[:20] }

func (s *suite) write(t *testing.T, w connector.Write) connector.Result {
	t.Helper()
	got := s.c.Write(t.Context(), s.object, []connector.Write{w})
	if len(got) != 1 {
		t.Fatalf("%d results for one write", len(got))
	}
	if got[0].Err != nil {
		t.Fatalf("write: %v", got[0].Err)
	}
	return got[0]
}

func (s *suite) made(t *testing.T, changes ...string) (id, key string) {
	t.Helper()
	key = newKey()
	return s.write(t, connector.Write{PairKey: key, Fields: s.fields(changes...)}).ID, key
}

func (s *suite) read1(t *testing.T, id string) connector.Record {
	t.Helper()
	got, err := s.c.Read(t.Context(), s.object, []string{id})
	if err != nil || len(got) != 1 {
		t.Fatalf("read %s: %d records, %v", id, len(got), err)
	}
	return got[0]
}

func holds(t *testing.T, what string, got, want deal.Fields) {
	t.Helper()
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s: %s is %q, want %q", what, name, got[name], v)
		}
	}
}

func (s *suite) create(t *testing.T) {
	fields := s.fields(s.sample.Text, "Größe “one” ✅", s.edited(), s.value(1))
	if s.sample.Number != "" {
		fields[s.sample.Number] = "1500.5"
	}
	if s.sample.Date != "" {
		fields[s.sample.Date] = "2026-12-31"
	}
	key := newKey()
	before := time.Now().Add(-time.Minute)
	got := s.write(t, connector.Write{PairKey: key, Fields: fields})
	if got.ID == "" || got.Existed || got.Modified.Before(before) {
		t.Errorf("result %+v", got)
	}
	dates := s.canonical(t, fields)
	holds(t, "result", got.Fields, dates)
	r := s.read1(t, got.ID)
	holds(t, "record", r.Fields, dates)
	holds(t, "record", r.Fields, deal.Fields{deal.PairKeyField: key})
	if r.Deleted || r.Modified.IsZero() || r.Created.IsZero() {
		t.Errorf("record %+v", r)
	}
}

// canonical is what fields look like when they come back.
func (s *suite) canonical(t *testing.T, fields deal.Fields) deal.Fields {
	t.Helper()
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatalf("schema: %v", err)
	}
	out := deal.Fields{}
	for name, v := range fields {
		f := schema.Field(name)
		if f == nil {
			t.Fatalf("the schema has no field %s", name)
		}
		out[name], _ = deal.Canonical(f.Type, v)
	}
	return out
}

func (s *suite) createTwice(t *testing.T) {
	id, key := s.made(t)
	again := s.write(t, connector.Write{PairKey: key, Fields: s.fields()})
	if (again.ID == id) != s.f.UniqueKey || again.Existed != s.f.UniqueKey {
		t.Errorf("repeated create gave %s (existed %t) after %s; the app declares a unique key: %t", again.ID, again.Existed, id, s.f.UniqueKey)
	}
}

func (s *suite) findCreated(t *testing.T) {
	since := time.Now().Add(-time.Minute)
	id, key := s.made(t)
	got, err := s.c.FindCreated(t.Context(), s.object, []string{key, newKey()}, since)
	if err != nil || len(got) != 1 || got[key] != id {
		t.Errorf("found %v, want %s: %v", got, id, err)
	}
}

func (s *suite) update(t *testing.T) {
	id, _ := s.made(t, s.edited(), s.value(1), s.sample.Text, "before")
	got := s.write(t, connector.Write{ID: id, Fields: s.edit(2)})
	holds(t, "result", got.Fields, s.edit(2))
	holds(t, "record", s.read1(t, id).Fields, deal.Fields{s.edited(): s.value(2), s.sample.Text: "before"})
}

func (s *suite) stage(t *testing.T) {
	if len(s.sample.Stages) == 0 {
		if s.object == deal.Deals && s.manifest.Stages {
			t.Error("the sample has no stages, the manifest says that deals have")
		}
		return
	}
	id, _ := s.made(t)
	for i := range 3 { // there, back and there again
		want := s.sample.Stages[i%2]
		holds(t, "result", s.write(t, connector.Write{ID: id, Fields: want}).Fields, want)
		holds(t, "record", s.read1(t, id).Fields, want)
	}
}

func (s *suite) clear(t *testing.T) {
	name, value := s.sample.Other, "v1.example"
	if s.sample.Date != "" {
		name, value = s.sample.Date, "2026-12-31"
	}
	id, _ := s.made(t, name, value)
	blank := deal.Fields{name: ""}
	got := s.write(t, connector.Write{ID: id, Fields: blank})
	holds(t, "result", got.Fields, blank)
	holds(t, "record", s.read1(t, id).Fields, blank)
}

func (s *suite) reject(t *testing.T) {
	a, _ := s.made(t)
	b, _ := s.made(t)
	c, _ := s.made(t)
	got := s.c.Write(t.Context(), s.object, []connector.Write{
		{ID: a, Fields: s.edit(11)},
		{ID: b, Fields: s.sample.Bad},
		{ID: c, Fields: s.edit(13)},
		{PairKey: newKey(), Fields: s.fields()},
		{PairKey: newKey(), Fields: s.with(s.sample.Bad)},
	})
	for i, bad := range []bool{false, true, false, false, true} {
		err := got[i].Err
		switch {
		case bad && !fault.Is(err, fault.Rejected):
			t.Errorf("bad record %d: kind %s, %v", i, fault.KindOf(err), err)
		case !bad && err != nil:
			t.Errorf("good record %d: %v", i, err)
		}
	}
	holds(t, "first neighbour", s.read1(t, a).Fields, s.edit(11))
	holds(t, "second neighbour", s.read1(t, c).Fields, s.edit(13))
}

func (s *suite) with(changes deal.Fields) deal.Fields {
	f := s.fields()
	for name, v := range changes {
		f[name] = v
	}
	return f
}

func (s *suite) updateMissing(t *testing.T) {
	got := s.c.Write(t.Context(), s.object, []connector.Write{{ID: "999999999", Fields: s.edit(1)}})
	if !fault.Is(got[0].Err, fault.NotFound) {
		t.Errorf("kind %s: %v", fault.KindOf(got[0].Err), got[0].Err)
	}
}

// silentCreate: the app does the work and the answer is lost. With a unique key
// the repeat finds the record; without, the create is reported as uncertain and
// the record is found by its key.
func (s *suite) silentCreate(t *testing.T) {
	key, since := newKey(), time.Now().Add(-time.Minute)
	s.h.Fail(t, Fault{Kind: CommitThenSilence, Creates: s.object, Count: 1})
	got := s.c.Write(t.Context(), s.object, []connector.Write{{PairKey: key, Fields: s.fields()}})[0]
	found, err := s.c.FindCreated(t.Context(), s.object, []string{key}, since)
	if err != nil || found[key] == "" {
		t.Fatalf("the created record was not found: %v, %v", found, err)
	}
	if s.f.UniqueKey {
		if got.Err != nil || got.ID != found[key] || !got.Existed {
			t.Errorf("result %+v, want record %s", got, found[key])
		}
		return
	}
	if !fault.Is(got.Err, fault.Transient) || fault.CodeOf(got.Err) != "uncertain_create" {
		t.Errorf("code %q: %v", fault.CodeOf(got.Err), got.Err)
	}
}
