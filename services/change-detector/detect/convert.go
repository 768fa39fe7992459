package detect

import (
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

func copyOf(doc *ledgerv1.Record) core.Copy {
	c := core.Copy{
		Fields: make(map[string]core.Field, len(doc.GetFields())), Modified: doc.GetModifiedMs(),
		Deleted: doc.GetDeleted(), TurnedAt: doc.GetDeletedMs(), MergedInto: doc.GetMergedInto(), MergedFrom: doc.GetMergedFrom(),
		Complete: doc.GetComplete(),
	}
	for name, f := range doc.GetFields() {
		c.Fields[name] = core.Field{Value: f.GetValue(), At: f.GetEditedMs()}
	}
	return c
}

// docOf is the copy as the ledger keeps it. deleted_ms is when the record was
// last deleted or restored.
func docOf(c core.Copy) *ledgerv1.Record {
	return &ledgerv1.Record{
		Fields: fieldsOf(c), ModifiedMs: c.Modified,
		Deleted: c.Deleted, DeletedMs: c.TurnedAt, MergedInto: c.MergedInto, MergedFrom: c.MergedFrom, Complete: c.Complete,
	}
}

func fieldsOf(c core.Copy) map[string]*eventv1.Field {
	fields := make(map[string]*eventv1.Field, len(c.Fields))
	for name, f := range c.Fields {
		fields[name] = &eventv1.Field{Value: f.Value, EditedMs: f.At}
	}
	return fields
}

// recordOf is a record as the core takes it. The time that an app gives with a
// field that holds associations is that of the reading.
func recordOf(app App, object deal.Object, r *connector.Record) core.Record {
	c := core.Record{
		Fields: r.Fields, Modified: millis(r.Modified), Deleted: r.Deleted, MergedInto: r.MergedInto, MergedFrom: r.MergedFrom,
	}
	if len(r.Edited) == 0 {
		return c
	}
	references := referencesOf(app, object)
	c.Edited, c.Seen = make(map[string]int64, len(r.Edited)), map[string]int64{}
	for name, at := range r.Edited {
		if references[name] {
			c.Seen[name] = millis(at)
		} else {
			c.Edited[name] = millis(at)
		}
	}
	return c
}

// referencesOf are the fields of an object that hold associations.
func referencesOf(app App, object deal.Object) map[string]bool {
	names := map[string]bool{}
	for _, a := range app.Manifest().Associations {
		if a.From == object {
			names[a.Field] = true
		}
	}
	return names
}

var actions = map[connector.Action]core.Action{
	connector.Changed: core.Changed, connector.Created: core.Created, connector.Deleted: core.Deleted,
	connector.Restored: core.Restored, connector.Merged: core.Merged,
}

func eventOf(e *connector.Event) core.Event {
	return core.Event{
		Action: actions[e.Action], At: millis(e.At), Fields: e.Fields, Touched: e.Touched,
		Whole:  !e.Partial && len(e.Fields) > 0,
		Origin: e.Origin, MergedInto: e.MergedInto, MergedFrom: e.MergedFrom,
	}
}

// millis is 0 for a time that is not known.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the zero time for 0.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
