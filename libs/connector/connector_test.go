package connector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

// fake is a driver whose parts a test sets.
type fake struct {
	schema func() (*Schema, error)
	read   func(ids []string) ([]Record, error)
	scan   func(ScanRequest) (Page, error)
	write  func(ctx context.Context, writes []Write) ([]Result, error)
	parse  func([]byte) ([]Event, error)
}

func (f *fake) Describe() Manifest { return Manifest{} }

func (f *fake) Schema(context.Context, deal.Object) (*Schema, error) {
	if f.schema != nil {
		return f.schema()
	}
	return &Schema{Object: deal.Deals, ReadAt: time.Now(), Fields: []Field{
		{Name: "amount", Type: deal.Number}, {Name: "name", Type: deal.Text}, {Name: "done", Type: deal.Bool}, {Name: "tags", Type: deal.Multi},
	}}, nil
}

func (f *fake) Read(_ context.Context, _ deal.Object, ids []string) ([]Record, error) {
	return f.read(ids)
}

func (f *fake) Scan(_ context.Context, req ScanRequest) (Page, error) { return f.scan(req) }

func (f *fake) Write(ctx context.Context, _ deal.Object, writes []Write) ([]Result, error) {
	return f.write(ctx, writes)
}

func (f *fake) FindCreated(context.Context, deal.Object, []string, time.Time) (map[string]string, error) {
	return nil, nil
}
func (f *fake) Provision(context.Context, deal.Object) error { return nil }
func (f *fake) Kind(err error) fault.Kind                    { return fault.KindOf(err) }
func (f *fake) VerifyWebhook(WebhookRequest, WebhookSecret) (string, error) {
	return "key", nil
}
func (f *fake) ParseWebhook(body []byte) ([]Event, error) { return f.parse(body) }
func (f *fake) Subscribe(context.Context, string, WebhookSecret, []deal.Object) error {
	return nil
}

// pauses is a limiter that only counts.
type pauses struct {
	mu    sync.Mutex
	waits []time.Duration
	lanes []string
	full  time.Duration
}

func (p *pauses) Take(_ context.Context, _, lane string, _ int) (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes = append(p.lanes, lane)
	return p.full, nil
}

func (p *pauses) Pause(_ context.Context, _ string, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits = append(p.waits, d)
	return nil
}

type bundle struct {
	*Connector
	limiter *pauses
}

func manifest() Manifest {
	return Manifest{
		App: "fake", Shared: []SharedObject{{Object: deal.Deals, Title: "deal", Ways: deal.BothWays}},
		ReadBatch: 2, WriteBatch: 2, Parallel: 2, Webhooks: true, Budget: Budget{Calls: 10, Per: time.Second},
	}
}

func open(t *testing.T, d Driver) *Connector {
	t.Helper()
	c, err := Open(func(Account) (Driver, error) { return d, nil }, manifest(), Account{}, Options{Name: "acme/fake"})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return c
}

func setup(t *testing.T, f *fake, change func(*Manifest)) bundle {
	t.Helper()
	m := manifest()
	if change != nil {
		change(&m)
	}
	limiter := &pauses{}
	c, err := Open(func(Account) (Driver, error) { return f, nil }, m, Account{}, Options{
		Name: "acme/fake", Limits: func(Budget) Limiter { return limiter },
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return bundle{c, limiter}
}

func TestValuesComeOutInCanonicalForm(t *testing.T) {
	t.Parallel()
	raw := func() deal.Fields {
		return deal.Fields{"amount": "1500.00", "name": " as it is ", "done": "Yes", "tags": "b;a", "odd": "x"}
	}
	want := deal.Fields{"amount": "1500", "name": " as it is ", "done": "true", "tags": "a;b", "odd": "x"}
	c := setup(t, &fake{
		read:  func(ids []string) ([]Record, error) { return []Record{{ID: ids[0], Fields: raw()}}, nil },
		scan:  func(ScanRequest) (Page, error) { return Page{Records: []Record{{Fields: raw()}}}, nil },
		write: func(context.Context, []Write) ([]Result, error) { return []Result{{ID: "1", Fields: raw()}}, nil },
		parse: func([]byte) ([]Event, error) { return []Event{{Object: deal.Deals, Fields: raw()}}, nil },
	}, nil)
	ctx := context.Background()
	check := func(what string, got deal.Fields, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
		}
	}
	records, err := c.Read(ctx, deal.Deals, []string{"1"})
	check("read", records[0].Fields, err)
	page, err := c.Scan(ctx, ScanRequest{Object: deal.Deals})
	check("scan", page.Records[0].Fields, err)
	results := c.Write(ctx, deal.Deals, []Write{{ID: "1"}})
	check("write", results[0].Fields, results[0].Err)
	events, err := c.ParseWebhook(ctx, nil)
	check("webhook", events[0].Fields, err)
}

func TestANewFieldMakesTheSchemaBeReadAgainOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var schemas, parses int
		f := &fake{}
		f.schema = func() (*Schema, error) {
			schemas++
			s := &Schema{Object: deal.Deals}
			if schemas > 1 {
				s.Fields = []Field{{Name: "fee", Type: deal.Number}}
			}
			return s, nil
		}
		f.parse = func([]byte) ([]Event, error) {
			parses++
			return []Event{{Object: deal.Deals, Fields: deal.Fields{"fee": "5.0", "hidden": "1"}}}, nil
		}
		c := setup(t, f, nil)
		ctx := context.Background()
		if _, err := c.Schema(ctx, deal.Deals); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		for range 3 {
			events, err := c.ParseWebhook(ctx, nil)
			if err != nil || events[0].Fields["fee"] != "5" {
				t.Errorf("events %v, %v", events, err)
			}
			time.Sleep(time.Minute)
		}
		if schemas != 2 || parses != 4 {
			t.Errorf("%d schema reads and %d parses, want 2 and 4", schemas, parses)
		}
	})
}

func TestAnOldSchemaIsBetterThanNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := false
		c := setup(t, &fake{schema: func() (*Schema, error) {
			if fail {
				return nil, fault.New(fault.Auth, "", "no")
			}
			return &Schema{Object: deal.Deals}, nil
		}}, nil)
		first, err := c.Schema(context.Background(), deal.Deals)
		if err != nil {
			t.Fatal(err)
		}
		fail = true
		time.Sleep(2 * time.Hour)
		again, err := c.Schema(context.Background(), deal.Deals)
		if err != nil || again != first || time.Since(again.ReadAt) < 2*time.Hour {
			t.Errorf("schema %p, want %p: %v", again, first, err)
		}
	})
}

func TestOnlyWhatIsSafeIsRepeated(t *testing.T) {
	t.Parallel()
	transient := fault.New(fault.Transient, "app_unavailable", "down")
	limited := &fault.Error{Kind: fault.RateLimited, Code: "rate_limit", After: time.Second, Err: errors.New("slow down")}
	long := &fault.Error{Kind: fault.RateLimited, Code: "rate_limit", After: 10 * time.Second, Err: errors.New("slow down")}
	for _, c := range []struct {
		name   string
		write  Write
		unique bool
		err    error
		calls  int
		pauses int
	}{
		{"an update after a passing error", Write{ID: "1"}, false, transient, 3, 0},
		{"a create of an app with a key", Write{PairKey: "k"}, true, transient, 3, 0},
		{"not a create of an app without one", Write{PairKey: "k"}, false, transient, 1, 0},
		{"a create that was not let in", Write{PairKey: "k"}, false, limited, 3, 3},
		{"not what would wait long", Write{ID: "1"}, false, long, 1, 1},
		{"not a refused record", Write{ID: "1"}, false, fault.New(fault.Rejected, "bad", "bad"), 1, 0},
		{"not a bug", Write{ID: "1"}, false, errors.New("unclassified"), 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				b := setup(t, &fake{write: func(context.Context, []Write) ([]Result, error) {
					calls++
					return nil, c.err
				}}, func(m *Manifest) { m.UniqueKey = c.unique })
				got := b.Write(context.Background(), deal.Deals, []Write{c.write})
				if calls != c.calls || len(b.limiter.waits) != c.pauses {
					t.Errorf("%d calls and %d pauses, want %d and %d", calls, len(b.limiter.waits), c.calls, c.pauses)
				}
				if !errors.Is(got[0].Err, c.err) || fault.KindOf(got[0].Err) != fault.KindOf(c.err) {
					t.Errorf("error %v, want %v", got[0].Err, c.err)
				}
			})
		})
	}
}

func TestOnlyTheRecordsThatFailedAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls [][]string
		b := setup(t, &fake{write: func(_ context.Context, writes []Write) ([]Result, error) {
			var ids []string
			results := make([]Result, len(writes))
			for i, w := range writes {
				ids = append(ids, w.ID)
				results[i].ID = w.ID
				if w.ID == "2" && len(calls) == 0 {
					results[i].Err = fault.New(fault.Transient, "record_locked", "locked")
				}
			}
			calls = append(calls, ids)
			return results, nil
		}}, nil)
		got := b.Write(context.Background(), deal.Deals, []Write{{ID: "1"}, {ID: "2"}})
		if diff := cmp.Diff([][]string{{"1", "2"}, {"2"}}, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if got[0].Err != nil || got[1].Err != nil {
			t.Errorf("results %v", got)
		}
	})
}

func TestWritesAreSplitByKindAndSizeAndAnsweredInOrder(t *testing.T) {
	t.Parallel()
	var batches, most, now atomic.Int32
	b := setup(t, &fake{write: func(ctx context.Context, writes []Write) ([]Result, error) {
		batches.Add(1)
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		if lane := laneOf(ctx); lane == LaneBulk != writes[0].Bulk {
			return nil, fmt.Errorf("lane %s for bulk %t", lane, writes[0].Bulk)
		}
		results := make([]Result, len(writes))
		for i, w := range writes {
			if (w.ID == "") != (writes[0].ID == "") {
				return nil, errors.New("creates and updates in one call")
			}
			results[i].ID = w.ID + w.PairKey
		}
		return results, nil
	}}, nil)
	writes := []Write{{PairKey: "a"}, {ID: "1"}, {ID: "2"}, {PairKey: "b"}, {ID: "3"}, {PairKey: "c"}}
	got := b.Write(context.Background(), deal.Deals, writes)
	for i, r := range got {
		if r.Err != nil || r.ID != writes[i].ID+writes[i].PairKey {
			t.Errorf("result %d: %+v", i, r)
		}
	}
	if batches.Load() != 4 || most.Load() > 2 {
		t.Errorf("%d batches, %d at once; want 4, at most 2", batches.Load(), most.Load())
	}
	bulk := b.Write(context.Background(), deal.Deals, []Write{{ID: "1", Bulk: true}})
	if bulk[0].Err != nil {
		t.Error(bulk[0].Err)
	}
}

func TestReadsOfAnyNumberAreCutIntoTheAppsBatches(t *testing.T) {
	t.Parallel()
	var sizes []int
	c := setup(t, &fake{read: func(ids []string) ([]Record, error) {
		sizes = append(sizes, len(ids))
		var all []Record
		for _, id := range ids {
			all = append(all, Record{ID: id})
		}
		return all, nil
	}}, nil)
	got, err := c.Read(context.Background(), deal.Deals, []string{"1", "2", "3", "4", "5"})
	if err != nil || len(got) != 5 || !slices.Equal(sizes, []int{2, 2, 1}) {
		t.Errorf("%d records in calls of %v: %v", len(got), sizes, err)
	}
}

func TestAnAppWithoutWebhooksSaysSo(t *testing.T) {
	t.Parallel()
	c := setup(t, &fake{}, func(m *Manifest) { m.Webhooks = false })
	if _, err := c.ParseWebhook(context.Background(), nil); !errors.Is(err, ErrNoWebhooks) {
		t.Error(err)
	}
}

func TestEventsThatCouldBeReadComeBesideTheError(t *testing.T) {
	t.Parallel()
	bad := fault.New(fault.Invalid, "unknown_event", "what?")
	c := setup(t, &fake{parse: func([]byte) ([]Event, error) {
		return []Event{{Object: deal.Deals, ID: "1", Fields: deal.Fields{"amount": "1.0"}}}, bad
	}}, nil)
	events, err := c.ParseWebhook(context.Background(), nil)
	if !errors.Is(err, bad) || len(events) != 1 || !maps.Equal(events[0].Fields, deal.Fields{"amount": "1"}) {
		t.Errorf("events %v, %v", events, err)
	}
}

// rich is a fake that makes pipelines and searches.
type rich struct {
	*fake
	make   func() (Pipeline, bool, error)
	search func() ([]Record, int, error)
}

func (r *rich) CreatePipeline(context.Context, deal.Object, Pipeline) (Pipeline, bool, error) {
	return r.make()
}

func (r *rich) Search(context.Context, deal.Object, filter.Group, int) ([]Record, int, error) {
	return r.search()
}

func TestPipelinesAreMadeInSpiteOfAPassingErrorAndSeenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, schemas := 0, 0
		r := &rich{fake: &fake{schema: func() (*Schema, error) {
			schemas++
			return &Schema{Object: deal.Deals}, nil
		}}}
		r.make = func() (Pipeline, bool, error) {
			if calls++; calls == 1 {
				return Pipeline{}, false, fault.New(fault.Transient, "app_unavailable", "down")
			}
			return Pipeline{ID: "7"}, true, nil
		}
		c := open(t, r)
		ctx := context.Background()
		if _, err := c.Schema(ctx, deal.Deals); err != nil {
			t.Fatal(err)
		}
		made, existed, err := c.CreatePipeline(ctx, deal.Deals, Pipeline{Label: "Sales"})
		if err != nil || made.ID != "7" || !existed || calls != 2 {
			t.Errorf("made %+v (existed %t) in %d calls: %v", made, existed, calls, err)
		}
		if _, err := c.Schema(ctx, deal.Deals); err != nil || schemas != 2 {
			t.Errorf("%d schema reads, want 2: %v", schemas, err)
		}
	})
}

func TestSearchesAnswerCanonicalRecordsAndTheCount(t *testing.T) {
	t.Parallel()
	c := open(t, &rich{fake: &fake{}, search: func() ([]Record, int, error) {
		return []Record{{ID: "1", Fields: deal.Fields{"amount": "5.00"}}}, 12, nil
	}})
	found, total, err := c.Search(context.Background(), deal.Deals, filter.Group{}, 1)
	if err != nil || total != 12 || len(found) != 1 || found[0].Fields["amount"] != "5" {
		t.Errorf("found %v of %d: %v", found, total, err)
	}
}

func TestAnAppThatMakesNoPipelinesOrSearchesSaysSo(t *testing.T) {
	t.Parallel()
	c := setup(t, &fake{}, nil)
	if _, _, err := c.CreatePipeline(context.Background(), deal.Deals, Pipeline{}); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != CodeNoPipelines {
		t.Errorf("pipeline: %v", err)
	}
	if _, _, err := c.Search(context.Background(), deal.Deals, filter.Group{}, 1); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != CodeUnsearchable {
		t.Errorf("search: %v", err)
	}
}

func TestNoSchemaIsReadForObjectsThatNobodySyncs(t *testing.T) {
	t.Parallel()
	var asked []deal.Object
	f := &fake{parse: func([]byte) ([]Event, error) {
		return []Event{
			{Object: deal.Deals, ID: "1", Fields: deal.Fields{"amount": "5.0"}},
			{Object: deal.Contacts, ID: "2", Fields: deal.Fields{"amount": "5.0"}},
		}, nil
	}}
	f.schema = func() (*Schema, error) {
		asked = append(asked, deal.Deals)
		return &Schema{Object: deal.Deals, Fields: []Field{{Name: "amount", Type: deal.Number}}}, nil
	}
	m := manifest()
	m.Shared = append(m.Shared, SharedObject{Object: deal.Contacts, Title: "contact", Ways: deal.BothWays})
	c, err := Open(func(Account) (Driver, error) { return f, nil }, m, Account{Fields: func(o deal.Object) []string {
		if o == deal.Deals {
			return []string{"amount"}
		}
		return nil
	}}, Options{Name: "acme/fake"})
	if err != nil {
		t.Fatal(err)
	}
	events, err := c.ParseWebhook(context.Background(), nil)
	if err != nil || len(events) != 2 || len(asked) != 1 {
		t.Fatalf("events %v after %d schema reads: %v", events, len(asked), err)
	}
	if events[0].Fields["amount"] != "5" {
		t.Errorf("the deal's event is not canonical: %+v", events[0])
	}
	if events[1].Fields != nil || !events[1].Partial {
		t.Errorf("the contact's event has values of unknown form: %+v", events[1])
	}
}

func TestADriverParsesAgainOnceItKnowsTheSchema(t *testing.T) {
	t.Parallel()
	f, learned := &fake{}, false
	f.schema = func() (*Schema, error) {
		learned = true
		return &Schema{Object: deal.Deals, Fields: []Field{{Name: "amount", Type: deal.Number}}}, nil
	}
	f.parse = func([]byte) ([]Event, error) {
		name := "code of amount"
		if learned {
			name = "amount"
		}
		return []Event{{Object: deal.Deals, Fields: deal.Fields{name: "5.0"}}}, nil
	}
	events, err := setup(t, f, nil).ParseWebhook(context.Background(), nil)
	if err != nil || !maps.Equal(events[0].Fields, deal.Fields{"amount": "5"}) {
		t.Errorf("events %v, %v", events, err)
	}
}
