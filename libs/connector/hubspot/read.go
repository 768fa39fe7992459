package hubspot

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

type inputID struct {
	ID string `json:"id"`
}

type batchRead struct {
	Inputs     []inputID `json:"inputs"`
	Properties []string  `json:"properties"`
	History    []string  `json:"propertiesWithHistory,omitempty"`
	IDProperty string    `json:"idProperty,omitempty"`
}

type batchAnswer struct {
	Results []object   `json:"results"`
	Errors  []apiError `json:"errors"`
}

// Read implements connector.Driver: one batch read with the history of every
// property, which gives the edit times; a second one among the archived when
// some are missing.
func (d *Driver) Read(ctx context.Context, object deal.Object, ids []string) ([]connector.Record, error) {
	if err := supported(object); err != nil || len(ids) == 0 {
		return nil, err
	}
	names := d.wanted()
	found, err := d.batchRead(ctx, ids, batchRead{Properties: append(names, propModified, propMerged), History: names}, false)
	if err != nil {
		return nil, err
	}
	records, absorbed := settleReads(ids, found)
	var missing []string
	for _, id := range ids {
		if _, ok := absorbed[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return records, nil
	}
	archived, err := d.batchRead(ctx, missing, batchRead{Properties: append(names, propModified)}, true)
	if err != nil {
		return nil, err
	}
	for i := range archived {
		r := archived[i].record()
		r.Deleted = true
		records = append(records, r)
		absorbed[r.ID] = true
	}
	for _, id := range missing {
		if absorbed[id] {
			continue
		}
		gone, err := d.mergedAway(ctx, id)
		if err != nil {
			return nil, err
		}
		records = append(records, gone...)
	}
	return records, nil
}

// mergedAway asks for one record by an id that batches do not know: the answer
// of a merged deal has the survivor's id.
func (d *Driver) mergedAway(ctx context.Context, id string) ([]connector.Record, error) {
	var o object
	err := d.call(ctx, "deals.get", http.MethodGet, d.paths.deals+"/"+url.PathEscape(id), url.Values{"properties": {propModified}}, nil, &o)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if o.ID == id || o.ID == "" {
		return nil, nil // created between two calls; the next read has it
	}
	return []connector.Record{{ID: id, Deleted: true, MergedInto: o.ID, Modified: o.modified()}}, nil
}

// settleReads turns objects into records. An id that was merged away is answered
// by the survivor, under the survivor's id (object definition, merges).
func settleReads(ids []string, found []object) (records []connector.Record, settled map[string]bool) {
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	settled = make(map[string]bool, len(ids))
	for i := range found {
		o := &found[i]
		for old := range strings.SplitSeq(o.Properties[propMerged], ";") {
			if asked[old] && old != o.ID {
				records = append(records, connector.Record{ID: old, Deleted: true, MergedInto: o.ID, Modified: o.modified()})
				settled[old] = true
			}
		}
		settled[o.ID] = true
		records = append(records, o.record())
	}
	return records, settled
}

func (d *Driver) batchRead(ctx context.Context, ids []string, body batchRead, archived bool) ([]object, error) {
	path, op := d.paths.deals+"/batch/read", "deals.batch_read"
	var query url.Values
	if archived {
		query, op = url.Values{"archived": {"true"}}, "deals.batch_read_archived"
	}
	body.Inputs = make([]inputID, len(ids))
	for i, id := range ids {
		body.Inputs[i].ID = id
	}
	var answer batchAnswer
	err := d.call(ctx, op, http.MethodPost, path, query, body, &answer)
	if fault.Is(err, fault.NotFound) && len(ids) == 1 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range answer.Errors {
		if f := answer.Errors[i].fault(); f.Kind != fault.NotFound {
			return nil, fmt.Errorf("hubspot %s: %w", op, f)
		}
	}
	return answer.Results, nil
}

// FindCreated implements connector.Driver: a batch read by the unique property,
// which is never behind as a search is.
func (d *Driver) FindCreated(ctx context.Context, object deal.Object, keys []string, _ time.Time) (map[string]string, error) {
	if err := supported(object); err != nil || len(keys) == 0 {
		return nil, err
	}
	if err := d.Provision(ctx, object); err != nil {
		return nil, err
	}
	found := make(map[string]string, len(keys))
	for start := 0; start < len(keys); start += maxBatch {
		part := keys[start:min(start+maxBatch, len(keys))]
		for _, archived := range []bool{false, true} {
			if len(found) >= start+len(part) {
				break
			}
			objects, err := d.batchRead(ctx, part, batchRead{
				Properties: []string{deal.PairKeyField}, IDProperty: deal.PairKeyField,
			}, archived)
			if err != nil {
				return nil, err
			}
			for i := range objects {
				found[objects[i].Properties[deal.PairKeyField]] = objects[i].ID
			}
		}
	}
	return found, nil
}

// list reads one page of all deals, or of the archived ones, by id.
func (d *Driver) list(ctx context.Context, archived bool, after string, limit int) (objects []object, next string, err error) {
	query := url.Values{
		"limit":      {strconv.Itoa(limit)},
		"properties": {strings.Join(append(d.wanted(), propModified), ",")},
	}
	op := "deals.list"
	if archived {
		query.Set("archived", "true")
		op = "deals.list_archived"
	}
	if after != "" {
		query.Set("after", after)
	}
	var page struct {
		Results []object `json:"results"`
		Paging  paging   `json:"paging"`
	}
	if err := d.call(ctx, op, http.MethodGet, d.paths.deals, query, nil, &page); err != nil {
		return nil, "", err
	}
	return page.Results, page.Paging.Next.After, nil
}
