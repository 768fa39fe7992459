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
// some are missing; and one for each kind of associations that is wanted.
func (d *Driver) Read(ctx context.Context, object deal.Object, ids []string) ([]connector.Record, error) {
	s, err := d.shape(object)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	names := d.wanted(s)
	found, err := d.batchRead(ctx, s, ids, batchRead{Properties: append(names, s.modified, propMerged), History: names}, false)
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
	if len(missing) > 0 {
		gone, err := d.readGone(ctx, s, missing, names)
		if err != nil {
			return nil, err
		}
		records = append(records, gone...)
	}
	return records, d.readLinks(ctx, s, records)
}

// readGone looks for records that a batch read left out, among the archived and
// the merged.
func (d *Driver) readGone(ctx context.Context, s *shape, ids, names []string) ([]connector.Record, error) {
	archived, err := d.batchRead(ctx, s, ids, batchRead{Properties: append(names, s.modified)}, true)
	if err != nil {
		return nil, err
	}
	records := make([]connector.Record, 0, len(ids))
	settled := map[string]bool{}
	for i := range archived {
		r := archived[i].record()
		r.Deleted = true
		records = append(records, r)
		settled[r.ID] = true
	}
	for _, id := range ids {
		if settled[id] {
			continue
		}
		gone, err := d.mergedAway(ctx, s, id)
		if err != nil {
			return nil, err
		}
		records = append(records, gone...)
	}
	return records, nil
}

// mergedAway asks for one record by an id that batches do not know: the answer
// of a merged one has the survivor's id.
func (d *Driver) mergedAway(ctx context.Context, s *shape, id string) ([]connector.Record, error) {
	var o object
	path := d.paths.objects + s.plural + "/" + url.PathEscape(id)
	err := d.call(ctx, s.plural+".get", http.MethodGet, path, url.Values{"properties": {s.modified}}, nil, &o)
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
		for _, old := range o.absorbed() {
			if asked[old] {
				records = append(records, connector.Record{ID: old, Deleted: true, MergedInto: o.ID, Modified: o.modified()})
				settled[old] = true
			}
		}
		settled[o.ID] = true
		records = append(records, o.record())
	}
	return records, settled
}

func (d *Driver) batchRead(ctx context.Context, s *shape, ids []string, body batchRead, archived bool) ([]object, error) {
	path, op := d.paths.objects+s.plural+"/batch/read", s.plural+".batch_read"
	var query url.Values
	if archived {
		query, op = url.Values{"archived": {"true"}}, op+"_archived"
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
	s, err := d.shape(object)
	if err != nil || len(keys) == 0 {
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
			objects, err := d.batchRead(ctx, s, part, batchRead{
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

// list reads one page of all records, or of the archived ones, by id.
func (d *Driver) list(ctx context.Context, s *shape, archived bool, after string, limit int) (objects []object, next string, err error) {
	query := url.Values{
		"limit":      {strconv.Itoa(limit)},
		"properties": {strings.Join(append(d.wanted(s), s.modified, propMerged), ",")},
	}
	op := s.plural + ".list"
	if archived {
		query.Set("archived", "true")
		op += "_archived"
	}
	if after != "" {
		query.Set("after", after)
	}
	var page struct {
		Results []object `json:"results"`
		Paging  paging   `json:"paging"`
	}
	if err := d.call(ctx, op, http.MethodGet, d.paths.objects+s.plural, query, nil, &page); err != nil {
		return nil, "", err
	}
	return page.Results, page.Paging.Next.After, nil
}
