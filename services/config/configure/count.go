package configure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/resolve"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

const (
	maxExamples = 20
	// maxCounted bounds how many records are read to be counted here, and
	// countPage how many at a time.
	maxCounted = 10_000
	countPage  = 500
	// countTimeout bounds the whole; what was counted by then is told.
	countTimeout = 20 * time.Second
)

// CountRecords counts the records that meet a filter, with examples (R11). The
// app counts where it can search by the conditions; else pages are read and
// filtered here, up to a bound.
func (s *Service) CountRecords(ctx context.Context, req *configv1.CountRecordsRequest) (*configv1.CountRecordsResponse, error) {
	if req.GetExamples() < 0 {
		return nil, rpcError(invalid("%d examples are less than 0", req.GetExamples()))
	}
	known, err := s.connect(req.GetWorkspace(), req.GetConnection())
	if err != nil {
		return nil, rpcError(err)
	}
	object, err := s.shared(known.app, req.GetObject())
	if err != nil {
		return nil, rpcError(err)
	}
	schema, err := readSchema(ctx, known.Schema, object)
	if err != nil {
		return nil, rpcError(err)
	}
	group, err := termOf(req.GetFilter(), object, known.manifest.Title, schema)
	if err != nil {
		return nil, rpcError(err)
	}
	c := &counter{object: object, examples: min(int(req.GetExamples()), maxExamples), now: time.Now().In(zoneOf(schema)), shown: s.shownFields(known.app, object)}
	c.want(group)
	if c.connector, err = s.reopen(req.GetWorkspace(), req.GetConnection(), slices.Sorted(maps.Keys(c.shown))); err != nil {
		return nil, rpcError(err)
	}
	resp, err := c.count(ctx, group)
	if err != nil {
		return nil, rpcError(err)
	}
	return resp, nil
}

// reopen opens a stored connection for reading records with these fields.
func (s *Service) reopen(workspace, name string, fields []string) (*connector.Connector, error) {
	c, err := s.connection(workspace, name)
	if err != nil {
		return nil, err
	}
	return s.openAccount(workspace, name, c, func(deal.Object) []string { return fields })
}

// termOf reads a filter as it was written.
func termOf(written string, object deal.Object, title string, schema *connector.Schema) (filter.Group, error) {
	doc, problems := document.ParseTerm([]byte(written))
	var group filter.Group
	if len(problems) == 0 {
		group, problems = resolve.Filter(doc, object, title, schema)
	}
	if len(problems) == 0 {
		return group, nil
	}
	var told []string
	for _, p := range problems {
		told = append(told, p.Message)
	}
	return filter.Group{}, fault.New(fault.Invalid, problems[0].Code, "%s", strings.Join(told, "; "))
}

func zoneOf(schema *connector.Schema) *time.Location {
	if zone, err := time.LoadLocation(schema.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// shownFields are the fields that examples show besides those of the filter:
// the ones that are mapped by default.
func (s *Service) shownFields(app string, object deal.Object) map[string]bool {
	shown := map[string]bool{}
	for name, m := range s.manifests {
		shared := m.Object(object)
		if shared == nil || (app != hubspotApp && name != app) {
			continue
		}
		for _, f := range shared.Fields {
			if app == hubspotApp {
				shown[f.HubSpot] = true
			} else {
				shown[f.App] = true
			}
		}
	}
	return shown
}

// counter counts the records of one account.
type counter struct {
	connector *connector.Connector
	object    deal.Object
	examples  int
	now       time.Time
	shown     map[string]bool
}

func (c *counter) want(g filter.Group) {
	for _, condition := range g.Conditions {
		c.shown[condition.Field] = true
	}
	for _, sub := range g.Groups {
		c.want(sub)
	}
}

func (c *counter) count(ctx context.Context, group filter.Group) (*configv1.CountRecordsResponse, error) {
	found, total, err := c.connector.Search(connector.WithLane(ctx, connector.LanePeople), c.object, filter.At(group, c.now), c.examples)
	if err == nil {
		resp := &configv1.CountRecordsResponse{Count: int64(total), Exact: true}
		for i := range found {
			c.show(resp, &found[i])
		}
		return resp, nil
	}
	if fault.CodeOf(err) != connector.CodeUnsearchable {
		return nil, err
	}
	return c.read(ctx, group)
}

// read counts by reading. It ends with what it has when the bound or the time
// is reached.
func (c *counter) read(ctx context.Context, group filter.Group) (*configv1.CountRecordsResponse, error) {
	terms, err := filter.New(group)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(connector.WithBulk(ctx), countTimeout)
	defer cancel()
	resp := &configv1.CountRecordsResponse{}
	req := connector.ScanRequest{Object: c.object, Limit: countPage}
	for seen := 0; seen < maxCounted; {
		page, err := c.connector.Scan(within, req)
		switch {
		case err != nil && within.Err() != nil && ctx.Err() == nil && seen > 0:
			return resp, nil
		case err != nil:
			return nil, fmt.Errorf("count %s: %w", c.object.Plural(), err)
		}
		for i := range page.Records {
			if r := &page.Records[i]; !r.Deleted && r.MergedInto == "" && terms.Match(r.Fields, c.now) {
				resp.Count++
				c.show(resp, r)
			}
		}
		seen += len(page.Records)
		if req.Cursor = page.Next; page.Next == "" {
			resp.Exact = true
			break
		}
	}
	return resp, nil
}

func (c *counter) show(resp *configv1.CountRecordsResponse, r *connector.Record) {
	if len(resp.GetExamples()) >= c.examples {
		return
	}
	example := &configv1.ExampleRecord{Id: r.ID, Fields: map[string]string{}}
	for name := range c.shown {
		if v := r.Fields[name]; v != "" {
			example.Fields[name] = v
		}
	}
	resp.Examples = append(resp.Examples, example)
}
