package connectortest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// receiver takes deliveries as the ingest does: raw, before anything is read.
type receiver struct {
	url string
	got chan connector.WebhookRequest
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{got: make(chan connector.WebhookRequest, 1024)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			select {
			case r.got <- connector.WebhookRequest{Method: req.Method, URL: r.url, Header: req.Header, Body: body, Now: time.Now()}:
			default: // nobody is looking any more
			}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/webhooks/acme/main/secret"
	return r
}

// expect waits for an event about a record, among whatever else is delivered.
func (s *suite) expect(t *testing.T, r *receiver, what string, wanted func(connector.Event) bool) connector.Event {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case req := <-r.got:
			if _, err := s.c.VerifyWebhook(req, s.h.Secret()); err != nil {
				t.Fatalf("verify a real delivery: %v", err)
			}
			events, err := s.c.ParseWebhook(t.Context(), req.Body)
			if err != nil {
				t.Fatalf("parse a real delivery: %v\n%s", err, req.Body)
			}
			for _, e := range events {
				if e.Account == "" || e.At.IsZero() || !s.manifest.Shares(e.Object) {
					t.Errorf("incomplete event %+v", e)
				}
				if e.Object == s.object && wanted(e) {
					return e
				}
			}
		case <-timeout.C:
			t.Fatalf("%s was not delivered within %s", what, patience)
		}
	}
}

func (s *suite) webhooks(t *testing.T) {
	if !s.f.Webhooks {
		if err := s.c.Subscribe(t.Context(), "http://127.0.0.1:1/", s.h.Secret(), []deal.Object{s.object}); !fault.Is(err, fault.Invalid) {
			t.Errorf("subscribing to an app without webhooks: %v", err)
		}
		return
	}
	r := newReceiver(t)
	if err := s.c.Subscribe(t.Context(), r.url, s.h.Secret(), []deal.Object{s.object}); err != nil {
		t.Fatal(err)
	}
	holding := func(id, v string) func(connector.Event) bool {
		return func(e connector.Event) bool { return e.ID == id && e.Fields[s.edited()] == v }
	}
	id := s.person(t, s.edited(), s.value(1))
	s.expect(t, r, "the creation", func(e connector.Event) bool { return e.ID == id && e.Action == connector.Created })

	typed, want := s.value(2), s.value(2)
	if s.sample.Number != "" {
		typed, want = "20.0", "20"
	}
	s.h.Edit(t, s.ref(id), deal.Fields{s.edited(): typed})
	e := s.expect(t, r, "a person's edit", holding(id, want))
	if e.Origin != deal.Others || e.Action != connector.Changed {
		t.Errorf("a person's edit: %+v", e)
	}
	if s.touches(e, s.sample.Text) || !s.touches(e, s.edited()) {
		t.Errorf("an edit of %s says that %v changed", s.edited(), e.Touched)
	}
	s.write(t, connector.Write{ID: id, Fields: s.edit(3)})
	if e := s.expect(t, r, "our own write", holding(id, s.value(3))); e.Origin != deal.Ours {
		t.Errorf("our own write: %+v", e)
	}
	s.stageMove(t, r, id)
	s.h.Delete(t, s.ref(id))
	s.expect(t, r, "the deletion", func(e connector.Event) bool { return e.ID == id && e.Action == connector.Deleted })
	s.h.Restore(t, s.ref(id))
	s.expect(t, r, "the restore", func(e connector.Event) bool {
		return e.ID == id && (e.Action == connector.Restored || e.Action == connector.Changed)
	})
	s.forged(t, r)
}

func (s *suite) stageMove(t *testing.T, r *receiver, id string) {
	t.Helper()
	if len(s.sample.Stages) == 0 {
		return
	}
	stage := s.sample.Stages[1]
	s.h.Edit(t, s.ref(id), stage)
	s.expect(t, r, "a stage move", func(e connector.Event) bool {
		for name, v := range stage {
			if e.ID == id && e.Fields[name] == v {
				return true
			}
		}
		return false
	})
}

// merged: the record that was merged away reads as deleted or missing, and its
// event names the survivor.
func (s *suite) merged(t *testing.T) {
	a, b := s.person(t), s.person(t)
	r := newReceiver(t)
	if s.f.Webhooks {
		if err := s.c.Subscribe(t.Context(), r.url, s.h.Secret(), []deal.Object{s.object}); err != nil {
			t.Fatal(err)
		}
	}
	survivor := s.h.Merge(t, s.object, a, b)
	records, err := s.c.Read(t.Context(), s.object, []string{b, survivor})
	if err != nil {
		t.Fatal(err)
	}
	if gone := find(records, b); gone != nil && !gone.Deleted {
		t.Errorf("the merged record reads as %+v", gone)
	}
	left := find(records, survivor)
	if left == nil || left.Deleted {
		t.Fatalf("the survivor %s reads as %+v", survivor, left)
	}
	if slices.Contains(left.MergedFrom, b) != s.f.MergedFrom {
		t.Errorf("the survivor of %s tells of %v; the app declares that it does: %t", b, left.MergedFrom, s.f.MergedFrom)
	}
	if s.f.Webhooks {
		e := s.expect(t, r, "the merge", func(e connector.Event) bool { return e.ID == b && e.Action == connector.Merged })
		if e.MergedInto != survivor {
			t.Errorf("merged into %s, want %s", e.MergedInto, survivor)
		}
	}
}

// touches says whether an event claims that a field was edited: an event that
// claimed it of a field that is merely current would beat a real edit.
func (s *suite) touches(e connector.Event, name string) bool {
	if _, ok := e.Fields[name]; !ok {
		return false
	}
	return len(e.Touched) == 0 || slices.Contains(e.Touched, name)
}

// forged: what is not from the app is refused.
func (s *suite) forged(t *testing.T, r *receiver) {
	t.Helper()
	for name, secret := range map[string]connector.WebhookSecret{
		"another secret": {User: s.h.Secret().User, Secret: "guessed"}, "no secret": {},
	} {
		req := connector.WebhookRequest{Method: http.MethodPost, URL: r.url, Header: http.Header{}, Body: []byte(`[]`), Now: time.Now()}
		if _, err := s.c.VerifyWebhook(req, secret); !fault.Is(err, fault.Auth) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (s *suite) subscribeTwice(t *testing.T) {
	if !s.f.Webhooks {
		if _, err := s.c.ParseWebhook(t.Context(), []byte(`[]`)); !fault.Is(err, fault.Invalid) {
			t.Errorf("parsing a delivery of an app without webhooks: %v", err)
		}
		return
	}
	r := newReceiver(t)
	for range 2 {
		if err := s.c.Subscribe(t.Context(), r.url, s.h.Secret(), []deal.Object{s.object}); err != nil {
			t.Fatal(err)
		}
	}
	id := s.person(t)
	created := func(e connector.Event) bool { return e.ID == id && e.Action == connector.Created }
	s.expect(t, r, "the creation", created)
	// One more record's event closes the window in which a second delivery of
	// the first would have come.
	next := s.person(t)
	s.expect(t, r, "the next creation", func(e connector.Event) bool {
		if created(e) {
			t.Error("the creation was delivered twice")
		}
		return e.ID == next && e.Action == connector.Created
	})
}
