package propose

import (
	"context"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/settings"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// Bus is the part of the bus that the mapper uses.
type Bus interface {
	Consume(ctx context.Context, stage bus.Stage, h bus.Handler) error
	PublishAll(ctx context.Context, ms ...bus.Message) error
}

// Settings gives the configuration in force; it is at hand at any time.
type Settings interface {
	Snapshot() *settings.Snapshot
}

// Ledger is what the mapper knows records and pairs by. No call fails because
// nothing is there: the answer is "" or nil then.
type Ledger interface {
	Pairs
	Groups
	Associates
	// Copy is the copy of a record, as it is now.
	Copy(ctx context.Context, r Ref) (*ledgerv1.Record, error)
}

// Ref names a record.
type Ref struct{ Workspace, Connection, Object, Record string }

// Pairs reads what the ledger knows of pairs.
type Pairs interface {
	// Link is the pair of a record under a sync. It may come from a cache: it
	// hardly ever changes. That there is none may not.
	Link(ctx context.Context, r Ref, sync string) (pair string, err error)
	// LinkNow is the link as it is now.
	LinkNow(ctx context.Context, r Ref, sync string) (pair string, err error)
	// Pair is a pair's document, perhaps from a cache. A pair that has both its
	// records keeps them, so that much of it can be relied on.
	Pair(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error)
	// PairNow is a pair's document as it is now.
	PairNow(ctx context.Context, workspace, sync, pair string) (*ledgerv1.Pair, error)
}

// Groups keeps which records of a sync have which keys in common (R15). Only the
// mapper writes them.
type Groups interface {
	// Matched is the detector's word that all records of both sides of a sync
	// have been listed; connection is HubSpot's.
	Matched(ctx context.Context, workspace, connection, object, sync string) (*ledgerv1.Cursor, error)
	// Group are the records of a key as they are now.
	Group(ctx context.Context, key ledger.Key) (*ledgerv1.Group, error)
	// Join adds a record to a group, unless its side has most of them already.
	Join(ctx context.Context, key ledger.Key, side deal.Side, record string, most int) error
	// Leave takes a record out of a group and answers who is left.
	Leave(ctx context.Context, key ledger.Key, side deal.Side, record string) (*ledgerv1.Group, error)
	// Listed are the groups that a record was listed in last; List sets them.
	Listed(ctx context.Context, workspace, sync string, side deal.Side, record string) ([]string, error)
	List(ctx context.Context, workspace, sync string, side deal.Side, record string, keys []string) error
}

// Associates keeps who waits for whom (R16).
type Associates interface {
	// Wait notes that dependent wants to be offered again when record has a
	// counterpart under sync. Both are of the same side.
	Wait(ctx context.Context, workspace, sync string, side deal.Side, record string, dependent Ref) error
}
