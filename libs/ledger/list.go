package ledger

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/fault"
)

// Item is a document with its key.
type Item[T proto.Message] struct {
	Key Key
	Entry[T]
}

// List reads at most limit documents in the order of their keys, beginning
// behind after. prefix is whole tokens of a key (see [Prefix]); "" is all.
//
// It is for people, never for the work itself: each call looks at all keys of
// the bucket (about 0.1 s and 10 MB for 100,000; ten times that for a million)
// and then reads one document after the other.
func (b *Bucket[T]) List(ctx context.Context, prefix, after Key, limit int) ([]Item[T], error) {
	var keys []Key
	err := b.watch(ctx, prefix, func(raw jetstream.KeyValueEntry) error {
		if k := Key(raw.Key()); k > after {
			keys = append(keys, k)
		}
		return nil
	}, jetstream.MetaOnly())
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	items := make([]Item[T], 0, min(max(limit, 0), len(keys)))
	for _, key := range keys {
		if len(items) >= limit {
			break
		}
		e, err := b.read(ctx, key)
		if fault.Is(err, fault.NotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		items = append(items, Item[T]{key, e})
	}
	return items, nil
}

// Each calls fn for every document under prefix, in no order, until fn returns
// an error, which Each returns. Documents stored meanwhile may be left out.
// It is for people and repairs: it moves the whole bucket over the wire (about
// 0.4 s for 100,000 small documents). Give ctx a deadline: a server that goes
// away in the middle is otherwise waited for.
func (b *Bucket[T]) Each(ctx context.Context, prefix Key, fn func(Item[T]) error) error {
	return b.watch(ctx, prefix, func(raw jetstream.KeyValueEntry) error {
		e, err := b.decode(Key(raw.Key()), Entry[[]byte]{Doc: raw.Value(), Revision: raw.Revision()})
		if err != nil {
			return err
		}
		return fn(Item[T]{Key(raw.Key()), e})
	})
}

// watch calls fn for what is stored under prefix now, shard by shard.
func (b *Bucket[T]) watch(ctx context.Context, prefix Key, fn func(jetstream.KeyValueEntry) error, opts ...jetstream.WatchOpt) error {
	filter := ">"
	if prefix != "" {
		filter = string(prefix) + ".>"
	}
	for _, kv := range b.shards {
		if err := b.watchShard(ctx, kv, filter, fn, opts); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bucket[T]) watchShard(ctx context.Context, kv jetstream.KeyValue, filter string, fn func(jetstream.KeyValueEntry) error, opts []jetstream.WatchOpt) error {
	w, err := kv.Watch(ctx, filter, append(opts[:len(opts):len(opts)], jetstream.IgnoreDeletes())...)
	if err != nil {
		return b.failed("list", Key(filter), err)
	}
	defer func() {
		_ = w.Stop()
		// The client blocks until what it has at hand is taken.
		go func() {
			for range w.Updates() { //nolint:revive // draining
			}
		}()
	}()
	for {
		select {
		case raw, ok := <-w.Updates():
			if !ok {
				return b.failed("list", Key(filter), context.Cause(ctx))
			}
			if raw == nil { // all that was stored has come
				return nil
			}
			if err := fn(raw); err != nil {
				return err
			}
		case <-ctx.Done():
			return b.failed("list", Key(filter), ctx.Err())
		}
	}
}
