package detect

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// base is the tests' beginning of time; at is a number of seconds after it.
var base = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return base.Add(time.Duration(seconds) * time.Second) }

// bundle is a detector on a real bus and ledger, with the app it asks and what
// it published.
type bundle struct {
	service  *Service
	bus      *bus.Bus
	ledger   *ledger.Ledger
	app      *fakeApp
	settings *fakeSettings
	clock    *clock
	changes  chan got
}

type got struct {
	change *eventv1.Change
	lane   bus.Lane
}

func setup(t *testing.T, wrap ...func(*Deps)) *bundle {
	t.Helper()
	b := &bundle{
		bus: bustest.New(t).Bus(), app: newApp(), settings: newSettings(), clock: &clock{now: at(1000)}, changes: make(chan got, 1000),
	}
	var err error
	if b.ledger, err = ledger.Open(t.Context(), b.bus.JetStream(), ledger.Config{}); err != nil {
		t.Fatalf("open ledger: %v", err)
	}
	deps := Deps{
		Bus: b.bus, Records: b.ledger.Records, Cursors: b.ledger.Cursors, Settings: b.settings, Apps: b.app, Now: b.clock.Now,
	}
	for _, w := range wrap {
		w(&deps)
	}
	if b.service, err = New(Config{RefreshBatch: 2, Settle: time.Second}, deps); err != nil {
		t.Fatalf("new: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	consume := func(stage bus.Stage, h bus.Handler) {
		wg.Go(func() {
			if err := b.bus.Consume(ctx, stage, h); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("consume %s: %v", stage, err)
			}
		})
	}
	consume(bus.Notices, b.service.handle)
	consume(bus.Changes, func(_ context.Context, d *bus.Delivery) error {
		var c eventv1.Change
		if err := event.Decode(d, &c); err != nil {
			return err
		}
		b.changes <- got{&c, d.Subject.Lane}
		return nil
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return b
}

func (b *bundle) next(t *testing.T) got {
	t.Helper()
	select {
	case g := <-b.changes:
		return g
	case <-time.After(20 * time.Second):
		t.Fatal("no change came")
		return got{}
	}
}

// notices numbers the tests' notices, so that each is a message of its own.
var notices struct {
	sync.Mutex
	n int
}

func (b *bundle) notify(t *testing.T, n *eventv1.Notice, lane bus.Lane) {
	t.Helper()
	notices.Lock()
	notices.n++
	id := strconv.Itoa(notices.n)
	notices.Unlock()
	n.Workspace, n.ReceivedMs = "acme", b.clock.Now().UnixMilli()
	if n.GetConnection() == "" {
		n.Connection = "pd"
	}
	m, err := event.Notice(n, deal.Deals, lane, "one", id) // one key: one after the other
	if err != nil {
		t.Fatalf("make notice: %v", err)
	}
	if err := b.bus.Publish(t.Context(), m); err != nil {
		t.Fatalf("publish notice: %v", err)
	}
}

// webhook delivers events as the fake app would.
func (b *bundle) webhook(t *testing.T, events ...connector.Event) {
	t.Helper()
	body, err := json.Marshal(events)
	if err != nil {
		t.Fatalf("encode events: %v", err)
	}
	b.notify(t, &eventv1.Notice{Kind: &eventv1.Notice_Webhook{Webhook: &eventv1.Webhook{Body: body}}}, bus.Live)
}

// edit is an event of an edit by a person.
func edit(record string, when time.Time, name, value string) connector.Event {
	return connector.Event{
		Object: deal.Deals, ID: record, At: when, Fields: deal.Fields{name: value}, Partial: true, Origin: deal.Others, Account: "7700001",
	}
}

// hold stores a complete copy.
func (b *bundle) hold(t *testing.T, record string, when time.Time, fields map[string]string) {
	t.Helper()
	doc := &ledgerv1.Record{Complete: true, ModifiedMs: when.UnixMilli(), Fields: map[string]*eventv1.Field{}}
	for name, v := range fields {
		doc.Fields[name] = &eventv1.Field{Value: v, EditedMs: when.UnixMilli()}
	}
	if _, err := b.ledger.Records.Put(t.Context(), b.key(record), doc, 0); err != nil {
		t.Fatalf("hold %s: %v", record, err)
	}
}

func (b *bundle) key(record string) ledger.Key { return ledger.RecordKey("acme", "pd", "deal", record) }

func (b *bundle) copy(t *testing.T, record string) *ledgerv1.Record {
	t.Helper()
	return b.copyAt(t, b.key(record))
}

func (b *bundle) copyAt(t *testing.T, key ledger.Key) *ledgerv1.Record {
	t.Helper()
	e, err := b.ledger.Records.Fresh(t.Context(), key)
	if err != nil {
		t.Fatalf("copy at %s: %v", key, err)
	}
	return e.Doc
}

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fakeSettings are settings that a test gives.
type fakeSettings struct {
	mu       sync.Mutex
	raw      *configv1.Snapshot
	snapshot *settings.Snapshot
	changed  chan struct{}
}

func newSettings() *fakeSettings {
	f := &fakeSettings{changed: make(chan struct{})}
	f.set(func(s *configv1.Snapshot) {
		s.Connections = []*configv1.Connection{
			{Workspace: "acme", Name: "hs", App: "hubspot", Account: "1234567", Revision: 1},
			{Workspace: "acme", Name: "pd", App: "pipedrive", Account: "7700001", Revision: 1, WebhookUrl: "https://dealsync.test/hook"},
		}
		s.Syncs = []*configv1.Sync{{
			Workspace: "acme", Name: "deals", HubspotConnection: "hs", AppConnection: "pd", Object: "deal",
			Direction: configv1.Direction_DIRECTION_BOTH, Revision: 1, ActivatedMs: 1,
			Fields: []*configv1.FieldLine{
				{Hubspot: &configv1.FieldSpec{Name: "dealname"}, App: &configv1.FieldSpec{Name: "title"}},
				{Hubspot: &configv1.FieldSpec{Name: "amount"}, App: &configv1.FieldSpec{Name: "value"}},
			},
		}}
	})
	return f
}

// set changes the configuration as a new revision.
func (f *fakeSettings) set(change func(*configv1.Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := &configv1.Snapshot{Revision: f.raw.GetRevision() + 1, Connections: f.raw.GetConnections()}
	for _, y := range f.raw.GetSyncs() {
		next.Syncs = append(next.Syncs, proto.CloneOf(y))
	}
	change(next)
	f.raw, f.snapshot = next, settings.NewSnapshot(next)
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeSettings) Snapshot() *settings.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

func (f *fakeSettings) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fakeSettings) WebhookSecret(context.Context, string, string) (connector.WebhookSecret, error) {
	return connector.WebhookSecret{Secret: "s"}, nil
}

// fakeApp is an app with records, and a log of what it was asked. Every
// connection of the tests leads to it; scans show the pages of "pd", and others
// by "connection object".
type fakeApp struct {
	mu       sync.Mutex
	manifest connector.Manifest
	records  map[string]connector.Record
	pages    [][]string // of deals of "pd"
	others   map[string][][]string
	horizon  time.Time
	total    int
	asked    []string
	failures map[string]error
	onRead   func()
}

func newApp() *fakeApp {
	return &fakeApp{
		manifest: connector.Manifest{App: "fake", ReadBatch: 100, Webhooks: true, PollEvery: time.Minute},
		records:  map[string]connector.Record{}, failures: map[string]error{}, others: map[string][][]string{},
	}
}

func (a *fakeApp) Get(_ context.Context, _, connection string) (App, error) {
	return connected{a, connection}, nil
}

// connected is the fake app as one connection sees it.
type connected struct {
	*fakeApp
	connection string
}

func (a *fakeApp) put(id string, when time.Time, fields deal.Fields) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.records[id] = connector.Record{ID: id, Fields: fields, Modified: when}
}

// ask logs a call and answers the failure that a test wants, if any.
func (c connected) ask(call string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	call = c.connection + " " + call
	c.asked = append(c.asked, call)
	return c.failures[call]
}

func (a *fakeApp) calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *fakeApp) fail(call string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures[call] = err
}

func (c connected) Manifest() connector.Manifest { return c.manifest }

func (c connected) Read(_ context.Context, _ deal.Object, ids []string) ([]connector.Record, error) {
	if err := c.ask("read " + strconv.Itoa(len(ids))); err != nil {
		return nil, err
	}
	if c.onRead != nil {
		c.onRead()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []connector.Record
	for _, id := range ids {
		if r, ok := c.records[id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (c connected) Scan(_ context.Context, req connector.ScanRequest) (connector.Page, error) {
	kind := "scan"
	if !req.Since.IsZero() {
		kind = "poll since " + strconv.Itoa(int(req.Since.Sub(base)/time.Second))
	}
	if req.Object != deal.Deals {
		kind = string(req.Object) + " " + kind
	}
	if err := c.ask(kind + " " + req.Cursor); err != nil {
		return connector.Page{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	page := connector.Page{Horizon: c.horizon, Total: c.total}
	pages := c.others[c.connection+" "+string(req.Object)]
	if c.connection == "pd" && req.Object == deal.Deals {
		pages = c.pages
	}
	n, _ := strconv.Atoi(req.Cursor)
	if n >= len(pages) {
		return page, nil
	}
	for _, id := range pages[n] {
		r := c.records[id]
		if r.Modified.Before(req.Since) {
			continue
		}
		if c.manifest.EditTimes {
			r.Edited = nil // listings do not tell
		}
		page.Records = append(page.Records, r)
	}
	if n+1 < len(pages) {
		page.Next = strconv.Itoa(n + 1)
	}
	return page, nil
}

func (c connected) ParseWebhook(_ context.Context, body []byte) ([]connector.Event, error) {
	var events []connector.Event
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, fault.Wrap(fault.Invalid, "malformed_webhook", err)
	}
	return events, nil
}

func (c connected) Subscribe(_ context.Context, url string, _ connector.WebhookSecret, _ []deal.Object) error {
	return c.ask("subscribe " + url)
}

func (c connected) Provision(context.Context, deal.Object) error { return c.ask("provision") }
