package hubspot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// shape says what of a record an answer shows.
type shape struct {
	props   []string // nil: all stored ones
	history []string
	assocs  []string
	trace   string
	isNew   *bool
}

const historyShown = 45 // versions per property

func (p *Portal) appendRecord(b []byte, o *object, r *crm.Record, sh *shape) []byte {
	b = append(wire.Comma(b), '{')
	b = append(b, `"id":"`...)
	b = strconv.AppendInt(b, r.ID, 10)
	b = append(b, `","properties":{`...)
	b = appendProperties(b, o, r, sh.props)
	b = append(b, '}')
	if len(sh.history) > 0 {
		b = p.appendHistory(b, o, r, sh.history)
	}
	b = wire.AppendStr(b, "createdAt", crm.ISO(r.Created))
	b = wire.AppendStr(b, "updatedAt", crm.ISO(r.Updated))
	b = wire.AppendBool(b, "archived", r.Archived)
	if r.Archived {
		b = wire.AppendStr(b, "archivedAt", crm.ISO(r.ArchivedAt))
	}
	b = append(b, `,"url":"https://app.hubspot.com/contacts/`...)
	b = strconv.AppendInt(b, p.id, 10)
	b = append(b, "/record/"...)
	b = append(b, o.typeID...)
	b = append(b, '/')
	b = strconv.AppendInt(b, r.ID, 10)
	b = append(b, '"')
	if len(sh.assocs) > 0 {
		b = p.appendAssociations(b, o, r.ID, sh.assocs)
	}
	if sh.trace != "" {
		b = wire.AppendStr(b, "objectWriteTraceId", sh.trace)
	}
	if sh.isNew != nil {
		b = wire.AppendBool(b, "new", *sh.isNew)
	}
	return append(b, '}')
}

// appendProperties shows the wanted properties: unknown ones are left out,
// empty ones are null.
func appendProperties(b []byte, o *object, r *crm.Record, props []string) []byte {
	if props == nil {
		for name, v := range r.Values {
			b = wire.AppendStr(b, name, v)
		}
		return b
	}
	for _, name := range props {
		v, ok := r.Values[name]
		switch {
		case ok:
			b = wire.AppendStr(b, name, v)
		case o.prop(name) != nil:
			b = append(wire.AppendKey(b, name), "null"...)
		}
	}
	return b
}

// wanted is the list of properties of an answer: the defaults when nothing was
// asked for; id, creation and change time always.
func (o *object) wanted(asked []string) []string {
	if len(asked) == 0 {
		return o.defaults
	}
	out := append(make([]string, 0, len(asked)+3), asked...)
	for _, always := range []string{o.created, o.modified, "hs_object_id"} {
		if !slices.Contains(out, always) {
			out = append(out, always)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *Portal) appendHistory(b []byte, o *object, r *crm.Record, names []string) []byte {
	b = append(wire.AppendKey(b, "propertiesWithHistory"), '{')
	for _, name := range names {
		if o.prop(name) == nil {
			continue
		}
		b = append(wire.AppendKey(b, name), '[')
		for _, c := range r.History(name, historyShown) {
			b = append(wire.Comma(b), '{')
			b = wire.AppendStr(b, "value", c.Value)
			b = wire.AppendStr(b, "timestamp", crm.ISO(c.At))
			b = wire.AppendStr(b, "sourceType", c.Source.Type)
			if c.Source.ID != "" {
				b = wire.AppendStr(b, "sourceId", c.Source.ID)
			}
			if c.Source.Label != "" {
				b = wire.AppendStr(b, "sourceLabel", c.Source.Label)
			}
			if c.Source.UserID != 0 {
				b = wire.AppendInt(b, "updatedByUserId", c.Source.UserID)
			}
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendAssociations lists linked records with the names of their link types;
// a primary company comes twice, as it does from HubSpot.
func (p *Portal) appendAssociations(b []byte, o *object, id int64, names []string) []byte {
	b = append(wire.AppendKey(b, "associations"), '{')
	for _, name := range names {
		k := findKind(name)
		if k == nil {
			continue
		}
		ls := p.liveLinks(o, id, p.objects[k.name])
		if len(ls) == 0 {
			continue
		}
		b = append(wire.AppendKey(b, k.name), `{"results":[`...)
		for _, l := range ls {
			base := o.singular + "_to_" + k.singular
			types := []string{base}
			if primary := pairTypes(o.kind, k).primary; primary != 0 {
				if types = []string{base + "_unlabeled"}; slices.Contains(l.types, primary) {
					types = []string{base, base + "_unlabeled"}
				}
			}
			for _, t := range types {
				b = append(wire.Comma(b), `{"id":"`...)
				b = strconv.AppendInt(b, l.id, 10)
				b = append(b, `","type":`...)
				b = append(wire.AppendString(b, strings.ToLower(t)), '}')
			}
		}
		b = append(b, `]}`...)
	}
	return append(b, '}')
}
