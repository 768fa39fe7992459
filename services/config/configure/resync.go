package configure

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/ledger"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// resyncBatch is how many records one notice names.
const resyncBatch = 100

// Resync offers one pair, or every record of a sync, to the pipeline again:
// the records are read anew, and what was refused before is tried again.
func (s *Service) Resync(ctx context.Context, req *configv1.ResyncRequest) (*configv1.ResyncResponse, error) {
	r := resync{now: time.Now(), run: rand.Text()}
	if req.GetPair() != "" {
		f, err := s.findPair(ctx, req.GetWorkspace(), req.GetSync(), req.GetPair())
		if err != nil {
			return nil, rpcError(err)
		}
		if req.GetSync() != "" && req.GetSync() != f.sync.GetName() {
			return nil, rpcError(invalid("pair %s is of sync %s, not %s", f.id, f.sync.GetName(), req.GetSync()))
		}
		r.sync, r.lane, r.pairs = f.sync, bus.Live, []string{f.id}
		r.records = map[deal.Side][]string{deal.HubSpot: nonEmpty(f.pair.GetHubspot().GetRecord()), deal.App: nonEmpty(f.pair.GetApp().GetRecord())}
	} else {
		sync, err := s.sync(req.GetWorkspace(), req.GetSync())
		if err != nil {
			return nil, rpcError(err)
		}
		r.sync, r.lane = sync, bus.Bulk
		if err := s.gather(ctx, &r); err != nil {
			return nil, rpcError(err)
		}
	}
	messages, count, err := r.messages()
	if err != nil {
		return nil, rpcError(err)
	}
	if err := s.deps.Bus.PublishAll(ctx, messages...); err != nil {
		return nil, rpcError(fmt.Errorf("resync: %w", err))
	}
	slog.InfoContext(ctx, "config.resync", "workspace", req.GetWorkspace(), "sync", r.sync.GetName(), "pair", req.GetPair(), "records", count)
	return &configv1.ResyncResponse{Records: count}, nil
}

func nonEmpty(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// gather lists all records that are known on both sides of a sync, and its
// pairs.
func (s *Service) gather(ctx context.Context, r *resync) error {
	r.records = map[deal.Side][]string{}
	for side, connection := range connectionsOf(r.sync) {
		prefix := ledger.Prefix(r.sync.GetWorkspace(), connection, r.sync.GetObject())
		ids, err := lastTokens(ctx, s.deps.Ledger.Records, prefix)
		if err != nil {
			return fmt.Errorf("list the records of %s: %w", connection, err)
		}
		r.records[side] = ids
	}
	ids, err := lastTokens(ctx, s.deps.Ledger.Pairs, ledger.Prefix(r.sync.GetWorkspace(), r.sync.GetName()))
	if err != nil {
		return fmt.Errorf("list the pairs of %s: %w", r.sync.GetName(), err)
	}
	r.pairs = ids
	return nil
}

func lastTokens[T interface {
	*ledgerv1.Record | *ledgerv1.Pair
	proto.Message
}](ctx context.Context, b *ledger.Bucket[T], prefix ledger.Key,
) (ids []string, err error) {
	err = b.Each(ctx, prefix, func(item ledger.Item[T]) error {
		tokens, err := item.Key.Tokens()
		if err != nil {
			return err
		}
		ids = append(ids, tokens[len(tokens)-1])
		return nil
	})
	return ids, err
}

// resync is what one call offers again.
type resync struct {
	sync    *configv1.Sync
	lane    bus.Lane
	now     time.Time
	run     string
	pairs   []string
	records map[deal.Side][]string
}

// messages are the commands to the pairs' owner, then the notices to read.
func (r *resync) messages() (messages []bus.Message, records int64, err error) {
	object := deal.Object(r.sync.GetObject())
	for _, pair := range r.pairs {
		m, err := event.Proposal(&eventv1.Proposal{
			Workspace: r.sync.GetWorkspace(), Sync: r.sync.GetName(), Pair: pair,
			Kind: &eventv1.Proposal_Command{Command: &eventv1.Command{Name: "resync", By: "admin", AtMs: r.now.UnixMilli()}},
		}, r.sync.GetAppConnection(), object, r.lane, "resync:"+r.run+":"+pair)
		if err != nil {
			return nil, 0, err
		}
		messages = append(messages, m)
	}
	for _, side := range []deal.Side{deal.HubSpot, deal.App} {
		ids := r.records[side]
		for len(ids) > 0 {
			part := ids[:min(resyncBatch, len(ids))]
			ids = ids[len(part):]
			m, err := event.Notice(&eventv1.Notice{
				Workspace: r.sync.GetWorkspace(), Connection: connectionsOf(r.sync)[side], ReceivedMs: r.now.UnixMilli(),
				Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{Object: string(object), Records: part, Read: true, Reason: "resync"}},
			}, object, r.lane, part[0], "resync:"+r.run+":"+side.String()+":"+part[0])
			if err != nil {
				return nil, 0, err
			}
			messages = append(messages, m)
			records += int64(len(part))
		}
	}
	return messages, records, nil
}
