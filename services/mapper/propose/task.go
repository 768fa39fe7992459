package propose

import (
	"slices"
	"time"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// task is one change under one sync.
type task struct {
	delivery *bus.Delivery
	change   *eventv1.Change
	record   *mapping.Record
	sync     *configv1.Sync
	side     deal.Side
	plan     *plan
	now      time.Time
}

// ref is the changed record.
func (t *task) ref() Ref { return t.at(t.side, t.change.GetRecord()) }

// at is a record of the sync's object on a side.
func (t *task) at(side deal.Side, record string) Ref {
	return Ref{t.sync.GetWorkspace(), settings.ConnectionOf(t.sync, side), t.sync.GetObject(), record}
}

// matches reports whether the sync pairs existing records (R15).
func (t *task) matches() bool { return len(t.plan.keys[t.side]) > 0 }

// offered reports whether the record is told as a whole, whatever changed.
func (t *task) offered() bool {
	c := t.change
	return c.GetCreated() || c.GetRestored() || c.GetCause() == eventv1.Cause_CAUSE_BACKFILL || c.GetCause() == eventv1.Cause_CAUSE_REFRESH
}

// touched reports whether the record's keys may have become others.
func (t *task) touched() bool {
	if t.offered() || t.change.GetDeleted() {
		return true
	}
	for _, f := range t.plan.keys[t.side] {
		if slices.Contains(t.change.GetChanged(), f.Name) {
			return true
		}
	}
	return false
}
