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
	e, err := d.entity(object)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	s, err := d.knownShape(ctx, e)
	if err != nil {
		return nil, err
	}
	var found []apiRecord
	if len(ids) == 1 {
		found, err = d.one(ctx, e.kind, ids[0])
	} else {
		found, err = d.byID(ctx, e.kind, ids, false)
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
	deleted, err := d.deleted(ctx, e.kind, missing, len(ids) > 1)
	if err != nil {
		return nil, err
	}
	return append(records, recordsOf(s, deleted, e.listsDeleted)...), nil
}

// deleted looks for what a list has left out. Only deals can be listed when they
// are deleted; others are asked for one by one, once.
func (d *Driver) deleted(ctx context.Context, k *kind, ids []string, unasked bool) (found []apiRecord, err error) {
	if k.listsDeleted {
		return d.byID(ctx, k, ids, true)
	}
	for i := 0; unasked && i < len(ids); i++ {
		one, err := d.one(ctx, k, ids[i])
		if err != nil {
			return nil, err
		}
		found = append(found, one...)
	}
	return found, nil
}

func recordsOf(s *shape, raw []apiRecord, deleted bool) []connector.Record {
	records := make([]connector.Record, len(raw))
	for i := range raw {
		records[i] = raw[i].record(s)
		records[i].Deleted = records[i].Deleted || deleted
	}
	return records
}

func (d *Driver) one(ctx context.Context, k *kind, id string) ([]apiRecord, error) {
	if !numeric(id) {
		return nil, nil
	}
	record, err := d.get(ctx, k, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []apiRecord{record}, nil
}

func (d *Driver) byID(ctx context.Context, k *kind, ids []string, deleted bool) ([]apiRecord, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !numeric(id) })
	if len(ids) == 0 {
		return nil, nil
	}
	op, query := k.plural+".list_ids", url.Values{"ids": {strings.Join(ids, ",")}, "limit": {"500"}}
	if deleted {
		op += "_deleted"
		query.Set("status", "deleted")
	}
	answer, err := call[[]apiRecord](ctx, d, get(op, costList, k.path(), query), nil)
	return answer.Data, err
}

// numeric keeps what can't be an id out of a call that it would make fail.
func numeric(id string) bool {
	return id != "" && strings.Trim(id, "0123456789") == "" && len(id) < 19
}
