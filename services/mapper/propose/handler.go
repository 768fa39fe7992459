package propose

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/settings"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// handle maps one change under every sync that its connection is part of. A
// repeated change makes the same messages under the same ids. A sync that makes
// no sense parks the change, after the other syncs had theirs.
func (s *Service) handle(ctx context.Context, d *bus.Delivery) error {
	var c eventv1.Change
	if err := event.Decode(d, &c); err != nil {
		return err
	}
	record := recordOf(c.GetFields(), c.GetChanged())
	record.Deleted = c.GetDeleted()
	syncs := s.deps.Settings.Snapshot().SyncsOf(c.GetWorkspace(), c.GetConnection(), deal.Object(c.GetObject()))
	messages := make([]bus.Message, 0, len(syncs))
	var senseless error
	for _, y := range syncs {
		made, err := s.propose(ctx, &task{delivery: d, change: &c, record: record, sync: y, side: settings.SideOf(y, c.GetConnection()), now: time.Now()})
		if err != nil {
			err = fmt.Errorf("map %s %s of %s under %s: %w", c.GetObject(), c.GetRecord(), c.GetConnection(), y.GetName(), err)
			if !fault.Is(err, fault.Invalid) {
				return err
			}
			senseless = errors.Join(senseless, err)
			continue
		}
		messages = append(messages, made...)
	}
	if len(messages) > 0 {
		if err := s.deps.Bus.PublishAll(ctx, messages...); err != nil {
			return err
		}
	}
	return senseless
}

// propose makes the proposal of one change under one sync, and what goes with
// it. A record that can't be placed yet makes none: it is told again.
func (s *Service) propose(ctx context.Context, t *task) (messages []bus.Message, err error) {
	if t.plan, err = s.plans.of(t.sync); err != nil {
		return nil, err
	}
	at, err := s.place(ctx, t)
	if err != nil {
		return nil, err
	}
	if at.unplaced != "" {
		s.metrics.count(ctx, t.sync.GetWorkspace(), t.sync.GetName(), at.unplaced)
		return nil, nil
	}
	img := imageOf(t.side, t.change, t.plan.Map(t.side, t.record, at.paired, t.now))
	img.Counterpart, img.FoldInto, img.Hold, img.HoldDetail = at.counterpart, at.foldInto, at.hold, at.detail
	if img.Associations, err = s.associations(ctx, t); err != nil {
		return nil, err
	}
	s.tell(ctx, t, at.pair, img)
	p := &eventv1.Proposal{
		Workspace: t.sync.GetWorkspace(), Sync: t.sync.GetName(), Pair: at.pair, Kind: &eventv1.Proposal_Image{Image: img},
	}
	id, err := idOf(t.delivery, p)
	if err != nil {
		return nil, err
	}
	m, err := event.Proposal(p, t.sync.GetAppConnection(), deal.Object(t.sync.GetObject()), t.delivery.Subject.Lane, id)
	return append([]bus.Message{m}, at.notices...), err
}

func (s *Service) tell(ctx context.Context, t *task, pair string, img *eventv1.Image) {
	verdict := "eligible"
	about := []any{
		"workspace", t.sync.GetWorkspace(), "sync", t.sync.GetName(), "connection", t.change.GetConnection(),
		"object", t.change.GetObject(), "record", img.GetRecord(), "pair", pair, "title", img.GetTitle(),
	}
	switch {
	case img.GetDeleted():
		verdict = "deleted"
	case img.GetExcluded() != "":
		verdict = img.GetExcluded()
		s.log.DebugContext(ctx, "record.excluded", append(about, "reason", img.GetExcluded(), "detail", img.GetDetail())...)
	case img.GetHold() != "":
		verdict = img.GetHold()
		s.log.DebugContext(ctx, "record.held", append(about, "reason", img.GetHold(), "detail", img.GetHoldDetail())...)
	case img.GetCounterpart() != "":
		s.log.DebugContext(ctx, "record.matched", append(about, "counterpart", img.GetCounterpart(), "fold_into", img.GetFoldInto())...)
	}
	s.metrics.count(ctx, t.sync.GetWorkspace(), t.sync.GetName(), verdict)
}

// idOf derives a message id from the change that is mapped and from what it is
// mapped to: a repeat is the same message, while new settings, or a record that
// is offered again because somebody asked, make another one.
func idOf(d *bus.Delivery, p *eventv1.Proposal) (string, error) {
	img := p.GetImage()
	detected := img.GetDetectedMs()
	img.DetectedMs = 0
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
	img.DetectedMs = detected
	if err != nil {
		return "", fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode proposal: %w", err))
	}
	h := sha256.New()
	h.Write([]byte(d.ID))
	h.Write([]byte{0})
	h.Write(content)
	return fmt.Sprintf("%s:%s:%d:%s", p.GetPair(), img.GetRecord(), newest(img), hex.EncodeToString(h.Sum(nil)[:12])), nil
}

// newest is the latest edit time in an image.
func newest(img *eventv1.Image) (at int64) {
	for _, u := range img.GetUnits() {
		at = max(at, u.GetEditedMs())
	}
	return at
}

func recordOf(fields map[string]*eventv1.Field, changed []string) *mapping.Record {
	r := &mapping.Record{Fields: make(map[string]mapping.Value, len(fields)), Changed: make(map[string]bool, len(changed))}
	for name, f := range fields {
		r.Fields[name] = mapping.Value{Text: f.GetValue(), At: f.GetEditedMs()}
	}
	for _, name := range changed {
		r.Changed[name] = true
	}
	return r
}

func imageOf(side deal.Side, c *eventv1.Change, img mapping.Image) *eventv1.Image {
	units := make([]*eventv1.UnitValue, len(img.Units))
	for i, u := range img.Units {
		units[i] = &eventv1.UnitValue{
			Unit: u.Name, Own: u.Own, Other: u.Other, EditedMs: u.At, Changed: u.Changed, Untranslatable: u.Untranslatable,
		}
	}
	return &eventv1.Image{
		Side: event.ProtoSide(side), Record: c.GetRecord(), Units: units, Title: img.Title,
		Excluded: img.Excluded, Detail: img.Detail,
		Deleted: c.GetDeleted(), Restored: c.GetRestored(), MergedInto: c.GetMergedInto(), MergedFrom: c.GetMergedFrom(),
		Cause: c.GetCause(), Origin: c.GetOrigin(), DetectedMs: c.GetDetectedMs(), OccurredMs: c.GetOccurredMs(),
	}
}
