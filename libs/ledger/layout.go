package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/fault"
)

// layout is how one kind of document is kept.
type layout struct {
	name, about string
	sharded     bool
	cache       int // default number of cached documents
}

const (
	// metaShards in a bucket's metadata is the number of shards it is one of.
	metaShards = "dealsync.shards"
	maxShards  = 64
	// markerTTL is how long the marker of a deleted document is kept, so that
	// deletes leave nothing behind for good.
	markerTTL = time.Hour
)

func (l layout) bucket(shard int) string { return fmt.Sprintf("dealsync_%s_%02d", l.name, shard) }

// stream is the stream under a KV bucket. We own its configuration because the
// KV client offers no way to turn direct reads off: in a cluster any replica
// would answer them, and a read after a write could be stale.
func (l layout) stream(shard, shards int, cfg Config) jetstream.StreamConfig {
	bucket := l.bucket(shard)
	return jetstream.StreamConfig{
		Name: "KV_" + bucket, Description: l.about, Subjects: []string{"$KV." + bucket + ".>"},
		Storage: jetstream.FileStorage, Replicas: max(1, cfg.Replicas), MaxMsgsPerSubject: 1,
		MaxBytes: -1, MaxMsgs: -1, MaxConsumers: -1, MaxMsgSize: -1,
		Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true,
		AllowDirect: cfg.Replicas <= 1, AllowMsgTTL: true, Duplicates: 2 * time.Minute,
		Metadata: map[string]string{metaShards: strconv.Itoa(shards)},
	}
}

func openBucket[T proto.Message](ctx context.Context, js jetstream.JetStream, l layout, cfg Config, cached int) (*Bucket[T], error) {
	shards, err := l.shards(ctx, js, cfg)
	if err != nil {
		return nil, err
	}
	if cached == 0 {
		cached = l.cache
	}
	b := &Bucket[T]{name: l.name, cache: newCache[[]byte](cached)}
	for i := range shards {
		if _, err := js.CreateOrUpdateStream(ctx, l.stream(i, shards, cfg)); err != nil {
			return nil, fmt.Errorf("set up bucket %s: %w", l.bucket(i), classify(err))
		}
		kv, err := js.KeyValue(ctx, l.bucket(i))
		if err != nil {
			return nil, fmt.Errorf("open bucket %s: %w", l.bucket(i), classify(err))
		}
		b.shards = append(b.shards, kv)
	}
	return b, nil
}

// shards is how many buckets the documents are spread over.
func (l layout) shards(ctx context.Context, js jetstream.JetStream, cfg Config) (int, error) {
	if cfg.Shards < 0 || cfg.Shards > maxShards {
		return 0, fault.New(fault.Invalid, "bad_shards", "ledger shards %d: want 1 to %d", cfg.Shards, maxShards)
	}
	if !l.sharded {
		return 1, nil
	}
	st, err := js.Stream(ctx, "KV_"+l.bucket(0))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return max(1, cfg.Shards), nil
	}
	if err != nil {
		return 0, fmt.Errorf("look at bucket %s: %w", l.bucket(0), classify(err))
	}
	stored, err := strconv.Atoi(st.CachedInfo().Config.Metadata[metaShards])
	if err != nil {
		return 0, fmt.Errorf("bucket %s: metadata %s: %w", l.bucket(0), metaShards, err)
	}
	if cfg.Shards != 0 && cfg.Shards != stored {
		return 0, fault.New(fault.Invalid, "shards_changed",
			"ledger shards %d: %s are stored in %d; documents would not be found", cfg.Shards, l.name, stored)
	}
	return stored, nil
}
