// Package simple is the connector of the sandbox's own apps, Sandbox Orders and
// Sandbox Directory. It is the smallest connector there is, to copy from: an app
// with a plain JSON API, a key of our own on every record, and no webhooks. It
// never retries, waits, logs or decides which value is right.
package simple

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// overlap makes polls read again what was being stored while the last one ran.
const overlap = 2 * time.Second

// plurals are the app's names of the objects, in addresses.
var plurals = map[deal.Object]string{deal.Deals: "orders", deal.Contacts: "contacts", deal.Companies: "companies"}

// Driver is one account of one of the apps. It is safe for concurrent use.
type Driver struct {
	manifest connector.Manifest
	rest     *rest.Client
}

var (
	_ connector.Driver = (*Driver)(nil)
	_ connector.Opener = OpenOrders
	_ connector.Opener = OpenDirectory
)

// OpenOrders opens an account of Sandbox Orders; it makes no call.
func OpenOrders(a connector.Account) (connector.Driver, error) { return open(a, Orders()) }

// OpenDirectory opens an account of Sandbox Directory; it makes no call.
func OpenDirectory(a connector.Account) (connector.Driver, error) { return open(a, Directory()) }

func open(a connector.Account, m connector.Manifest) (connector.Driver, error) {
	client, err := rest.New(a, "http://127.0.0.1:9103")
	if err != nil {
		return nil, err
	}
	return &Driver{manifest: m, rest: client}, nil
}

// Describe implements connector.Driver.
func (d *Driver) Describe() connector.Manifest { return d.manifest }

// Kind implements connector.Driver.
func (d *Driver) Kind(err error) fault.Kind { return fault.KindOf(err) }

// path is the address of an object's records, or of one of them.
func (d *Driver) path(object deal.Object, tail ...string) (string, error) {
	if !d.manifest.Shares(object) {
		return "", fault.New(fault.Invalid, "object_not_shared", "%s has no %s records", d.manifest.Title, object)
	}
	path := "/v1/" + plurals[object]
	for _, part := range tail {
		path += "/" + url.PathEscape(part)
	}
	return path, nil
}

// Provision implements connector.Driver: every record has room for our key.
func (d *Driver) Provision(_ context.Context, object deal.Object) error {
	_, err := d.path(object)
	return err
}

// Read implements connector.Driver.
func (d *Driver) Read(ctx context.Context, object deal.Object, ids []string) ([]connector.Record, error) {
	page, err := d.list(ctx, object, "read", url.Values{"ids": {strings.Join(ids, ",")}})
	return recordsOf(page.Items), err
}

// Scan implements connector.Driver: records by time of change, deleted ones too.
// One that changes meanwhile comes again at the end.
func (d *Driver) Scan(ctx context.Context, req connector.ScanRequest) (connector.Page, error) {
	query := url.Values{"deleted": {"true"}, "limit": {strconv.Itoa(maxPage)}}
	if req.Limit > 0 {
		query.Set("limit", strconv.Itoa(min(req.Limit, maxPage)))
	}
	switch {
	case req.Cursor != "":
		query.Set("cursor", req.Cursor)
	case !req.Since.IsZero():
		query.Set("updated_since", req.Since.UTC().Format(time.RFC3339Nano))
	}
	page, err := d.list(ctx, req.Object, "scan", query)
	if err != nil {
		return connector.Page{}, err
	}
	out := connector.Page{Records: recordsOf(page.Items), Next: page.Next, Horizon: page.AsOf.Add(-overlap)}
	if req.Since.IsZero() {
		out.Total = page.Total
	} else if out.Horizon.Before(req.Since) {
		out.Horizon = req.Since
	}
	return out, nil
}

// FindCreated implements connector.Driver.
func (d *Driver) FindCreated(ctx context.Context, object deal.Object, keys []string, _ time.Time) (map[string]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	query := url.Values{"external_key": {strings.Join(keys, ",")}, "deleted": {"true"}, "limit": {strconv.Itoa(maxPage)}}
	found := map[string]string{}
	for {
		page, err := d.list(ctx, object, "find_created", query)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			found[r.Key] = r.ID
		}
		if page.Next == "" {
			return found, nil
		}
		query.Set("cursor", page.Next)
	}
}

// list is one page of a list.
type list struct {
	Items []record  `json:"items"`
	Next  string    `json:"next"`
	AsOf  time.Time `json:"as_of"`
	Total int       `json:"total"`
}

func (d *Driver) list(ctx context.Context, object deal.Object, op string, query url.Values) (list, error) {
	path, err := d.path(object)
	if err != nil {
		return list{}, err
	}
	page, _, err := call[list](ctx, d, rest.Request{Call: connector.Call{Op: plurals[object] + "." + op}, Method: "GET", Path: path, Query: query}, nil)
	if err != nil {
		return list{}, fmt.Errorf("list %s: %w", plurals[object], err)
	}
	return page, nil
}
