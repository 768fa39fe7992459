package connectortest

import (
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

func (s *suite) associations(t *testing.T) {
	for _, a := range s.manifest.Associations {
		if a.From == s.object {
			t.Run("with a "+string(a.To), func(t *testing.T) {
				s.associate(t, a)
				s.associateMissing(t, a)
				s.associateHeard(t, a)
			})
		}
	}
}

// linked checks what a record is associated with, by read.
func (s *suite) linked(t *testing.T, a connector.Association, id, want string) connector.Record {
	t.Helper()
	r := s.read1(t, id)
	if got, there := r.Fields[a.Field]; !there || got != want {
		t.Errorf("%s %s has %s %q (there: %t), want %q", s.object, id, a.Field, got, there, want)
	}
	return r
}

// associate: what a person and we associate is read, from a record and from a
// scan, and making an association again changes nothing.
func (s *suite) associate(t *testing.T, a connector.Association) {
	far := s.of(a.To)
	id, one, two := s.person(t), far.person(t), far.person(t)
	s.linked(t, a, id, "")
	s.h.Associate(t, s.ref(id), far.ref(one))
	before := s.linked(t, a, id, one)
	want := two
	if a.Many {
		want, _ = deal.Canonical(deal.Reference, one+";"+two)
	} else {
		id = s.person(t) // an end that is taken is nobody's to write
	}
	s.eventually(t, "the next millisecond, which edit times count in", func() bool {
		return time.Since(before.Edited[a.Field]) > 2*time.Millisecond
	})
	for range 2 {
		got := s.write(t, connector.Write{ID: id, Associate: []connector.Reference{far.ref(two)}})
		if len(got.Refused) > 0 || got.ID != id {
			t.Errorf("associating alone: %+v", got)
		}
	}
	after := s.linked(t, a, id, want)
	if s.f.EditTimes && a.Many && !after.Edited[a.Field].After(before.Edited[a.Field]) {
		t.Errorf("a change of associations was read at %s, then at %s", before.Edited[a.Field], after.Edited[a.Field])
	}
	made := s.write(t, connector.Write{PairKey: newKey(), Fields: s.fields(), Associate: []connector.Reference{far.ref(one)}})
	s.linked(t, a, made.ID, one)
	all, _ := s.pages(t, time.Time{}, 100)
	for of, want := range map[string]string{id: want, made.ID: one} {
		if r := find(all, of); r == nil || r.Fields[a.Field] != want {
			t.Errorf("a scan gives %+v, want %s %q", r, a.Field, want)
		}
	}
}

// associateMissing: an association that can't be made is refused by itself.
func (s *suite) associateMissing(t *testing.T, a connector.Association) {
	far := s.of(a.To)
	missing := far.ref("999999998")
	id, _ := s.made(t)
	refs, want := []connector.Reference{missing}, ""
	if a.Many {
		want = far.person(t)
		refs = append(refs, far.ref(want))
	}
	for _, w := range []connector.Write{
		{ID: id, Fields: s.edit(5), Associate: refs},
		{PairKey: newKey(), Fields: s.with(s.edit(5)), Associate: refs},
	} {
		got := s.write(t, w)
		if len(got.Refused) != 1 || got.Refused[0].Reference != missing || got.Refused[0].Err == nil {
			t.Errorf("refused %+v, want %+v", got.Refused, missing)
		}
		holds(t, "record", s.linked(t, a, got.ID, want).Fields, s.edit(5))
	}
}

// associateHeard: a delivery tells of an association: with its values, or so
// that the record is read.
func (s *suite) associateHeard(t *testing.T, a connector.Association) {
	if !s.f.Webhooks {
		return
	}
	far := s.of(a.To)
	id, one := s.person(t), far.person(t)
	r := newReceiver(t)
	if err := s.c.Subscribe(t.Context(), r.url, s.h.Secret(), []deal.Object{s.object}); err != nil {
		t.Fatal(err)
	}
	s.h.Associate(t, s.ref(id), far.ref(one))
	s.expect(t, r, "the association", func(e connector.Event) bool {
		return e.ID == id && e.Action == connector.Changed && (len(e.Fields) == 0 || e.Fields[a.Field] == one)
	})
}
