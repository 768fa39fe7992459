package resolve

import (
	"context"
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// wakeTries is how often a list of waiting records that grows meanwhile is read
// again before the lane tries again.
const wakeTries = 3

// wakeBatch is how many records one notice names.
const wakeBatch = 100

// completes reports whether the step gives records of other syncs the
// counterpart that they wait for (R16). A repeated input is taken to do so: the
// first try may have ended before the wake-up.
func (s *Service) completes(t *task, before, after *ledgerv1.Pair) bool {
	if !complete(after) {
		return false
	}
	news := !complete(before) || before.GetLastInput() == t.in.ID || t.delivery.Inherited() ||
		before.GetHubspot().GetRecord() != after.GetHubspot().GetRecord() || before.GetApp().GetRecord() != after.GetApp().GetRecord()
	return news && s.associated(t)
}

func complete(p *ledgerv1.Pair) bool {
	h, a := p.GetHubspot(), p.GetApp()
	return h.GetRecord() != "" && a.GetRecord() != "" && !h.GetDeleted() && !a.GetDeleted()
}

// associated reports whether some sync associates its records with this one's.
func (s *Service) associated(t *task) bool {
	for _, y := range s.deps.Settings.Snapshot().Syncs() {
		if y.GetWorkspace() != t.sync.GetWorkspace() {
			continue
		}
		for _, a := range y.GetAssociations() {
			if a.GetSync() == t.sync.GetName() {
				return true
			}
		}
	}
	return false
}

// wake has all records offered again that wait for the pair's ones. The mapper
// lists a record first and looks for the counterpart then, so that whoever is
// not read here has seen it.
func (s *Service) wake(ctx context.Context, t *task, after *ledgerv1.Pair) error {
	for _, side := range []deal.Side{deal.HubSpot, deal.App} {
		record := after.GetHubspot().GetRecord()
		if side == deal.App {
			record = after.GetApp().GetRecord()
		}
		key := ledger.WaitingKey(t.sync.GetWorkspace(), t.sync.GetName(), side, record)
		for try := 1; ; try++ {
			err := s.wakeSide(ctx, t, side, key)
			if err == nil {
				break
			}
			if !fault.Is(err, fault.Conflict) || try == wakeTries {
				return fmt.Errorf("wake what waits for %s record %s: %w", side, record, err)
			}
		}
	}
	return nil
}

// wakeSide offers, then forgets: a crash between the two offers once more.
func (s *Service) wakeSide(ctx context.Context, t *task, side deal.Side, key ledger.Key) error {
	e, err := s.deps.Waiting.Fresh(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	waiting := map[string][]string{}
	for _, d := range e.Doc.GetDependents() {
		waiting[d.GetObject()] = append(waiting[d.GetObject()], d.GetRecord())
	}
	var out outbox
	for object, records := range waiting {
		for batch := range slices.Chunk(records, wakeBatch) {
			out.add(t.wakeUp(side, object, batch, e.Revision))
		}
	}
	if out.err != nil {
		return out.err
	}
	if err := s.deps.Bus.PublishAll(ctx, out.messages...); err != nil {
		return err
	}
	return s.deps.Waiting.Delete(ctx, key, e.Revision)
}

func (t *task) wakeUp(side deal.Side, object string, records []string, revision uint64) (bus.Message, error) {
	n := &eventv1.Notice{
		Workspace: t.sync.GetWorkspace(), Connection: t.connection(side), ReceivedMs: t.now,
		Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{Object: object, Records: records, Reason: "paired"}},
	}
	id := fmt.Sprintf("wake:%s:%s:%s:%s:%s:%d", t.sync.GetName(), t.pair, side, object, records[0], revision)
	return event.Notice(n, deal.Object(object), t.delivery.Subject.Lane, records[0], id)
}
