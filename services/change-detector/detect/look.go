package detect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/telemetry/names"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// place is where news comes from and the lane it travels on.
type place struct {
	workspace, connection string
	object                deal.Object
	lane                  bus.Lane
}

// look is one look at one record.
type look struct {
	place
	record   string
	cause    eventv1.Cause
	received int64
	// news merges what was heard; nil when nothing was.
	news func(m *core.Merge)
	// listing: the news is a record from a listing, which a read replaces.
	listing bool
	// read asks for a read that the merge itself does not need.
	read func(m *core.Merge, was core.Copy) bool
	// offer: the image is wanted whether it changed or not.
	offer bool
	// ask names the request or notice, so that an image that is told for two
	// of them is two messages.
	ask string
	// fresh: do not begin from a cached copy.
	fresh bool
	// from is the record whose merge with this one led here; merges, how many
	// merges did.
	from   string
	merges int
}

// races bounds how often one look may lose against another; somebody else got
// forward each time.
const races = 16

// look merges what was heard onto the record's copy, publishes what changed,
// then stores the copy. A crash or a lost race in between publishes it again,
// never not at all (N1). What has been published and then lost its race may
// contradict what others know, so the image is told once more as it is now.
func (s *Service) look(ctx context.Context, app App, l look) error {
	key := ledger.RecordKey(l.workspace, l.connection, string(l.object), l.record)
	for range races {
		had, err := s.copy(ctx, key, l.fresh)
		if err != nil {
			return err
		}
		r, known, err := s.merge(ctx, app, &l, copyOf(had.Doc), had.Revision != 0)
		if err != nil {
			return fmt.Errorf("look at %s %s of %s: %w", l.object, l.record, l.connection, err)
		}
		if !known {
			count(ctx, s.metrics.detected, 1, names.Cause, causes[l.cause], names.Result, "gone")
			s.log.DebugContext(ctx, "record.gone", "workspace", l.workspace, "connection", l.connection, "object", string(l.object), "record", l.record)
			return nil
		}
		if !r.News && !r.Store && had.Cached {
			l.fresh = true // a stale copy must not decide that nothing happened
			continue
		}
		err = s.settle(ctx, app, key, &l, r, had.Revision)
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		l.fresh, l.offer = true, l.offer || r.News
	}
	return fault.New(fault.Conflict, "copy_contended", "copy of %s %s of %s: lost %d races", l.object, l.record, l.connection, races)
}

func (s *Service) copy(ctx context.Context, key ledger.Key, fresh bool) (ledger.Entry[*ledgerv1.Record], error) {
	get := s.deps.Records.Get
	if fresh {
		get = s.deps.Records.Fresh
	}
	e, err := get(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return ledger.Entry[*ledgerv1.Record]{}, nil
	}
	return e, err
}

// merge works out what the news comes to, reading the record where it leaves a
// doubt. known is false for a record that neither we nor the app know.
func (s *Service) merge(ctx context.Context, app App, l *look, was core.Copy, existed bool) (r core.Result, known bool, err error) {
	m := core.Begin(was, existed)
	if l.news != nil {
		l.news(m)
	}
	if m.NeedsRead() || l.read != nil && l.read(m, was) {
		if l.listing {
			m = core.Begin(was, existed)
		}
		got, err := s.readers.of(app, l.place).Do(ctx, l.record)
		if err != nil {
			return core.Result{}, false, err
		}
		count(ctx, s.metrics.reads, 1, names.Cause, causes[l.cause])
		if got != nil {
			m.Read(recordOf(app, l.object, got))
		} else {
			m.Gone(s.now().UnixMilli())
		}
	}
	r = m.Result(s.interest.of(s.deps.Settings.Snapshot(), l.place))
	if l.offer = l.offer || r.Stale && !r.News; l.offer {
		r = r.Offer()
	}
	return r, r.Copy.Complete || r.Copy.Deleted, nil
}

// settle has the effects of a look, in the order that loses nothing.
func (s *Service) settle(ctx context.Context, app App, key ledger.Key, l *look, r core.Result, revision uint64) error {
	result := "touch"
	if r.Store {
		result = "time"
	}
	if len(r.Hidden) > 0 && r.Copy.Complete {
		if err := s.publish(ctx, l, r.Uncovered()); err != nil {
			return err
		}
	}
	if len(r.Theirs) > 0 && r.Copy.Complete {
		if err := s.publish(ctx, l, r.Apart()); err != nil {
			return err
		}
	}
	if r.News {
		result = "change"
		if err := s.publish(ctx, l, r); err != nil {
			return err
		}
	}
	if err := s.relatives(ctx, app, l, r); err != nil {
		return err
	}
	if r.Store {
		if _, err := s.deps.Records.Put(ctx, key, docOf(r.Copy), revision); err != nil {
			return err
		}
	}
	count(ctx, s.metrics.detected, 1, names.Cause, causes[l.cause], names.Result, result)
	return nil
}

func (s *Service) publish(ctx context.Context, l *look, r core.Result) error {
	m, err := l.change(r, s.now().UnixMilli())
	if err != nil {
		return err
	}
	return s.deps.Bus.Publish(ctx, m)
}

var causes = map[eventv1.Cause]string{
	eventv1.Cause_CAUSE_WEBHOOK: "webhook", eventv1.Cause_CAUSE_POLL: "poll",
	eventv1.Cause_CAUSE_BACKFILL: "backfill", eventv1.Cause_CAUSE_REFRESH: "refresh",
}

// change is the message that tells what changed. Its id is made from the
// content and, for an offer, from what it is for: the same news found twice is
// one message, but an image that is wanted again must arrive again.
func (l *look) change(r core.Result, now int64) (bus.Message, error) {
	detected := l.received
	if detected == 0 {
		detected = now
	}
	c := &eventv1.Change{
		Workspace: l.workspace, Connection: l.connection, Object: string(l.object), Record: l.record,
		Fields: fieldsOf(r.Copy), Changed: r.Changed,
		Created: r.Created, Deleted: r.Copy.Deleted, Restored: r.Restored,
		MergedInto: r.Copy.MergedInto, MergedFrom: r.Copy.MergedFrom,
		Origin: eventv1.Origin(r.Origin), OccurredMs: r.Occurred,
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return bus.Message{}, fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode change: %w", err))
	}
	h := sha256.New()
	h.Write(content)
	if l.offer {
		h.Write([]byte(l.ask))
	}
	c.Cause, c.DetectedMs = l.cause, detected
	return event.Change(c, l.lane, l.record+":"+hex.EncodeToString(h.Sum(nil)[:16]))
}
