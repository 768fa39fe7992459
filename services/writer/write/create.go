package write

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/writer/internal/core"
)

// lookBack is how much earlier than the intent a look-up starts, for clocks
// that differ.
const lookBack = 2 * time.Minute

// create makes a record exactly once (N2): the intent is noted before the
// call, the link and the record's id after it.
func (s *Service) create(ctx context.Context, c Connector, w *eventv1.Write) (answer, error) {
	key := ledger.CreateKey(w.GetWorkspace(), w.GetSync(), w.GetPair(), event.SideOf(w.GetSide()))
	intent, err := s.deps.Creates.Fresh(ctx, key)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return answer{}, again(err)
	}
	intended := err == nil
	if !intended {
		intent.Doc = &ledgerv1.Create{StartedMs: s.deps.Now().UnixMilli()}
	}
	var got answer
	switch core.NextStep(intended, intent.Doc.GetRecord()) {
	case core.Answer:
		got.ID, got.found = intent.Doc.GetRecord(), true
		return got, s.link(ctx, w, got.ID)
	case core.Look:
		found, err := c.FindCreated(ctx, deal.Object(w.GetObject()), []string{w.GetPair()}, time.UnixMilli(intent.Doc.GetStartedMs()).Add(-lookBack))
		if err != nil {
			return answer{}, err
		}
		if got.ID = found[w.GetPair()]; got.ID != "" {
			got.found = true
			break
		}
		fallthrough
	default:
		if intent.Revision, err = s.note(ctx, key, intent); err != nil {
			return answer{}, err
		}
		got, err = s.send(ctx, queueOf(w), c, callOf(w))
		if err != nil {
			return got, err
		}
	}
	if err := s.link(ctx, w, got.ID); err != nil {
		return got, err
	}
	intent.Doc = proto.CloneOf(intent.Doc)
	intent.Doc.Record = got.ID
	if _, err := s.deps.Creates.Put(ctx, key, intent.Doc, intent.Revision); err != nil {
		return got, again(err)
	}
	return got, nil
}

// note stores the intent before the call that it announces.
func (s *Service) note(ctx context.Context, key ledger.Key, intent ledger.Entry[*ledgerv1.Create]) (uint64, error) {
	doc := proto.CloneOf(intent.Doc)
	doc.Tries++
	revision, err := s.deps.Creates.Put(ctx, key, doc, intent.Revision)
	if err != nil {
		return 0, again(err)
	}
	return revision, nil
}

// link says to which pair the new record belongs, before anyone can ask.
func (s *Service) link(ctx context.Context, w *eventv1.Write, record string) error {
	key := ledger.LinkKey(w.GetWorkspace(), w.GetConnection(), w.GetObject(), record, w.GetSync())
	_, err := s.deps.Links.Put(ctx, key, &ledgerv1.Link{Pair: w.GetPair()}, 0)
	if err == nil || !fault.Is(err, fault.Conflict) {
		return again(err)
	}
	have, err := s.deps.Links.Fresh(ctx, key)
	if err != nil {
		return again(err)
	}
	if have.Doc.GetPair() != w.GetPair() {
		return fault.New(fault.Bug, "linked_elsewhere", "record %s, made for pair %s, is linked to pair %s", record, w.GetPair(), have.Doc.GetPair())
	}
	return nil
}

// again makes an error of the ledger one that the lane repeats: it says
// nothing about the app's answer.
func again(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Transient, "ledger", fmt.Errorf("note the create: %w", err))
}
