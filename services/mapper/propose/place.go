package propose

import (
	"context"
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/match"
	"github.com/dealsync/dealsync/services/mapper/internal/core"
)

// place is where a record belongs under a sync.
type place struct {
	pair string
	// paired: the pair has a record on the other side, or gets the existing one
	// that matches. It is looked up only where it matters.
	paired bool
	// counterpart, foldInto, hold and detail are told to the pair, see
	// eventv1.Image.
	counterpart, foldInto, hold, detail string
	// unplaced, when not empty, says why the record is not proposed this time: it
	// will be told again.
	unplaced string
	// notices go out beside the proposal.
	notices []bus.Message
}

// Reasons of place.unplaced, and of place.hold.
const (
	stillMatching = "matching"
	deletedSince  = "deleted"
)

// place finds the pair that the record belongs to: the one that it is linked to,
// that of a record merged into it, the one whose id it carries; else, where the
// sync matches, its counterpart's; else a new one.
func (s *Service) place(ctx context.Context, t *task) (place, error) {
	id, err := s.link(ctx, t)
	if err != nil {
		return place{}, err
	}
	var pair *core.Pair
	switch {
	case id == "":
		pair, err = s.inherited(ctx, t.sync, t.side, t.ref(), t.change)
	case t.matches() || t.plan.PairMatters(t.side) && !t.record.Deleted:
		pair, err = s.pair(ctx, t.sync.GetWorkspace(), t.sync.GetName(), t.side, id)
	}
	if err != nil {
		return place{}, err
	}
	if pair != nil {
		id = pair.ID
	}
	if heir, err := s.heir(ctx, t, id, pair); err != nil || heir != "" {
		return place{pair: id, paired: true, foldInto: heir}, err
	}
	if t.matches() {
		return s.match(ctx, t, id, pair)
	}
	return t.begins(place{pair: id, paired: pair.Whole()}), nil
}

// heir is the pair for which the record gives its own up, as it has no
// counterpart there: the one of a record that was merged into it and has one
// (R17). A pair without a counterpart never keeps two that belong together apart.
func (s *Service) heir(ctx context.Context, t *task, id string, own *core.Pair) (string, error) {
	if id == "" || len(t.change.GetMergedFrom()) == 0 || t.change.GetDeleted() {
		return "", nil
	}
	if own == nil {
		var err error
		if own, err = s.pair(ctx, t.sync.GetWorkspace(), t.sync.GetName(), t.side, id); err != nil {
			return "", err
		}
	}
	if own.Whole() {
		return "", nil
	}
	heir, err := s.absorbed(ctx, t.sync, t.side, t.ref(), t.change)
	if err != nil || heir == nil || heir.ID == id || heir.Counterpart() == "" {
		return "", err
	}
	if own.Settled() {
		return "", fault.New(fault.Transient, "pair_gives_way", "pair %s of %s, which another one was merged into, is just getting a counterpart", id, t.change.GetRecord())
	}
	if !t.matches() {
		return heir.ID, nil
	}
	_, err = s.list(ctx, t, true)
	return heir.ID, err
}

// begins lets a record without a pair begin one.
func (t *task) begins(p place) place {
	if p.pair == "" {
		p.pair = deal.PairID(t.sync.GetWorkspace(), t.sync.GetName(), t.side, t.change.GetRecord())
	}
	return p
}

// patience is how many attempts wait for the detector to store what it has told.
// A copy that still is another then will hardly change any more.
const patience = 30

// match finds the counterpart of a record that has none (R15). id is the pair
// that it has so far, if any, and pair what is stored of it.
//
// Two records may be looked at by two replicas at once. Each first lists itself
// and then looks who else is listed, so at least one of them sees the other, and
// a record is only listed among others when its copy can be read by them. Which
// of two decisions stands is settled by the resolver, which claims both links.
func (s *Service) match(ctx context.Context, t *task, id string, pair *core.Pair) (place, error) {
	settled := t.change.GetDeleted() || pair.Settled()
	var now known
	if !settled || t.touched() {
		var err error
		if now, err = s.list(ctx, t, settled); err != nil {
			return place{}, err
		}
	}
	if settled {
		return t.begins(place{pair: id, paired: pair.Whole()}), nil
	}
	if now.deleted {
		return place{pair: id, unplaced: deletedSince}, nil
	}
	if ready, err := s.matched.ready(ctx, s.deps.Ledger, t); err != nil || !ready {
		return place{pair: id, unplaced: stillMatching}, err
	}
	if now.behind && t.delivery.Attempt <= patience {
		return place{}, fault.New(fault.Conflict, "copy_behind", "the copy of %s %s is not stored yet", t.change.GetObject(), t.change.GetRecord())
	}
	me := match.Record{Side: t.side, ID: t.change.GetRecord(), Title: t.title(t.side, t.record), Keys: now.keys, Pair: id}
	others, crowded, err := s.others(ctx, t, &me)
	if err != nil {
		return place{}, err
	}
	d := match.Decide(me, others, false)
	if slices.Contains(crowded, d.Key.Rule) {
		d = match.Decide(me, others, true)
	}
	switch d.Verdict {
	case match.Paired:
		return s.join(ctx, t, me, d.With)
	case match.Ambiguous:
		return t.begins(place{pair: id, hold: match.CodeAmbiguous, detail: detail(&d, crowded)}), nil
	case match.Undecided:
		return place{}, fault.New(fault.Transient, "match_undecided", "%s is just being paired", detail(&d, crowded))
	default:
		return t.begins(place{pair: id}), nil
	}
}

// join sends the record to the pair that it shares with its counterpart.
func (s *Service) join(ctx context.Context, t *task, me match.Record, with *match.Record) (place, error) {
	held, err := s.heldWith(ctx, t, with)
	if err != nil {
		return place{}, err
	}
	to := core.Join(t.sync.GetWorkspace(), t.sync.GetName(),
		core.Self{Side: me.Side, Record: me.ID, Pair: me.Pair}, core.Match{Record: with.ID, Pair: with.Pair, Held: held})
	p := place{pair: to.Pair, paired: true, counterpart: with.ID, foldInto: to.FoldInto}
	if to.Wake {
		m, err := t.refresh(with.Side, with.ID, "matched", to.Pair)
		if err != nil {
			return place{}, err
		}
		p.notices = append(p.notices, m)
	}
	if !to.Wait {
		return p, nil
	}
	// The counterpart folds when it is looked at; until then there is nothing to
	// say. Whatever it does instead, the next attempt sees it.
	if err := s.deps.Bus.PublishAll(ctx, p.notices...); err != nil {
		return place{}, err
	}
	return place{}, fault.New(fault.Transient, "pair_gives_way", "pair %s of the matching %s record %s has not given way to %s yet",
		with.Pair, with.Side, with.ID, to.Pair)
}

// heldWith reports whether the counterpart's pair is held.
func (s *Service) heldWith(ctx context.Context, t *task, with *match.Record) (bool, error) {
	if with.Pair == "" {
		return false, nil
	}
	p, err := s.pairNow(ctx, t.sync.GetWorkspace(), t.sync.GetName(), with.Side, with.Pair)
	if err != nil {
		return false, fmt.Errorf("look at the pair of %s record %s: %w", with.Side, with.ID, err)
	}
	return p != nil && p.Here.Held, nil
}
