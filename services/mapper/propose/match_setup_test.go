package propose_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/ledger"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/mapper/propose"
)

// watch shows what the handler answers to each attempt, and what it published.
type watch struct {
	propose.Bus
	mu      sync.Mutex
	sent    []bus.Message
	answers chan answer
}

type answer struct {
	err       error
	record    string
	proposals []*eventv1.Proposal
	notices   []*eventv1.Notice
	ids       []string
}

func (w *watch) PublishAll(ctx context.Context, ms ...bus.Message) error {
	w.mu.Lock()
	w.sent = append(w.sent, ms...)
	w.mu.Unlock()
	return w.Bus.PublishAll(ctx, ms...)
}

func (w *watch) Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error {
	return w.Bus.Consume(ctx, stage, func(ctx context.Context, d *bus.Delivery) error {
		err := h(ctx, d)
		a := answer{err: err, record: d.Subject.Key}
		w.mu.Lock()
		sent := w.sent
		w.sent = nil
		w.mu.Unlock()
		for _, m := range sent {
			a.ids = append(a.ids, m.ID)
			var p eventv1.Proposal
			var n eventv1.Notice
			switch as := (&bus.Delivery{Message: m}); m.Subject.Stage {
			case bus.Proposals:
				if err := event.Decode(as, &p); err != nil {
					return err
				}
				a.proposals = append(a.proposals, &p)
			default:
				if err := event.Decode(as, &n); err != nil {
					return err
				}
				a.notices = append(a.notices, &n)
			}
		}
		w.answers <- a
		return err
	})
}

// matching is a mapper with a contact sync whose records are all listed.
type matching struct {
	*bundle
	watch *watch
	count int
}

const rules = "email=email/email"

func contactSync(change ...func(*configv1.Sync)) *configv1.Sync {
	y := &configv1.Sync{
		Workspace: "acme", Name: "contacts", HubspotConnection: "hs", AppConnection: "pd", Object: string(deal.Contacts),
		Direction: configv1.Direction_DIRECTION_BOTH, Revision: 1, ActivatedMs: 5,
		Match: []*configv1.MatchRule{{Name: "email", HubspotField: "email", AppField: "email"}},
		Fields: []*configv1.FieldLine{{
			Hubspot: &configv1.FieldSpec{Name: "firstname", Type: string(deal.Text)},
			App:     &configv1.FieldSpec{Name: "first_name", Type: string(deal.Text)},
		}},
	}
	for _, c := range change {
		c(y)
	}
	return y
}

func setupMatching(t *testing.T, wrap ...func(*propose.Deps)) *matching {
	t.Helper()
	m := &matching{watch: &watch{answers: make(chan answer, 200)}}
	m.bundle = setup(t, append(wrap, func(d *propose.Deps) { m.watch.Bus, d.Bus = d.Bus, m.watch })...)
	m.settings.set(contactSync())
	m.ready(t, 5, rules)
	return m
}

// ready is the detector's word that all records are listed.
func (m *matching) ready(t *testing.T, since int64, rules string) {
	t.Helper()
	put(t, m.ledger.Cursors, ledger.CursorKey("acme", "hs", "contact", "matched:contacts"), &ledgerv1.Cursor{SinceMs: since, Cursor: rules})
}

// put stores a document whatever was there.
func put[T interface{ *D }, D any](t *testing.T, b interface {
	Modify(ctx context.Context, key ledger.Key, fn func(T, bool) (T, bool, error)) (ledger.Entry[T], error)
}, key ledger.Key, doc T,
) {
	t.Helper()
	if _, err := b.Modify(t.Context(), key, func(T, bool) (T, bool, error) { return doc, true, nil }); err != nil {
		t.Fatalf("store %s: %v", key, err)
	}
}

func contact(connection, record, email string) *eventv1.Change {
	name := map[string]string{"hs": "firstname", "pd": "first_name"}[connection]
	return &eventv1.Change{
		Workspace: "acme", Connection: connection, Object: string(deal.Contacts), Record: record, Cause: eventv1.Cause_CAUSE_REFRESH,
		Fields: map[string]*eventv1.Field{"email": {Value: email, EditedMs: 7}, name: {Value: "N" + record, EditedMs: 7}},
	}
}

// keep stores the copy of a change's record, as the detector does.
func (m *matching) keep(t *testing.T, c *eventv1.Change) {
	t.Helper()
	put(t, m.ledger.Records, ledger.RecordKey("acme", c.GetConnection(), c.GetObject(), c.GetRecord()),
		&ledgerv1.Record{Fields: c.GetFields(), Deleted: c.GetDeleted(), MergedFrom: c.GetMergedFrom(), Complete: true})
}

// told stores the copy, lets the mapper handle the change, and is its answer.
func (m *matching) told(t *testing.T, c *eventv1.Change) answer {
	t.Helper()
	m.keep(t, c)
	m.tell(t, c)
	return m.answer(t)
}

func (m *matching) tell(t *testing.T, c *eventv1.Change) {
	t.Helper()
	m.count++
	m.publish(t, c, bus.Live, "c"+c.GetRecord()+string(rune('a'+m.count)))
}

func (m *matching) answer(t *testing.T) answer {
	t.Helper()
	select {
	case a := <-m.watch.answers:
		return a
	case <-time.After(20 * time.Second):
		t.Fatal("no answer came")
		return answer{}
	}
}

// until takes answers until one is not a failure.
func (m *matching) until(t *testing.T) answer {
	t.Helper()
	for {
		if a := m.answer(t); a.err == nil {
			return a
		}
	}
}

// listed lets the mapper list records without deciding about them.
func (m *matching) listed(t *testing.T, all ...*eventv1.Change) {
	t.Helper()
	m.ready(t, 0, "")
	for _, c := range all {
		if a := m.told(t, c); a.err != nil || len(a.proposals) != 0 {
			t.Fatalf("%s was not only listed: %v, %v", c.GetRecord(), a.err, a.proposals)
		}
	}
	m.ready(t, 5, rules)
}

func (m *matching) link(t *testing.T, connection, record, pair string) {
	t.Helper()
	put(t, m.ledger.Links, ledger.LinkKey("acme", connection, "contact", record, "contacts"), &ledgerv1.Link{Pair: pair})
}

func (m *matching) pair(t *testing.T, id string, doc *ledgerv1.Pair) {
	t.Helper()
	put(t, m.ledger.Pairs, ledger.PairKey("acme", "contacts", id), doc)
}

// image is the one image that an answer proposes, and its pair.
func (a answer) image(t *testing.T) (*eventv1.Image, string) {
	t.Helper()
	if a.err != nil || len(a.proposals) != 1 {
		t.Fatalf("answer %v with %d proposals, want one", a.err, len(a.proposals))
	}
	return a.proposals[0].GetImage(), a.proposals[0].GetPair()
}

// asked are the records that an answer asks to be offered again, in order.
func (a answer) asked() (all []string) {
	for _, n := range a.notices {
		for _, id := range n.GetRefresh().GetRecords() {
			all = append(all, n.GetConnection()+" "+id)
		}
	}
	slices.Sort(all)
	return all
}
