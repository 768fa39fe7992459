package ledger

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/fault"
)

// loadTimeout bounds a read that several callers share, whose own contexts
// therefore cannot end it.
const loadTimeout = 5 * time.Second

// Bucket holds the documents of one kind. It is safe for concurrent use.
type Bucket[T proto.Message] struct {
	name   string
	shards []jetstream.KeyValue
	// The cache holds encoded documents: a seventh of the memory, and nothing in
	// them for the garbage collector to follow.
	cache *cache[[]byte]
	loads singleflight.Group
}

// Entry is a document and the revision to change it by.
type Entry[T any] struct {
	// Doc may be shared with other readers: never modify it; clone it.
	Doc      T
	Revision uint64
	// Cached: the document was read before the call, so another process may
	// have changed it since. Storing it is safe (the revision tells), but before
	// deciding to do nothing take a Fresh one.
	Cached bool
}

// Get reads a document, from the cache when it is there. A document that
// another process has changed may be stale until a Put of it fails or Fresh is
// called. A missing one is fault.NotFound, and not remembered as missing.
// Concurrent reads of one key make one request.
func (b *Bucket[T]) Get(ctx context.Context, key Key) (Entry[T], error) {
	if e, ok := b.cached(key); ok {
		return e, nil
	}
	loaded := b.loads.DoChan(string(key), func() (any, error) {
		if e, ok := b.cached(key); ok { // another read has just ended
			return e, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return b.Fresh(ctx, key)
	})
	select {
	case r := <-loaded:
		e, _ := r.Val.(Entry[T])
		e.Cached = e.Cached || r.Shared // perhaps begun before this call
		return e, r.Err
	case <-ctx.Done():
		return Entry[T]{}, b.failed("read", key, ctx.Err())
	}
}

func (b *Bucket[T]) cached(key Key) (Entry[T], bool) {
	held, ok := b.cache.get(key)
	if !ok {
		return Entry[T]{}, false
	}
	e, err := b.decode(key, held)
	e.Cached = true
	return e, err == nil // else the server's copy is asked, and tells
}

// Fresh reads a document past the cache, and leaves it there. A missing one is
// fault.NotFound.
func (b *Bucket[T]) Fresh(ctx context.Context, key Key) (Entry[T], error) {
	seen := b.cache.mark(key)
	raw, err := b.shard(key).Get(ctx, string(key))
	if err != nil {
		err = b.failed("read", key, err)
		if fault.Is(err, fault.NotFound) {
			b.cache.drop(key)
		}
		return Entry[T]{}, err
	}
	read := Entry[[]byte]{Doc: raw.Value(), Revision: raw.Revision()}
	e, err := b.decode(key, read)
	if err == nil {
		b.cache.load(key, read, seen)
	}
	return e, err
}

// read asks the server and leaves the cache alone.
func (b *Bucket[T]) read(ctx context.Context, key Key) (Entry[T], error) {
	raw, err := b.shard(key).Get(ctx, string(key))
	if err != nil {
		return Entry[T]{}, b.failed("read", key, err)
	}
	return b.decode(key, Entry[[]byte]{Doc: raw.Value(), Revision: raw.Revision()})
}

// Put stores doc if the document's revision still is revision, 0 meaning that
// there is none, and answers the new revision. Otherwise the error is
// fault.Conflict. After fault.Transient the document may or may not be stored.
func (b *Bucket[T]) Put(ctx context.Context, key Key, doc T, revision uint64) (uint64, error) {
	data, err := proto.Marshal(doc)
	if err != nil {
		return 0, fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode %s %s: %w", b.name, key, err))
	}
	kv := b.shard(key)
	var stored uint64
	if revision == 0 {
		stored, err = kv.Create(ctx, string(key), data)
	} else {
		stored, err = kv.Update(ctx, string(key), data, revision)
	}
	// A read that began before this write must not answer those that come after.
	b.loads.Forget(string(key))
	if err != nil {
		b.cache.drop(key)
		return 0, b.failed("store", key, err)
	}
	b.cache.store(key, Entry[[]byte]{Doc: data, Revision: stored})
	return stored, nil
}

// Delete removes the document if its revision still is revision; 0 removes
// whatever is there. Otherwise the error is fault.Conflict.
func (b *Bucket[T]) Delete(ctx context.Context, key Key, revision uint64) error {
	opts := []jetstream.KVDeleteOpt{jetstream.PurgeTTL(markerTTL)}
	if revision != 0 {
		opts = append(opts, jetstream.LastRevision(revision))
	}
	err := b.shard(key).Purge(ctx, string(key), opts...)
	b.loads.Forget(string(key))
	b.cache.drop(key)
	if err != nil {
		return b.failed("delete", key, err)
	}
	return nil
}

func (b *Bucket[T]) shard(key Key) jetstream.KeyValue {
	if len(b.shards) == 1 {
		return b.shards[0]
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return b.shards[h.Sum32()%uint32(len(b.shards))] //nolint:gosec // at most 64 shards
}

func (b *Bucket[T]) decode(key Key, raw Entry[[]byte]) (Entry[T], error) {
	doc := b.empty()
	if err := proto.Unmarshal(raw.Doc, doc); err != nil {
		return Entry[T]{}, fault.Wrap(fault.Bug, CodeCorrupt, fmt.Errorf("decode %s %s: %w", b.name, key, err))
	}
	return Entry[T]{Doc: doc, Revision: raw.Revision}, nil
}

func (b *Bucket[T]) empty() T {
	var none T
	return none.ProtoReflect().Type().New().Interface().(T) //nolint:errcheck // a message's own type
}
