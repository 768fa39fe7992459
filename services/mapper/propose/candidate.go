package propose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/match"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/mapper/internal/core"
)

// others are the records that a decision about me depends on: those that have a
// key in common with it, and those that have a stronger one in common with one
// of these. crowded are the rules by which more records have me's key than are
// listed.
func (s *Service) others(ctx context.Context, t *task, me *match.Record) (others []match.Record, crowded []match.Rule, err error) {
	w := &company{service: s, task: t, me: me, groups: map[match.Key]bool{}}
	for _, k := range me.Keys {
		full, err := w.gather(ctx, k)
		if err != nil {
			return nil, nil, err
		}
		if full {
			crowded = append(crowded, k.Rule)
		}
	}
	near := w.others
	for i := range near {
		for _, k := range near[i].Keys {
			if slices.ContainsFunc(me.Keys, func(mine match.Key) bool { return near[i].Keys.Has(mine) && mine.Rule == k.Rule }) {
				break // the keys behind this one are weaker
			}
			if _, err := w.gather(ctx, k); err != nil {
				return nil, nil, err
			}
		}
	}
	return w.others, crowded, nil
}

// company gathers the members of groups, each record once.
type company struct {
	service *Service
	task    *task
	me      *match.Record
	others  []match.Record
	groups  map[match.Key]bool
}

// gather adds the records of a key and reports whether there may be more of them
// than are listed.
func (w *company) gather(ctx context.Context, k match.Key) (full bool, err error) {
	k.Form = "" // groups are by name alone
	if w.groups[k] {
		return false, nil
	}
	w.groups[k] = true
	g, err := w.service.deps.Ledger.Group(ctx, groupKey(w.task.sync, k))
	if err != nil || g == nil {
		return false, err
	}
	for _, side := range sides {
		full = full || len(*membersOf(g, side)) >= mostListed
		for _, id := range *membersOf(g, side) {
			if side == w.me.Side && id == w.me.ID {
				continue
			}
			if slices.ContainsFunc(w.others, func(o match.Record) bool { return o.Side == side && o.ID == id }) {
				continue
			}
			r, err := w.service.member(ctx, w.task, side, id, w.me.Pair)
			if err != nil {
				return false, err
			}
			// Its value may have changed since it was listed.
			if r != nil && r.Keys.Has(k) {
				w.others = append(w.others, *r)
			}
		}
	}
	return full, nil
}

// member is a record as it is now, for a record that has the pair of mine; nil
// when it was deleted or is not known.
func (s *Service) member(ctx context.Context, t *task, side deal.Side, id, mine string) (*match.Record, error) {
	at := t.at(side, id)
	copied, err := s.deps.Ledger.Copy(ctx, at)
	if err != nil || copied == nil || copied.GetDeleted() {
		return nil, err
	}
	r := &match.Record{Side: side, ID: id, Title: t.title(side, recordOf(copied.GetFields(), nil))}
	r.Keys = match.KeysOf(t.plan.keys[side], func(field string) string { return copied.GetFields()[field].GetValue() })
	link, err := s.deps.Ledger.LinkNow(ctx, at, t.sync.GetName())
	if err != nil {
		return nil, err
	}
	var pair *core.Pair
	if link == "" {
		pair, err = s.inherited(ctx, t.sync, side, at, copied)
	} else {
		pair, err = s.pairNow(ctx, t.sync.GetWorkspace(), t.sync.GetName(), side, link)
	}
	if err != nil || link == "" && pair == nil {
		return r, err
	}
	r.State = core.StateFor(pair, link, mine)
	if pair != nil {
		r.Pair = pair.ID
	}
	return r, nil
}

// origins is what both a change and a copy tell of where a record comes from.
type origins interface {
	GetFields() map[string]*eventv1.Field
	GetMergedFrom() []string
}

var _, _ origins = (*eventv1.Change)(nil), (*ledgerv1.Record)(nil)

// title names a record for people.
func (t *task) title(side deal.Side, r *mapping.Record) string {
	return t.plan.Map(side, r, true, t.now).Title
}

// mostNamed bounds the records of one side that a detail names.
const mostNamed = 5

// detail says in words which records have what in common.
func detail(d *match.Decision, crowded []match.Rule) string {
	what := map[match.Rule]string{match.Email: "e-mail address", match.Domain: "domain", match.Name: "name"}[d.Key.Rule]
	var parts []string
	for _, side := range sides {
		var named []string
		count := 0
		for i := range d.Among {
			r := &d.Among[i]
			if r.Side != side {
				continue
			}
			if count++; count > mostNamed {
				continue
			}
			name := r.ID
			if r.Title != "" {
				name += " (" + r.Title + ")"
			}
			if r.State == match.Bereft {
				name += ", whose counterpart was deleted,"
			}
			named = append(named, name)
		}
		text := side.String() + " " + strings.Join(named, ", ")
		if count > mostNamed {
			text += fmt.Sprintf(" and %d more", count-mostNamed)
		}
		parts = append(parts, strings.TrimSuffix(text, ","))
	}
	text := fmt.Sprintf("the %s %q is that of %s", what, d.Key.Value, strings.Join(parts, " and "))
	if slices.Contains(crowded, d.Key.Rule) {
		text += fmt.Sprintf("; on one side %d records or more have it", mostListed)
	}
	return text
}
