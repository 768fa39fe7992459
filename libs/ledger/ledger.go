// Package ledger is what Dealsync knows about records and pairs: one document
// per key in JetStream KV, changed by compare-and-swap only. A document that
// is stored survives what the bus survives (see bus.Durability).
//
// It never decides what a document means, never holds a lock across I/O, and
// never hides a lost race: the loser gets fault.Conflict and looks again.
package ledger

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Ledger is all buckets. Each process has its own, with its own caches.
type Ledger struct {
	// Records are the copies of records: key [RecordKey].
	Records *Bucket[*ledgerv1.Record]
	// Links say to which pair a record belongs under a sync: key [LinkKey].
	Links *Bucket[*ledgerv1.Link]
	// Pairs are the pairs: key [PairKey].
	Pairs *Bucket[*ledgerv1.Pair]
	// Creates are the writer's intents to create a record: key [CreateKey].
	Creates *Bucket[*ledgerv1.Create]
	// Cursors are positions of polls and backfills: key [CursorKey].
	Cursors *Bucket[*ledgerv1.Cursor]
	// Groups are records that a match rule brings together: key [GroupKey].
	Groups *Bucket[*ledgerv1.Group]
	// Grouped says in which groups a record is listed: key [GroupedKey].
	Grouped *Bucket[*ledgerv1.Grouped]
	// Waiting lists the records that wait to be associated with one that has no
	// counterpart yet: key [WaitingKey].
	Waiting *Bucket[*ledgerv1.Waiting]
}

// Config of the ledger. The zero value is sound for one embedded server.
type Config struct {
	// Replicas is how many servers hold each document; zero means 1.
	Replicas int `yaml:"replicas" desc:"Servers that hold each document: 1, or 3 in a cluster."`
	// Shards spreads records, links and pairs over as many buckets each, for
	// installations above a million of them. It is fixed by the first start;
	// zero takes what there is, else 1.
	Shards int `yaml:"shards" desc:"Buckets for records, links and pairs each, 1 to 64; fixed by the first start."`
	// Cache sizes the read-through caches.
	Cache CacheConfig `yaml:"cache"`
}

// CacheConfig is how many documents of each kind a process keeps at hand. Zero
// is the default, a negative number keeps none. A cached pair of ten fields
// takes about 1 KB of heap, a record 0.7 KB, a link 0.3 KB; all defaults together
// stay under 10 MB when full, whatever the number of pairs.
type CacheConfig struct {
	Records int `yaml:"records" desc:"Record copies to keep in memory."`
	Links   int `yaml:"links" desc:"Links to keep in memory."`
	Pairs   int `yaml:"pairs" desc:"Pairs to keep in memory."`
	Creates int `yaml:"creates" desc:"Creates to keep in memory."`
	Cursors int `yaml:"cursors" desc:"Cursors to keep in memory."`
	Groups  int `yaml:"groups" desc:"Match groups to keep in memory, and as many lists of them."`
	Waiting int `yaml:"waiting" desc:"Lists of waiting associations to keep in memory."`
}

// The one table of buckets.
var (
	records = layout{name: "records", about: "Copies of records.", sharded: true, cache: 3072}
	links   = layout{name: "links", about: "Which pair a record belongs to.", sharded: true, cache: 6144}
	pairs   = layout{name: "pairs", about: "Pairs of records.", sharded: true, cache: 3072}
	creates = layout{name: "creates", about: "Intents to create a record.", cache: 1024}
	cursors = layout{name: "cursors", about: "Positions of polls and backfills.", cache: 256}
	groups  = layout{name: "groups", about: "Records that a match rule brings together.", sharded: true, cache: 1024}
	grouped = layout{name: "grouped", about: "Match groups that a record is listed in.", sharded: true, cache: 1024}
	waiting = layout{name: "waiting", about: "Records that wait to be associated.", sharded: true, cache: 1024}
)

// Open makes sure that the buckets exist and opens them. Repeating it changes
// nothing. A Shards that differs from the stored one is fault.Invalid.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Ledger, error) {
	var l Ledger
	var err error
	if l.Records, err = openBucket[*ledgerv1.Record](ctx, js, records, cfg, cfg.Cache.Records); err != nil {
		return nil, err
	}
	if l.Links, err = openBucket[*ledgerv1.Link](ctx, js, links, cfg, cfg.Cache.Links); err != nil {
		return nil, err
	}
	if l.Pairs, err = openBucket[*ledgerv1.Pair](ctx, js, pairs, cfg, cfg.Cache.Pairs); err != nil {
		return nil, err
	}
	if l.Creates, err = openBucket[*ledgerv1.Create](ctx, js, creates, cfg, cfg.Cache.Creates); err != nil {
		return nil, err
	}
	if l.Cursors, err = openBucket[*ledgerv1.Cursor](ctx, js, cursors, cfg, cfg.Cache.Cursors); err != nil {
		return nil, err
	}
	if l.Groups, err = openBucket[*ledgerv1.Group](ctx, js, groups, cfg, cfg.Cache.Groups); err != nil {
		return nil, err
	}
	if l.Grouped, err = openBucket[*ledgerv1.Grouped](ctx, js, grouped, cfg, cfg.Cache.Groups); err != nil {
		return nil, err
	}
	if l.Waiting, err = openBucket[*ledgerv1.Waiting](ctx, js, waiting, cfg, cfg.Cache.Waiting); err != nil {
		return nil, err
	}
	return &l, nil
}
