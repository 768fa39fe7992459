package connector

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Write applies writes of any number and kind and answers one result for each,
// in order. It splits them into the batches that the app takes. Every failure,
// of one record or of a whole call, is in the results: a record never fails its
// neighbours.
func (c *Connector) Write(ctx context.Context, object deal.Object, writes []Write) []Result {
	results := make([]Result, len(writes))
	schema, err := c.Schema(ctx, object)
	if err != nil {
		for i := range results {
			results[i].Err = err
		}
		return results
	}
	batches := c.batches(writes)
	if len(batches) == 1 {
		c.writeBatch(ctx, object, writes, batches[0], results)
	} else {
		c.writeBatches(ctx, object, writes, batches, results)
	}
	for i := range results {
		c.canonical(ctx, schema, results[i].Fields)
	}
	return results
}

// batches are indexes of writes of one kind, each as long as the app allows.
func (c *Connector) batches(writes []Write) [][]int {
	var creates, updates []int
	for i := range writes {
		if writes[i].ID == "" {
			creates = append(creates, i)
		} else {
			updates = append(updates, i)
		}
	}
	var all [][]int
	for _, kind := range [][]int{creates, updates} {
		for part := range chunks(kind, c.manifest.WriteBatch) {
			all = append(all, part)
		}
	}
	return all
}

func (c *Connector) writeBatches(ctx context.Context, object deal.Object, writes []Write, batches [][]int, results []Result) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, c.manifest.Parallel))
	for _, batch := range batches {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			c.writeBatch(ctx, object, writes, batch, results)
		})
	}
	wg.Wait()
}

// writeBatch writes one batch and repeats, a few times, what failed quickly and
// is safe to repeat.
func (c *Connector) writeBatch(ctx context.Context, object deal.Object, writes []Write, batch []int, results []Result) {
	// One live record is enough: it must not wait behind a backfill.
	if !slices.ContainsFunc(batch, func(i int) bool { return !writes[i].Bulk }) {
		ctx = WithBulk(ctx)
	}
	create := writes[batch[0]].ID == ""
	for try := 1; len(batch) > 0; try++ {
		part := make([]Write, len(batch))
		for n, i := range batch {
			part[n] = writes[i]
		}
		got, err := c.driver.Write(ctx, object, part)
		if err == nil && len(got) != len(part) {
			err = fault.New(fault.Bug, "result_count", "%d results for %d writes", len(got), len(part))
		}
		var again []int
		var worst error
		for n, i := range batch {
			if err != nil {
				results[i] = Result{ID: writes[i].ID, Err: err}
			} else {
				results[i] = got[n]
			}
			failed := results[i].Err
			if failed == nil {
				continue
			}
			results[i].Err = fmt.Errorf("write %s of %s: %w", object, c.options.Name, failed)
			if c.repeatable(failed, create) {
				again = append(again, i)
				worst = later(worst, failed)
			}
		}
		if worst == nil || !c.pauseFor(ctx, "write", worst, try) {
			return
		}
		batch = again
	}
}

// repeatable: updates say the same when said twice; a create only where the app
// itself knows it by key, or when it surely was not done.
func (c *Connector) repeatable(err error, create bool) bool {
	switch fault.KindOf(err) {
	case fault.RateLimited:
		return true
	case fault.Transient:
		return !create || c.manifest.UniqueKey
	default:
		return false
	}
}

func later(a, b error) error {
	if a == nil || fault.RetryAfter(b) > fault.RetryAfter(a) {
		return b
	}
	return a
}

// chunks cuts all into parts of at most size; size 0 cuts nothing.
func chunks[T any](all []T, size int) iter.Seq[[]T] {
	if size <= 0 {
		size = max(1, len(all))
	}
	return slices.Chunk(all, size)
}
