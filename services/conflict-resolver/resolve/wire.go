package resolve

import (
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// write is a write as the bus carries it.
func (sc scope) write(w core.Write) *eventv1.Write {
	e := &eventv1.Write{
		Workspace: sc.sync.GetWorkspace(), Sync: sc.sync.GetName(), Pair: sc.pair, Side: event.ProtoSide(w.Side),
		Connection: sc.connection(w.Side), Object: sc.sync.GetObject(), Record: w.Record, Op: eventv1.Op(w.Op),
		Version: w.Version, DecidedMs: w.DecidedMs, OriginMs: w.OriginMs, Bulk: w.Bulk, Associate: references(w.Associate),
	}
	for _, u := range w.Units {
		e.Units = append(e.Units, &eventv1.UnitWrite{Unit: u.Unit, Fields: u.Fields})
	}
	return e
}

func unitWrites(in []*eventv1.UnitWrite) []core.UnitWrite {
	out := make([]core.UnitWrite, len(in))
	for i, u := range in {
		out[i] = core.UnitWrite{Unit: u.GetUnit(), Fields: u.GetFields()}
	}
	return out
}

// entries are journal entries as the bus carries them.
func entries(in []core.Entry, traceID string) []*eventv1.JournalEntry {
	out := make([]*eventv1.JournalEntry, len(in))
	for i, e := range in {
		out[i] = &eventv1.JournalEntry{
			AtMs: e.AtMs, Event: e.Event, Side: event.ProtoSide(e.Side), Unit: e.Unit, Value: e.Value, RivalValue: e.RivalValue,
			Winner: event.ProtoSide(e.Winner), Reason: e.Reason, Version: e.Version, EditedMs: e.EditedMs, TraceId: traceID, Record: e.Record,
		}
	}
	return out
}

// imageOf reads an image.
func imageOf(i *eventv1.Image) *core.Image {
	img := &core.Image{
		Record: i.GetRecord(), Title: i.GetTitle(), Excluded: i.GetExcluded(), Detail: i.GetDetail(),
		Deleted: i.GetDeleted(), Restored: i.GetRestored(), MergedInto: i.GetMergedInto(),
		Cause: core.Cause(i.GetCause()), Origin: deal.Origin(i.GetOrigin()), DetectedMs: i.GetDetectedMs(), //nolint:gosec // small enums
		Units:      make([]core.UnitValue, len(i.GetUnits())),
		MergedFrom: i.GetMergedFrom(), Hold: i.GetHold(), HoldDetail: i.GetHoldDetail(),
		Counterpart: i.GetCounterpart(), FoldInto: i.GetFoldInto(),
	}
	if img.MergedInto != "" {
		img.Deleted = true
	}
	for n, u := range i.GetUnits() {
		img.Units[n] = core.UnitValue{
			Unit: u.GetUnit(), News: core.News{Own: u.GetOwn(), Other: u.GetOther(), At: u.GetEditedMs()},
			Changed: u.GetChanged(), Untranslatable: u.GetUntranslatable(),
		}
	}
	for _, a := range i.GetAssociations() {
		img.Associations = append(img.Associations, core.Association{Object: a.GetObject(), Own: a.GetOwn(), Other: a.GetOther()})
	}
	return img
}

// outcomeOf reads what became of a write.
func outcomeOf(o *eventv1.Outcome) *core.Outcome {
	return &core.Outcome{
		Version: o.GetVersion(), Record: o.GetRecord(), Units: unitWrites(o.GetUnits()),
		SentMs: o.GetSentMs(), AnsweredMs: o.GetAnsweredMs(),
		Rejected: o.GetRejected(), Code: o.GetErrorCode(), Message: o.GetErrorMessage(), Gone: o.GetGone(),
		Existing: o.GetExisting(), Associated: referencesOf(o.GetAssociated()), NotAssociated: refusalsOf(o.GetAssociationErrors()),
	}
}

func referencesOf(in []*eventv1.Reference) []core.Reference {
	if len(in) == 0 {
		return nil
	}
	out := make([]core.Reference, len(in))
	for i, r := range in {
		out[i] = core.Reference{Object: r.GetObject(), Record: r.GetRecord()}
	}
	return out
}

func references(in []core.Reference) []*eventv1.Reference {
	if len(in) == 0 {
		return nil
	}
	out := make([]*eventv1.Reference, len(in))
	for i, r := range in {
		out[i] = &eventv1.Reference{Object: r.Object, Record: r.Record}
	}
	return out
}

func refusalsOf(in []*eventv1.AssociationError) []core.Refusal {
	if len(in) == 0 {
		return nil
	}
	out := make([]core.Refusal, len(in))
	for i, e := range in {
		r := e.GetReference()
		out[i] = core.Refusal{Reference: core.Reference{Object: r.GetObject(), Record: r.GetRecord()}, Code: e.GetCode(), Message: e.GetMessage()}
	}
	return out
}

func refusals(in []core.Refusal) []*eventv1.AssociationError {
	if len(in) == 0 {
		return nil
	}
	out := make([]*eventv1.AssociationError, len(in))
	for i, r := range in {
		out[i] = &eventv1.AssociationError{Reference: &eventv1.Reference{Object: r.Object, Record: r.Record}, Code: r.Code, Message: r.Message}
	}
	return out
}
