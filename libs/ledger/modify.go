package ledger

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/fault"
)

// modifyTries bounds the races one Modify may lose. Somebody else got forward
// in each of them.
const modifyTries = 32

// Modify changes a document by compare-and-swap. fn gets a private copy, or an
// empty document when exists is false, and may change and return it. fn must
// have no effects of its own: it is called again after every lost race, and
// once more on a fresh copy before nothing is done or its error is returned,
// so that neither is ever decided on a stale one. The result is what is stored
// now; its revision is 0 when there still is no document.
func (b *Bucket[T]) Modify(ctx context.Context, key Key, fn func(doc T, exists bool) (next T, changed bool, err error)) (Entry[T], error) {
	e, err := b.Get(ctx, key)
	for range modifyTries {
		if fault.Is(err, fault.NotFound) {
			e = Entry[T]{Doc: b.empty(), Cached: e.Cached}
		} else if err != nil {
			return Entry[T]{}, err
		}
		next, changed, err2 := fn(proto.CloneOf(e.Doc), e.Revision != 0)
		if err2 == nil && changed {
			var revision uint64
			revision, err = b.Put(ctx, key, next, e.Revision)
			if err == nil {
				return Entry[T]{Doc: next, Revision: revision}, nil
			}
			if !fault.Is(err, fault.Conflict) {
				return Entry[T]{}, err
			}
		} else if !e.Cached {
			if err2 != nil {
				return Entry[T]{}, err2
			}
			return e, nil
		}
		e, err = b.Fresh(ctx, key)
	}
	return Entry[T]{}, fault.New(fault.Conflict, CodeConflict, "modify %s %s: lost %d races", b.name, key, modifyTries)
}
