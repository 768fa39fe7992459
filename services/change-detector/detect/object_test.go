package detect

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// share adds a sync of another object, which matches by e-mail or name.
func share(object deal.Object) func(*configv1.Snapshot) {
	rule := &configv1.MatchRule{Name: "email", HubspotField: "email", AppField: "email"}
	if object == deal.Companies {
		rule = &configv1.MatchRule{Name: "name", HubspotField: "name", AppField: "name"}
	}
	return func(s *configv1.Snapshot) {
		s.Syncs = append(s.Syncs, &configv1.Sync{
			Workspace: "acme", Name: string(object), HubspotConnection: "hs", AppConnection: "pd", Object: string(object),
			Direction: configv1.Direction_DIRECTION_BOTH, Revision: 1, ActivatedMs: 1, Match: []*configv1.MatchRule{rule},
			Fields: []*configv1.FieldLine{{Hubspot: &configv1.FieldSpec{Name: "phone"}, App: &configv1.FieldSpec{Name: "phone"}}},
		})
	}
}

func TestContactsAndCompaniesComeByEveryPath_R15(t *testing.T) {
	t.Parallel()
	for _, object := range []deal.Object{deal.Contacts, deal.Companies} {
		t.Run(string(object), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.settings.set(share(object))
			b.app.others["pd "+string(object)] = [][]string{{"7"}}
			b.app.put("7", at(10), deal.Fields{"email": "ann@acme.test", "name": "Acme", "phone": "1"})
			expect := func(cause eventv1.Cause, phone string) {
				t.Helper()
				c := b.next(t).change
				for c.GetCause() != cause { // a repeat of what came before
					c = b.next(t).change
				}
				if c.GetObject() != string(object) || c.GetRecord() != "7" || c.GetFields()["phone"].GetValue() != phone {
					t.Errorf("change = %v, want %s of %s 7 with phone %s", c, cause, object, phone)
				}
			}
			run := func(kind string, lane bus.Lane, since int64) {
				t.Helper()
				c := &ledgerv1.Cursor{Run: ledger.Run(kind, 1), SinceMs: since}
				key := ledger.CursorKey("acme", "pd", string(object), kind)
				if _, err := b.ledger.Cursors.Put(t.Context(), key, c, 0); err != nil {
					t.Fatalf("save run: %v", err)
				}
				if err := b.service.ask(t.Context(), place{"acme", "pd", object, lane}, c, ""); err != nil {
					t.Fatalf("ask: %v", err)
				}
			}
			run("backfill:"+string(object), bus.Bulk, 0)
			expect(eventv1.Cause_CAUSE_BACKFILL, "1")
			b.finished(t, ledger.CursorKey("acme", "pd", string(object), "backfill:"+string(object)))
			e := edit("7", at(60), "phone", "2")
			e.Object = object
			b.webhook(t, e)
			expect(eventv1.Cause_CAUSE_WEBHOOK, "2")
			b.app.put("7", at(120), deal.Fields{"email": "ann@acme.test", "name": "Acme", "phone": "3"})
			run(ledger.PollCursor, bus.Live, at(100).UnixMilli())
			expect(eventv1.Cause_CAUSE_POLL, "3")
			b.finished(t, ledger.CursorKey("acme", "pd", string(object), ledger.PollCursor)) // so the copy is stored too
			b.notify(t, &eventv1.Notice{Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{Object: string(object), Records: []string{"7"}}}}, bus.Bulk)
			expect(eventv1.Cause_CAUSE_REFRESH, "3")
			if slices.Contains(b.app.calls(), "pd read 1") {
				t.Errorf("calls = %v, want no read", b.app.calls())
			}
		})
	}
}

func TestAMatchFieldsChangeIsTold_R15(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.set(share(deal.Contacts))
	key := ledger.RecordKey("acme", "pd", "contact", "7")
	doc := &ledgerv1.Record{Complete: true, Fields: map[string]*eventv1.Field{"email": {Value: "a@acme.test"}, "phone": {}}}
	if _, err := b.ledger.Records.Put(t.Context(), key, doc, 0); err != nil {
		t.Fatalf("hold: %v", err)
	}
	e := edit("7", at(60), "email", "b@acme.test")
	e.Object = deal.Contacts
	b.webhook(t, e)
	if diff := cmp.Diff([]string{"email"}, b.next(t).change.GetChanged()); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}

// The app says that something was associated, not with what, and the record's
// own time does not move.
func TestAnAssociationAloneIsTold_R16(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.app.manifest.EditTimes = true
	b.app.manifest.Associations = []connector.Association{{From: deal.Deals, To: deal.Contacts, Field: "people", Many: true}}
	b.settings.set(share(deal.Contacts))
	b.settings.set(func(s *configv1.Snapshot) {
		s.Syncs[0].Associations = []*configv1.AssociationLine{{Object: "contact", Sync: "contact", App: &configv1.AssociationEnd{Field: "people"}}}
	})
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1", "people": "7"})
	b.app.records["42"] = connector.Record{
		ID: "42", Modified: at(0), Fields: deal.Fields{"title": "Boat", "value": "1", "people": "7;8"},
		Edited: map[string]time.Time{"title": at(0), "value": at(0), "people": at(61)},
	}
	touch := connector.Event{Object: deal.Deals, ID: "42", At: at(60), Partial: true, Origin: deal.Others, Account: "7700001"}
	b.webhook(t, touch)
	c := b.next(t).change
	if diff := cmp.Diff([]string{"people"}, c.GetChanged()); diff != "" || c.GetFields()["people"].GetValue() != "7;8" {
		t.Errorf("people = %v, changed (-want +got):\n%s", c.GetFields()["people"], diff)
	}
	touch.At = at(90)
	b.webhook(t, touch) // and nothing came of it
	b.webhook(t, edit("42", at(95), "title", "Ship"))
	if diff := cmp.Diff([]string{"title"}, b.next(t).change.GetChanged()); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}
