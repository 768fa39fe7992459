package detect

import (
	"context"
	"fmt"
	"slices"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/telemetry/names"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// webhook handles one delivery of an app. Good events are handled first, all of
// them; then what cannot be handled parks the delivery with its reason. Replaying
// a parked delivery repeats the good events, which changes nothing.
func (s *Service) webhook(ctx context.Context, app App, conn *configv1.Connection, d *bus.Delivery, n *eventv1.Notice, w *eventv1.Webhook) error {
	events, unreadable := app.ParseWebhook(ctx, w.GetBody())
	if passes(unreadable) {
		return unreadable
	}
	sorted := s.sort(ctx, conn, events)
	at := place{workspace: conn.GetWorkspace(), connection: conn.GetName(), lane: d.Subject.Lane}
	errs := s.each(ctx, at, len(sorted.groups), func(ctx context.Context, i int) error {
		g := &sorted.groups[i]
		at := at
		at.object = g.object
		return s.look(ctx, app, look{
			place: at, record: g.record, cause: eventv1.Cause_CAUSE_WEBHOOK, received: n.GetReceivedMs(), ask: d.ID,
			news: func(m *core.Merge) {
				for _, e := range g.events {
					m.Event(eventOf(e))
				}
			},
		})
	})
	if sorted.foreign != nil {
		errs = append(errs, fault.Wrap(fault.Invalid, CodeUnknownAccount, sorted.foreign))
	}
	return worst(append(errs, unreadable)...)
}

// group is a delivery's events of one record, in the order they happened.
type group struct {
	object deal.Object
	record string
	events []*connector.Event
}

type sorted struct {
	groups []group
	// foreign says whose events were found that are not the connection's.
	foreign error
}

// sort groups events by record. Events of objects that no sync wants are
// counted and left out: a sync that is added later reads everything anew.
func (s *Service) sort(ctx context.Context, conn *configv1.Connection, events []connector.Event) sorted {
	type key struct {
		object deal.Object
		record string
	}
	var out sorted
	at := map[key]int{}
	unused, foreign := 0, 0
	for i := range events {
		e := &events[i]
		if e.Account != "" && conn.GetAccount() != "" && e.Account != conn.GetAccount() {
			foreign++
			out.foreign = fmt.Errorf("%d events of account %q and perhaps others reached connection %q, which is signed in to account %q",
				foreign, e.Account, conn.GetName(), conn.GetAccount())
			continue
		}
		if !s.used(conn, e.Object) {
			unused++
			continue
		}
		k := key{e.Object, e.ID}
		g, ok := at[k]
		if !ok {
			g = len(out.groups)
			at[k] = g
			out.groups = append(out.groups, group{object: e.Object, record: e.ID})
		}
		out.groups[g].events = append(out.groups[g].events, e)
	}
	for _, g := range out.groups {
		slices.SortStableFunc(g.events, func(a, b *connector.Event) int { return a.At.Compare(b.At) })
	}
	if unused > 0 {
		count(ctx, s.metrics.ignored, unused, names.Reason, "unused")
	}
	if foreign > 0 {
		count(ctx, s.metrics.ignored, foreign, names.Reason, CodeUnknownAccount)
	}
	return out
}
