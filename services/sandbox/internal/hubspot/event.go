package hubspot

import (
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// event is one webhook event before it is matched with subscriptions.
type event struct {
	what   string // creation, deletion, merge, restore, propertyChange, associationChange
	kind   *kind
	id     int64
	at     int64
	source *crm.Source
	flag   string

	property, value string

	from, to         int64 // associationChange
	assocType        string
	removed, primary bool

	winner, newID int64 // merge
	merged        []int64
	moved         int
}

// emit tells the subscribed apps what an edit did to a record.
func (p *Portal) emit(o *object, r *crm.Record, e *edit, what string) {
	if e.silent || !p.srv.anyHooks() {
		return
	}
	if what == "creation" {
		p.publish(&event{what: what, kind: o.kind, id: r.ID, at: e.at, source: e.source, flag: "CREATED"})
	}
	for i := range e.changes {
		c := &e.changes[i]
		p.publish(&event{what: "propertyChange", kind: o.kind, id: r.ID, at: c.At, source: c.Source, property: c.Field, value: c.Value})
	}
}

// publish hands an event to every app that has an active subscription for it.
func (p *Portal) publish(ev *event) {
	for _, h := range p.srv.hooks {
		for _, sub := range h.match(ev) {
			h.push(p.appendEvent(nil, ev, sub, h))
		}
	}
}

// appendEvent writes the event up to the number of the attempt, which is added
// when it is sent.
func (p *Portal) appendEvent(b []byte, ev *event, sub *subscription, h *hooks) []byte {
	if b == nil {
		b = make([]byte, 0, 384)
	}
	b = append(b, '{')
	b = wire.AppendInt(b, "eventId", p.srv.eventID())
	b = wire.AppendInt(b, "subscriptionId", sub.id)
	b = wire.AppendInt(b, "portalId", p.id)
	b = wire.AppendInt(b, "appId", h.app.ID)
	b = wire.AppendInt(b, "occurredAt", ev.at)
	b = wire.AppendStr(b, "subscriptionType", sub.EventType)
	switch ev.what {
	case "associationChange":
		b = wire.AppendStr(b, "associationType", ev.assocType)
		b = wire.AppendInt(b, "fromObjectId", ev.from)
		b = wire.AppendInt(b, "toObjectId", ev.to)
		b = wire.AppendBool(b, "associationRemoved", ev.removed)
		b = wire.AppendBool(b, "isPrimaryAssociation", ev.primary)
	case "merge":
		b = wire.AppendInt(b, "objectId", ev.newID)
		b = wire.AppendInt(b, "primaryObjectId", ev.winner)
		b = append(wire.AppendKey(b, "mergedObjectIds"), '[')
		for _, id := range ev.merged {
			b = strconv.AppendInt(wire.Comma(b), id, 10)
		}
		b = append(b, ']')
		b = wire.AppendInt(b, "newObjectId", ev.newID)
		b = wire.AppendInt(b, "numberOfPropertiesMoved", int64(ev.moved))
	default:
		b = wire.AppendInt(b, "objectId", ev.id)
	}
	generic := strings.HasPrefix(sub.EventType, "object.")
	if generic {
		b = wire.AppendStr(b, "objectTypeId", ev.kind.typeID)
	}
	if ev.what == "propertyChange" {
		b = wire.AppendStr(b, "propertyName", ev.property)
		b = wire.AppendStr(b, "propertyValue", ev.value)
	}
	if ev.flag != "" {
		b = wire.AppendStr(b, "changeFlag", ev.flag)
	}
	b = wire.AppendStr(b, "changeSource", ev.source.Type)
	if ev.source.ID != "" {
		b = wire.AppendStr(b, "sourceId", ev.source.ID)
	}
	if generic && ev.what == "propertyChange" {
		b = wire.AppendBool(b, "isSensitive", false)
	}
	return wire.AppendKey(b, "attemptNumber")
}
