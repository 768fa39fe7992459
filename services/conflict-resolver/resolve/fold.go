package resolve

import (
	"context"
	"slices"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/match"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// A pair folds in three steps, each of which the next delivery of an image of
// its record makes good: it ends (so that it creates nothing any more), its
// record's link moves, the image goes on to the other pair. There it says by
// FoldInto, the pair's own name, that it has come by a fold.

// arrives reports whether the image has been sent here by another pair.
func (t *task) arrives() bool { return t.proposal.GetImage().GetFoldInto() == t.pair }

// settleFold decides, before the core is asked, what is not for one pair alone:
// whether the pair that the image's record belongs to still waits for it. A pair
// that has another record meanwhile is never guessed about.
func (s *Service) settleFold(ctx context.Context, t *task) (core.Input, error) {
	in, img := t.in, t.in.Image
	if img == nil || img.FoldInto == "" {
		return in, nil
	}
	stays := *img
	stays.FoldInto = ""
	in.Image = &stays
	if t.arrives() {
		return in, nil
	}
	into, err := s.peek(ctx, t, img.FoldInto)
	if err != nil {
		return in, err
	}
	p := pairOf(into)
	side := p.On(in.Side)
	switch {
	case into.GetFoldedInto() == t.pair: // it has ended in favour of this one
	case slices.Contains(img.MergedFrom, side.Record): // it moves to this record (R17)
		in.Image = img
	case side.Flight != nil || side.Record != "" && side.Record != img.Record:
		stays.Hold, stays.HoldDetail = match.CodeAmbiguous, taken(img.FoldInto)
	default:
		in.Image = img
	}
	return in, nil
}

func taken(pair string) string { return "it belongs to pair " + pair + ", which has another record" }

// peek reads another pair; nil when it is not kept yet.
func (s *Service) peek(ctx context.Context, t *task, pair string) (*ledgerv1.Pair, error) {
	e, err := s.deps.Pairs.Fresh(ctx, ledger.PairKey(t.sync.GetWorkspace(), t.sync.GetName(), pair))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return e.Doc, nil
}

// ended passes an image on that still came to a pair which has folded. The pair
// comes back to life when its record is handed back, and when two pairs have
// folded into each other: the one with HubSpot's record does. It never does
// without the record's link, for then the record has gone further.
func (s *Service) ended(ctx context.Context, t *task, doc *ledgerv1.Pair) (alive bool, err error) {
	owner, err := s.owner(ctx, t)
	if err != nil {
		return false, err
	}
	if owner == "" || owner == t.pair {
		into, err := s.peek(ctx, t, doc.GetFoldedInto())
		if err != nil {
			return false, err
		}
		if t.arrives() || into.GetFoldedInto() == t.pair && doc.GetHubspot().GetRecord() != "" {
			return true, nil
		}
	}
	if err := s.publish(ctx, t, doc, doc, &core.Decision{}); err != nil {
		return false, err
	}
	return false, s.leave(ctx, t, doc.GetFoldedInto())
}

// leave moves the image's record to another pair and sends the image after it.
func (s *Service) leave(ctx context.Context, t *task, into string) error {
	owner, err := s.move(ctx, t, into)
	if err != nil {
		return err
	}
	return s.pass(ctx, t, owner, true)
}
