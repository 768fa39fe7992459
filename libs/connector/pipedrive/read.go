package pipedrive

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Read implements connector.Driver. One record costs a tenth of a list; more
// are cheaper as one. What neither shows is looked for among the deleted ones.
func (d *Driver) Read(ctx context.Context, object deal.Object, ids []string) ([]connector.Record, error) {
	if err := supported(object); err != nil || len(ids) == 0 {
		return nil, err
	}
	s, err := d.knownShape(ctx)
	if err != nil {
		return nil, err
	}
	var found []apiDeal
	if len(ids) == 1 {
		found, err = d.one(ctx, ids[0])
	} else {
		found, err = d.byID(ctx, "deals.list_ids", ids, "")
	}
	if err != nil {
		return nil, err
	}
	records := recordsOf(s, found, false)
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(records, func(r connector.Record) bool { return r.ID == id })
	})
	if len(missing) == 0 {
		return records, nil
	}
	deleted, err := d.byID(ctx, "deals.list_ids_deleted", missing, "deleted")
	if err != nil {
		return nil, err
	}
	return append(records, recordsOf(s, deleted, true)...), nil
}

func recordsOf(s *shape, deals []apiDeal, deleted bool) []connector.Record {
	records := make([]connector.Record, len(deals))
	for i := range deals {
		records[i] = deals[i].record(s)
		records[i].Deleted = records[i].Deleted || deleted
	}
	return records
}

func (d *Driver) one(ctx context.Context, id string) ([]apiDeal, error) {
	if !numeric(id) {
		return nil, nil
	}
	answer, err := call[apiDeal](ctx, d, get("deals.get", costGet, pathDeals+"/"+id, nil), nil)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []apiDeal{answer.Data}, nil
}

func (d *Driver) byID(ctx context.Context, op string, ids []string, status string) ([]apiDeal, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !numeric(id) })
	if len(ids) == 0 {
		return nil, nil
	}
	query := url.Values{"ids": {strings.Join(ids, ",")}, "limit": {"500"}}
	if status != "" {
		query.Set("status", status)
	}
	answer, err := call[[]apiDeal](ctx, d, get(op, costList, pathDeals, query), nil)
	return answer.Data, err
}

// numeric keeps what can't be an id out of a call that it would make fail.
func numeric(id string) bool {
	return id != "" && strings.Trim(id, "0123456789") == "" && len(id) < 19
}
