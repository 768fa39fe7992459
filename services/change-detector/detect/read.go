package detect

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/batch"
	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// readers gather the reads of many notices into few calls, one gatherer for
// each object of a connection and lane.
type readers struct {
	apps Apps

	mu   sync.Mutex
	held map[readerKey]*reader
}

type readerKey struct {
	workspace, connection string
	object                deal.Object
	bulk                  bool
}

// reader answers nil for a record that does not exist.
type reader = batch.Batcher[string, *connector.Record]

// of is the gatherer for a record's connection.
func (r *readers) of(app App, at place) *reader {
	k := readerKey{at.workspace, at.connection, at.object, at.lane == bus.Bulk}
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.held[k]; b != nil {
		return b
	}
	if r.held == nil {
		r.held = map[readerKey]*reader{}
	}
	m := app.Manifest()
	b := batch.New(m.ReadBatch, 2, func(ctx context.Context, ids []string) ([]*connector.Record, []error) {
		return r.read(ctx, k, ids)
	}).Pace(pace(&m, at.object))
	r.held[k] = b
	return b
}

// pace is how far apart reads go out under heavy load: as far as the app's
// declared limit asks for in the long run. What we associate ourselves comes back
// as events without values, by the hundred in a backfill, and reading that one by
// one would take the calls that live edits need. Associations that are many are
// read by a call of their own each.
func pace(m *connector.Manifest, object deal.Object) time.Duration {
	if m.ReadBatch <= 1 || m.Budget.Calls <= 0 {
		return 0
	}
	calls := 1
	for _, a := range m.Associations {
		if a.From == object && a.Many {
			calls++
		}
	}
	return time.Duration(calls) * m.Budget.Per / time.Duration(m.Budget.Calls)
}

func (r *readers) read(ctx context.Context, k readerKey, ids []string) ([]*connector.Record, []error) {
	app, err := r.apps.Get(ctx, k.workspace, k.connection)
	if err != nil {
		return batch.Fail[*connector.Record](len(ids), err)
	}
	if k.bulk {
		ctx = connector.WithBulk(ctx)
	}
	unique := slices.Compact(slices.Sorted(slices.Values(ids)))
	records, err := app.Read(ctx, k.object, unique)
	if err != nil {
		return batch.Fail[*connector.Record](len(ids), err)
	}
	found := make(map[string]*connector.Record, len(records))
	for i := range records {
		found[records[i].ID] = &records[i]
	}
	out := make([]*connector.Record, len(ids))
	for i, id := range ids {
		out[i] = found[id]
	}
	return out, nil
}
