package resolve

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/window"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// exchange opens the windows of the edits that the input makes and answers
// their open rivals. Echoes, repeats and backfills make none.
func (s *Service) exchange(ctx context.Context, t *task, in core.Input, pair core.Pair) ([]core.Rival, error) {
	needs := core.Needs(pair, in, t.policy, t.now)
	if len(needs) == 0 {
		return nil, nil
	}
	edits := make([]window.Edit, len(needs))
	for i, n := range needs {
		edits[i] = window.Edit{Unit: n.Unit, Own: n.Own, Other: n.Other, At: time.UnixMilli(n.At)}
	}
	life := time.Duration(t.policy.WindowLife()) * time.Millisecond
	found, err := s.deps.Windows.Exchange(ctx, t.sync.GetWorkspace(), t.pair, in.Side, edits, life)
	if err != nil {
		return nil, err
	}
	rivals := make([]core.Rival, len(found))
	for i, r := range found {
		rivals[i] = core.Rival{Unit: r.Unit, News: core.News{Own: r.Own, Other: r.Other, At: r.At.UnixMilli()}}
	}
	return rivals, nil
}

// publish sends what the step led to. before is the document that the step
// found and after the one it left; they are the same when nothing changed. What
// the step before may not have got round to sending goes out with it: all of it
// when this is its own input coming again after a crash, and its writes when
// another input overtook that one in the other lane. Ids absorb the repeats.
func (s *Service) publish(ctx context.Context, t *task, before, after *ledgerv1.Pair, d *core.Decision) error {
	var out outbox
	again := t.in.ID != "" && before.GetLastInput() == t.in.ID
	if again || d.Changed {
		out.writes(before)
	}
	if again {
		out.journal(t, before)
	}
	if d.Changed {
		out.writes(after)
		out.journal(t, after)
	}
	for _, r := range d.Refresh {
		out.add(t.refresh(r, after.GetVersion()))
	}
	if out.err != nil || len(out.messages) == 0 {
		return out.err
	}
	return s.deps.Bus.PublishAll(ctx, out.messages...)
}

// outbox gathers the messages of a step.
type outbox struct {
	messages []bus.Message
	err      error
}

func (o *outbox) add(m bus.Message, err error) {
	if err != nil {
		o.err = err
		return
	}
	o.messages = append(o.messages, m)
}

// writes adds the unanswered writes that the document's last step made.
func (o *outbox) writes(doc *ledgerv1.Pair) {
	for _, f := range []*eventv1.Write{doc.GetHubspot().GetFlight(), doc.GetApp().GetFlight()} {
		if f != nil && f.GetVersion() == doc.GetVersion() {
			o.add(event.Write(f))
		}
	}
}

func (o *outbox) journal(t *task, doc *ledgerv1.Pair) {
	if len(doc.GetJournal()) == 0 {
		return
	}
	j := &eventv1.Journal{Workspace: t.sync.GetWorkspace(), Sync: t.sync.GetName(), Pair: t.pair, Entries: doc.GetJournal()}
	o.add(event.Journal(j, t.sync.GetAppConnection(), t.object(), doc.GetVersion()))
}

// refresh asks the detector to offer a record again.
func (t *task) refresh(r core.Refresh, version uint64) (bus.Message, error) {
	n := &eventv1.Notice{
		Workspace: t.sync.GetWorkspace(), Connection: t.connection(r.Side), ReceivedMs: t.now,
		Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{
			Object: t.sync.GetObject(), Records: []string{r.Record}, Read: r.Read, Reason: r.Reason,
		}},
	}
	id := fmt.Sprintf("refresh:%s:%s:%s:%d:%s", t.sync.GetName(), t.pair, r.Side, version, t.in.ID)
	return event.Notice(n, t.object(), t.delivery.Subject.Lane, r.Record, id)
}

// traceID is the id of the trace that the input is part of; empty without one.
func traceID(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}
