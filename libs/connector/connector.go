package connector

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// Options of a Connector. The zero value works, without any rate limit.
type Options struct {
	// Name is the connection in budgets, metrics and errors:
	// "workspace/connection".
	Name string
	// Limits makes the limiter for a declared budget; nil: no limit.
	Limits func(Budget) Limiter
	// Budget replaces the declared budget when its Calls are set.
	Budget Budget
	// SchemaTTL is how long a schema is good; default one hour. A field that the
	// schema does not know makes it be read again at once.
	SchemaTTL time.Duration
}

// Connector is a Driver with everything around it that is the same for every
// app: canonical values, one shared rate budget, quick repeats of what is safe
// to repeat, metrics and traces. It is safe for concurrent use.
type Connector struct {
	driver   Driver
	manifest Manifest
	options  Options
	// wants names the fields of an object that its syncs use; nil: not known.
	wants   func(deal.Object) []string
	all     gate
	search  gate
	schemas schemas
	meters  *meters
	labels  []attribute.KeyValue
}

// Open opens a driver for an account and wraps it. Every API call of the driver
// goes through the account's budget and is counted and traced.
func Open(open Opener, manifest Manifest, account Account, options Options) (*Connector, error) {
	m, err := sharedMeters()
	if err != nil {
		return nil, err
	}
	c := &Connector{
		manifest: manifest, options: options, wants: account.Fields,
		meters: m, labels: labelsOf(manifest.App, options.Name),
	}
	if c.options.SchemaTTL <= 0 {
		c.options.SchemaTTL = time.Hour
	}
	c.all.account, c.search.account = options.Name, options.Name+"/search"
	if options.Limits != nil {
		budget := manifest.Budget
		if options.Budget.Calls > 0 {
			budget = options.Budget
		}
		c.all.limiter = options.Limits(budget)
		if manifest.SearchBudget.Calls > 0 {
			c.search.limiter = options.Limits(manifest.SearchBudget)
		}
	}
	account.Client = c.client(account.Client)
	if c.driver, err = open(account); err != nil {
		return nil, fmt.Errorf("open %s for %s: %w", manifest.App, options.Name, err)
	}
	return c, nil
}

func (c *Connector) client(given *http.Client) *http.Client {
	client := http.Client{}
	if given != nil {
		client = *given
	}
	if client.Transport == nil {
		client.Transport = NewHTTPTransport()
	}
	// An API that redirects a write is not the API that was configured.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Transport = &transport{
		next: client.Transport, all: c.all, search: c.search, app: c.manifest.App,
		tracer: otel.Tracer(names.ScopeConnector), meters: c.meters, labels: c.labels,
	}
	return &client
}

// Manifest is what the app can do; it costs no call.
func (c *Connector) Manifest() Manifest { return c.manifest }

// Driver is the app's own driver, for what only some apps have.
func (c *Connector) Driver() Driver { return c.driver }

// fieldsOf are the values of records.
func fieldsOf(records []Record) iter.Seq[deal.Fields] {
	return func(yield func(deal.Fields) bool) {
		for i := range records {
			if !yield(records[i].Fields) {
				return
			}
		}
	}
}

func (c *Connector) ignore(schema *Schema, each iter.Seq[deal.Fields]) {
	h := c.schemas.of(schema.Object)
	for fields := range each {
		h.ignore(schema, fields)
	}
}

// Read gets records by id, any number of them. One that does not exist is left
// out.
func (c *Connector) Read(ctx context.Context, object deal.Object, ids []string) ([]Record, error) {
	schema, err := c.Schema(ctx, object)
	if err != nil {
		return nil, err
	}
	all, err := c.read(ctx, object, ids)
	if err != nil {
		return nil, err
	}
	if fresh, ok := c.renewed(ctx, schema, fieldsOf(all)); ok {
		schema = fresh
		if all, err = c.read(ctx, object, ids); err != nil {
			return nil, err
		}
		c.ignore(schema, fieldsOf(all))
	}
	c.canonicalRecords(ctx, schema, all)
	return all, nil
}

func (c *Connector) read(ctx context.Context, object deal.Object, ids []string) ([]Record, error) {
	var all []Record
	for part := range chunks(ids, c.manifest.ReadBatch) {
		var records []Record
		err := c.repeat(ctx, "read", func() (err error) {
			records, err = c.driver.Read(ctx, object, part)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read %d %s of %s: %w", len(part), object.Plural(), c.options.Name, err)
		}
		all = append(all, records...)
	}
	return all, nil
}

// Scan reads one page (see Driver.Scan).
func (c *Connector) Scan(ctx context.Context, req ScanRequest) (Page, error) {
	schema, err := c.Schema(ctx, req.Object)
	if err != nil {
		return Page{}, err
	}
	page, err := c.scan(ctx, req)
	if err != nil {
		return Page{}, err
	}
	if fresh, ok := c.renewed(ctx, schema, fieldsOf(page.Records)); ok {
		schema = fresh
		if page, err = c.scan(ctx, req); err != nil {
			return Page{}, err
		}
		c.ignore(schema, fieldsOf(page.Records))
	}
	c.canonicalRecords(ctx, schema, page.Records)
	return page, nil
}

func (c *Connector) scan(ctx context.Context, req ScanRequest) (page Page, err error) {
	err = c.repeat(ctx, "scan", func() (err error) {
		page, err = c.driver.Scan(ctx, req)
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("scan %s of %s: %w", req.Object.Plural(), c.options.Name, err)
	}
	return page, nil
}

// FindCreated looks up creates by pair key (see Driver.FindCreated).
func (c *Connector) FindCreated(ctx context.Context, object deal.Object, keys []string, since time.Time) (map[string]string, error) {
	var found map[string]string
	err := c.repeat(ctx, "find_created", func() (err error) {
		found, err = c.driver.FindCreated(ctx, object, keys, since)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find created %s of %s: %w", object.Plural(), c.options.Name, err)
	}
	return found, nil
}

// Provision makes sure that the pair key field exists, and forgets the schema
// so that the field is seen.
func (c *Connector) Provision(ctx context.Context, object deal.Object) error {
	err := c.repeat(ctx, "provision", func() error { return c.driver.Provision(ctx, object) })
	if err != nil {
		return fmt.Errorf("provision %s of %s: %w", object.Plural(), c.options.Name, err)
	}
	c.schemas.forget(object)
	return nil
}
