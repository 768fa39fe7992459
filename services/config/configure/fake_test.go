package configure_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// fakeApps are accounts, by app, with the catalogue's manifests. The schemas of
// deals are those of the sandbox.
type fakeApps struct {
	mu      sync.Mutex
	schemas map[string]*connector.Schema // by app, or "app/object"
	records map[string][]connector.Record
	down    map[string]fault.Kind
	// unsearchable apps can't search.
	unsearchable map[string]bool
	asked        int
	// asks hears of every schema that was asked for, if anybody listens.
	asks    chan struct{}
	scanned int
	// scanning is called before every page, if anybody wants it.
	scanning func()
	tokens   []string
}

// Open opens the account of a connection's app.
func (f *fakeApps) Open(c *configv1.Connection, account connector.Account) (*connector.Connector, error) {
	app, ok := apps.Lookup(c.GetApp())
	if !ok {
		return nil, errors.New("an app that is not in the catalogue")
	}
	open := func(a connector.Account) (connector.Driver, error) {
		return &fakeDriver{apps: f, app: c.GetApp(), manifest: app.Manifest, account: a}, nil
	}
	return connector.Open(open, app.Manifest, account, connector.Options{Name: c.GetWorkspace() + "/" + c.GetName()})
}

func (f *fakeApps) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// askedAgain waits until schemas have been asked for n more times.
func (f *fakeApps) askedAgain(t *testing.T, n int) {
	t.Helper()
	asks := make(chan struct{})
	f.set(func() { f.asks = asks })
	defer f.set(func() { f.asks = nil })
	for range n {
		select {
		case <-asks:
		case <-time.After(30 * time.Second):
			t.Fatal("nobody asked for a schema within 30s")
		}
	}
}

// fakeDriver is one account; what it lacks panics.
type fakeDriver struct {
	connector.Driver
	apps     *fakeApps
	app      string
	manifest connector.Manifest
	account  connector.Account
}

func (d *fakeDriver) Describe() connector.Manifest { return d.manifest }
func (d *fakeDriver) Kind(err error) fault.Kind    { return fault.KindOf(err) }

// Schema takes a token, as an app would, and answers a schema of its own.
func (d *fakeDriver) Schema(ctx context.Context, object deal.Object) (*connector.Schema, error) {
	t, err := d.account.Tokens.Token(ctx, "")
	if err != nil {
		return nil, err
	}
	f := d.apps
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	select {
	case f.asks <- struct{}{}:
	default:
	}
	f.tokens = append(f.tokens, t.Scheme+" "+t.Value)
	if kind, ok := f.down[d.app]; ok {
		return nil, &fault.Error{Kind: kind, Code: "down", After: time.Minute, Err: errors.New("dial tcp: connection refused")}
	}
	s := f.schemas[d.app]
	if object != deal.Deals {
		s = f.schemas[d.app+"/"+string(object)]
	}
	if s == nil {
		return nil, fault.New(fault.Invalid, "object_not_shared", "no %s", object)
	}
	return &connector.Schema{
		Object: object, Fields: slices.Clone(s.Fields), Pipelines: slices.Clone(s.Pipelines), Owners: slices.Clone(s.Owners),
		Currency: s.Currency, Currencies: slices.Clone(s.Currencies), Zone: s.Zone,
	}, nil
}

// CreatePipeline makes pipelines with ids that count up, and finds them again.
func (d *fakeDriver) CreatePipeline(_ context.Context, _ deal.Object, p connector.Pipeline) (connector.Pipeline, bool, error) {
	f := d.apps
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.schemas[d.app]
	for _, there := range s.Pipelines {
		if there.Label == p.Label {
			return there, true, nil
		}
	}
	p.ID = "p" + strconv.Itoa(len(s.Pipelines))
	p.Stages = slices.Clone(p.Stages)
	for i := range p.Stages {
		p.Stages[i].ID = p.ID + "-" + strconv.Itoa(i)
	}
	s.Pipelines = append(slices.Clone(s.Pipelines), p)
	return p, false, nil
}

func (d *fakeDriver) Search(_ context.Context, object deal.Object, group filter.Group, limit int) ([]connector.Record, int, error) {
	f := d.apps
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unsearchable[d.app] {
		return nil, 0, fault.New(fault.Invalid, connector.CodeUnsearchable, "no search")
	}
	terms, err := filter.New(group)
	if err != nil {
		return nil, 0, err
	}
	var found []connector.Record
	for _, r := range f.records[d.app+"/"+string(object)] {
		if terms.Match(r.Fields, time.Time{}) {
			found = append(found, r)
		}
	}
	return found[:min(limit, len(found))], len(found), nil
}

// Scan gives two records a page.
func (d *fakeDriver) Scan(_ context.Context, req connector.ScanRequest) (connector.Page, error) {
	f := d.apps
	f.mu.Lock()
	scanning := f.scanning
	f.mu.Unlock()
	if scanning != nil {
		scanning()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scanned++
	all := f.records[d.app+"/"+string(req.Object)]
	from, _ := strconv.Atoi(req.Cursor)
	to := min(from+2, len(all))
	page := connector.Page{Records: slices.Clone(all[from:to])}
	if to < len(all) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}

func text(names string) (fields []connector.Field) {
	for name := range strings.FieldsSeq(names) {
		fields = append(fields, connector.Field{Name: name, Label: name, Type: deal.Text})
	}
	return fields
}

func newFakeApps() *fakeApps {
	owners := func(ids ...string) (all []connector.Owner) {
		for _, id := range ids {
			id, email, _ := strings.Cut(id, " ")
			all = append(all, connector.Owner{ID: id, Email: email, Active: true})
		}
		return all
	}
	return &fakeApps{
		down: map[string]fault.Kind{}, records: map[string][]connector.Record{}, unsearchable: map[string]bool{},
		schemas: map[string]*connector.Schema{
			"hubspot": {
				Currency: "EUR", Zone: "Europe/Berlin",
				Owners: owners("31 ann@acme.test", "32 bob@acme.test"),
				Fields: append(text("dealname deal_currency_code"),
					connector.Field{Name: "amount", Type: deal.Number, Currency: "deal_currency_code"},
					connector.Field{Name: "closedate", Type: deal.Datetime},
					connector.Field{Name: "hs_projected_amount", Type: deal.Number, ReadOnly: true},
					connector.Field{Name: "priority", Type: deal.Picklist, Options: []connector.Option{{ID: "low"}, {ID: "high"}}},
					connector.Field{Name: "hubspot_owner_id", Type: deal.Owner},
					connector.Field{Name: "pipeline", Type: deal.Picklist},
					connector.Field{Name: "dealstage", Type: deal.Stage},
				),
				Pipelines: []connector.Pipeline{{ID: "default", Label: "Sales", Stages: []connector.Stage{
					{ID: "appointmentscheduled", Label: "Appointment", Probability: 0.2}, {ID: "closedwon", Label: "Won", Closed: true, Won: true, Probability: 1}, {ID: "closedlost", Label: "Lost", Closed: true},
				}}},
			},
			"pipedrive": {
				Currency: "USD",
				Owners:   owners("1 Ann@acme.test", "599 carl@acme.test"),
				Fields: append(text("title currency"),
					connector.Field{Name: "value", Type: deal.Number, Currency: "currency"},
					connector.Field{Name: "expected_close_date", Type: deal.Date},
					connector.Field{Name: "weighted_value", Type: deal.Number, ReadOnly: true},
					connector.Field{Name: "heat", Type: deal.Picklist, Options: []connector.Option{{ID: "low"}, {ID: "hot"}}},
					connector.Field{Name: "vip", Type: deal.Bool},
					connector.Field{Name: "owner_id", Type: deal.Owner},
					connector.Field{Name: "stage", Type: deal.Stage},
				),
				Pipelines: []connector.Pipeline{{ID: "1", Label: "Pipeline", Stages: []connector.Stage{
					{ID: "1/1", Label: "Qualified", Probability: -1}, {ID: "1/2", Label: "Contacted", Probability: -1}, {ID: "1/won", Closed: true, Won: true, Probability: -1}, {ID: "1/lost", Closed: true, Probability: -1},
				}}},
			},
			"sandbox-orders":    {Fields: text("title")},
			"hubspot/contact":   {Fields: text("email firstname lastname phone")},
			"pipedrive/contact": {Fields: text("email first_name last_name phone")},
		},
	}
}
