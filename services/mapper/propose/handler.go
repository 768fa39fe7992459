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
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
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
	record := recordOf(&c)
	syncs := s.deps.Settings.Snapshot().SyncsOf(c.GetWorkspace(), c.GetConnection(), deal.Object(c.GetObject()))
	messages := make([]bus.Message, 0, len(syncs))
	var senseless error
	for _, y := range syncs {
		m, err := s.propose(ctx, d, &c, record, y)
		if err != nil {
			err = fmt.Errorf("map %s %s of %s under %s: %w", c.GetObject(), c.GetRecord(), c.GetConnection(), y.GetName(), err)
			if !fault.Is(err, fault.Invalid) {
				return err
			}
			senseless = errors.Join(senseless, err)
			continue
		}
		messages = append(messages, m)
	}
	if len(messages) > 0 {
		if err := s.deps.Bus.PublishAll(ctx, messages...); err != nil {
			return err
		}
	}
	return senseless
}

// propose makes the proposal of one change under one sync.
func (s *Service) propose(ctx context.Context, d *bus.Delivery, c *eventv1.Change, r *mapping.Record, y *configv1.Sync) (bus.Message, error) {
	side := settings.SideOf(y, c.GetConnection())
	plan, err := s.plans.of(y)
	if err != nil {
		return bus.Message{}, err
	}
	known, err := s.find(ctx, c, y, side, plan.PairMatters(side) && !r.Deleted)
	if err != nil {
		return bus.Message{}, err
	}
	img := plan.Map(side, r, known.paired, time.Now())
	s.tell(ctx, c, y, known.pair, img)

	p := &eventv1.Proposal{
		Workspace: c.GetWorkspace(), Sync: y.GetName(), Pair: known.pair,
		Kind: &eventv1.Proposal_Image{Image: imageOf(side, c, img)},
	}
	id, err := idOf(d, p)
	if err != nil {
		return bus.Message{}, err
	}
	return event.Proposal(p, y.GetAppConnection(), deal.Object(y.GetObject()), d.Subject.Lane, id)
}

func (s *Service) tell(ctx context.Context, c *eventv1.Change, y *configv1.Sync, pair string, img mapping.Image) {
	verdict := "eligible"
	switch {
	case c.GetDeleted():
		verdict = "deleted"
	case img.Excluded != "":
		verdict = img.Excluded
		s.log.DebugContext(ctx, "record.excluded",
			"workspace", c.GetWorkspace(), "sync", y.GetName(), "connection", c.GetConnection(), "object", c.GetObject(),
			"record", c.GetRecord(), "pair", pair, "reason", img.Excluded, "detail", img.Detail, "title", img.Title)
	}
	s.metrics.count(ctx, c.GetWorkspace(), y.GetName(), verdict)
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

func recordOf(c *eventv1.Change) *mapping.Record {
	r := &mapping.Record{
		Fields: make(map[string]mapping.Value, len(c.GetFields())), Changed: make(map[string]bool, len(c.GetChanged())),
		Deleted: c.GetDeleted(),
	}
	for name, f := range c.GetFields() {
		r.Fields[name] = mapping.Value{Text: f.GetValue(), At: f.GetEditedMs()}
	}
	for _, name := range c.GetChanged() {
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
		Deleted: c.GetDeleted(), Restored: c.GetRestored(), MergedInto: c.GetMergedInto(),
		Cause: c.GetCause(), Origin: c.GetOrigin(), DetectedMs: c.GetDetectedMs(), OccurredMs: c.GetOccurredMs(),
	}
}
