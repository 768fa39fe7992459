package write

import (
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/writer/internal/core"
)

func queueOf(w *eventv1.Write) queueKey {
	return queueKey{
		workspace: w.GetWorkspace(), connection: w.GetConnection(), object: deal.Object(w.GetObject()),
		create: w.GetOp() == eventv1.Op_OP_CREATE, bulk: w.GetBulk(),
	}
}

// fieldsOf joins the units of a write.
func fieldsOf(w *eventv1.Write) deal.Fields {
	fields := deal.Fields{}
	for _, u := range w.GetUnits() {
		for name, value := range u.GetFields() {
			fields[name] = value
		}
	}
	return fields
}

// callOf is the write as the app's driver takes it.
func callOf(w *eventv1.Write) connector.Write {
	out := connector.Write{ID: w.GetRecord(), Fields: fieldsOf(w), Bulk: w.GetBulk()}
	if w.GetOp() == eventv1.Op_OP_CREATE {
		out.ID, out.PairKey = "", w.GetPair()
	}
	for _, r := range w.GetAssociate() {
		out.Associate = append(out.Associate, connector.Reference{Object: deal.Object(r.GetObject()), ID: r.GetRecord()})
	}
	return out
}

// unsettled is why an association of an update that went through has to be
// tried again: the app did not decide about it. The whole write is repeated,
// which changes nothing of what is there.
func unsettled(got answer) error {
	for _, r := range got.Refused {
		if core.Judge(r.Err) == core.Again {
			return r.Err
		}
	}
	return nil
}

// associated tells which of the wanted associations are there now and which the
// app refused, each in its own words. It tells nothing of those that nobody has
// decided about, and of a create that was found instead of sent: the pair's
// owner asks for them once more.
func associated(o *eventv1.Outcome, w *eventv1.Write, got answer) {
	if got.found {
		return
	}
	refused := make(map[connector.Reference]error, len(got.Refused))
	for _, r := range got.Refused {
		refused[r.Reference] = r.Err
	}
	for _, r := range w.GetAssociate() {
		err, no := refused[connector.Reference{Object: deal.Object(r.GetObject()), ID: r.GetRecord()}]
		switch {
		case !no:
			o.Associated = append(o.Associated, r)
		case core.Judge(err) != core.Again:
			o.AssociationErrors = append(o.AssociationErrors, &eventv1.AssociationError{
				Reference: r, Code: fault.CodeOf(err), Message: connector.AppMessage(err),
			})
		}
	}
}
