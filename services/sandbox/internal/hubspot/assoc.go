package hubspot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// target is the far end of a link that is to be made.
type target struct {
	o       *object
	id      int64
	types   []int
	replace bool
}

// checkLinks looks at the links sent with a new record: they must go the right
// way and lead to records that exist.
func (p *Portal) checkLinks(o *object, in []linkInput) ([]target, *apiError) {
	var out []target
	for _, l := range in {
		id, err := strconv.ParseInt(string(l.To.ID), 10, 64)
		if err != nil || len(l.Types) == 0 {
			return nil, invalid("Invalid association to %q", l.To.ID)
		}
		t := target{id: id}
		for _, typ := range l.Types {
			to := p.typeGoesTo(o, typ.TypeID)
			if to == nil {
				return nil, invalid("invalid from object type %s for association type %d", o.typeID, typ.TypeID)
			}
			t.o = to
			t.types = append(t.types, typ.TypeID)
		}
		if r := t.o.table.Get(id); r == nil || r.Archived {
			return nil, invalid("No association created: object %d of type %s does not exist", id, t.o.typeID)
		}
		out = append(out, t)
	}
	return out, nil
}

func (p *Portal) typeGoesTo(o *object, typ int) *object {
	for _, k := range kinds {
		if p.links.inverse(o.kind, k, typ) != 0 {
			return p.objects[k.name]
		}
	}
	return nil
}

// link makes a link, keeps count of a deal's contacts, and tells both sides.
func (p *Portal) link(o *object, id int64, t target, e *edit) {
	added := p.links.put(o.kind, id, t.o.kind, t.id, t.types, t.replace)
	if len(added) == 0 {
		return
	}
	p.linked(o, id, t.o, t.id, e, false, slices.Contains(added, pairTypes(o.kind, t.o.kind).primary) && pairTypes(o.kind, t.o.kind).primary != 0)
}

func (p *Portal) unlink(o *object, id int64, to *object, toID int64, types []int, e *edit) {
	if p.links.drop(o.kind, id, to.kind, toID, types) {
		p.linked(o, id, to, toID, e, true, false)
	}
}

func (p *Portal) linked(o *object, id int64, to *object, toID int64, e *edit, removed, primary bool) {
	p.countLink(o, to, e, removed)
	p.rollUp(o, id, to, e)
	p.rollUp(to, toID, o, e)
	if e.silent {
		return
	}
	send := func(a *object, aID int64, b *object, bID int64, primary bool) {
		p.publish(&event{
			what: "associationChange", kind: a.kind, at: e.at, source: e.source, from: aID, to: bID, removed: removed, primary: primary,
			assocType: a.legacy + "_TO_" + b.legacy,
		})
	}
	send(o, id, to, toID, false)
	send(to, toID, o, id, false)
	if primary {
		send(o, id, to, toID, true)
		send(to, toID, o, id, true)
	}
}

// countLink counts an association under the pair of its types, in the order of
// the kinds, from whichever end it was made.
func (p *Portal) countLink(o, to *object, e *edit, removed bool) {
	what := stat.Associated
	switch {
	case !e.byAPI:
		what = stat.Edited
	case removed:
		what = stat.Dissociated
	}
	if slices.Index(kinds, o.kind) > slices.Index(kinds, to.kind) {
		o, to = to, o
	}
	p.srv.stats.Link(o.name, to.name, what)
}

// ends finds the two object types named in the path and, if ids are named too,
// that both records are there.
func (c *call) ends(access string) (a, b *object, err *apiError) {
	if a, err = c.object(c.r.PathValue("type"), access); err != nil {
		return nil, nil, err
	}
	if b, err = c.object(c.r.PathValue("to"), access); err != nil {
		return nil, nil, err
	}
	if pairTypes(a.kind, b.kind).unlabeled == 0 {
		return nil, nil, invalid("No association type goes from %s to %s", a.typeID, b.typeID)
	}
	return a, b, nil
}

func (c *call) pathRecord(o *object, name string) (int64, *apiError) {
	r, err := c.find(o, c.r.PathValue(name), "", false)
	if err != nil {
		return 0, err
	}
	if r.Archived {
		return 0, notFound()
	}
	return r.ID, nil
}

func (p *Portal) appendLinkTypes(b []byte, a, o *object, l link) []byte {
	pt := pairTypes(a.kind, o.kind)
	b = append(wire.AppendKey(b, "associationTypes"), '[')
	for _, t := range l.types {
		b = append(wire.Comma(b), '{')
		category, label := "HUBSPOT_DEFINED", "null"
		if t == pt.primary && t != 0 {
			label = `"Primary"`
		} else if t != pt.unlabeled {
			category, label = "USER_DEFINED", string(wire.AppendString(nil, p.links.label(a.kind, o.kind, t)))
		}
		b = wire.AppendStr(b, "category", category)
		b = wire.AppendInt(b, "typeId", int64(t))
		b = append(wire.AppendRaw(b, "label", label), '}')
	}
	return append(b, ']')
}

func (p *Portal) appendLinks(b []byte, a, o *object, ls []link) []byte {
	b = append(b, '[')
	for _, l := range ls {
		b = append(wire.Comma(b), '{')
		b = wire.AppendInt(b, "toObjectId", l.id)
		b = append(p.appendLinkTypes(b, a, o, l), '}')
	}
	return append(b, ']')
}

func listLinks(c *call) *apiError {
	a, b, err := c.ends("read")
	if err != nil {
		return err
	}
	id, err := c.pathRecord(a, "id")
	if err != nil {
		return err
	}
	limit := 500
	if v, perr := strconv.Atoi(c.r.URL.Query().Get("limit")); perr == nil && v > 0 {
		limit = min(v, 500)
	}
	after, _ := strconv.ParseInt(c.r.URL.Query().Get("after"), 10, 64) // none: from the start
	ls := slices.DeleteFunc(c.p.liveLinks(a, id, b), func(l link) bool { return l.id < after })
	return c.reply(200, func(out []byte) []byte {
		out = append(out, `{"results":`...)
		out = c.p.appendLinks(out, a, b, ls[:min(limit, len(ls))])
		if len(ls) > limit {
			out = c.appendPaging(out, strconv.FormatInt(ls[limit].id, 10))
		}
		return append(out, '}')
	})
}

func putDefaultLink(c *call) *apiError {
	a, b, id, toID, err := c.pair()
	if err != nil {
		return err
	}
	typ := pairTypes(a.kind, b.kind).unlabeled
	c.p.link(a, id, target{o: b, id: toID, types: []int{typ}}, c.edit(nil))
	now := crm.ISO(c.s.clock.Milli())
	return c.reply(200, func(out []byte) []byte {
		out = append(out, `{"status":"COMPLETE","results":[`...)
		out = appendDefault(out, id, toID, typ)
		out = appendDefault(out, toID, id, pairTypes(b.kind, a.kind).unlabeled)
		out = append(out, ']')
		return append(wire.AppendStr(wire.AppendStr(out, "startedAt", now), "completedAt", now), '}')
	})
}

func appendDefault(b []byte, from, to int64, typ int) []byte {
	b = append(wire.Comma(b), `{"from":{"id":"`...)
	b = strconv.AppendInt(b, from, 10)
	b = append(b, `"},"to":{"id":"`...)
	b = strconv.AppendInt(b, to, 10)
	b = append(b, `"},"associationSpec":{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":`...)
	return append(strconv.AppendInt(b, int64(typ), 10), `}}`...)
}

func (c *call) pair() (a, b *object, id, toID int64, err *apiError) {
	if a, b, err = c.ends("write"); err != nil {
		return
	}
	if id, err = c.pathRecord(a, "id"); err != nil {
		return
	}
	toID, err = c.pathRecord(b, "toID")
	return
}

func putLink(c *call) *apiError {
	a, b, id, toID, err := c.pair()
	if err != nil {
		return err
	}
	var in []linkType
	if err := c.body(&in); err != nil {
		return err
	}
	types, err := c.linkTypeIDs(a, b, in)
	if err != nil {
		return err
	}
	c.p.link(a, id, target{o: b, id: toID, types: types, replace: true}, c.edit(nil))
	return c.reply(201, func(out []byte) []byte {
		out = append(out, '{')
		out = wire.AppendStr(out, "fromObjectTypeId", a.typeID)
		out = wire.AppendInt(out, "fromObjectId", id)
		out = wire.AppendStr(out, "toObjectTypeId", b.typeID)
		out = wire.AppendInt(out, "toObjectId", toID)
		return append(c.p.appendLabelNames(out, a, b, types), '}')
	})
}

func (p *Portal) appendLabelNames(b []byte, a, o *object, types []int) []byte {
	b = append(wire.AppendKey(b, "labels"), '[')
	for _, t := range types {
		if name := p.links.label(a.kind, o.kind, t); name != "" {
			b = wire.AppendString(wire.Comma(b), name)
		}
	}
	return append(b, ']')
}

func (c *call) linkTypeIDs(a, b *object, in []linkType) ([]int, *apiError) {
	var types []int
	for _, t := range in {
		if c.p.links.inverse(a.kind, b.kind, t.TypeID) == 0 {
			return nil, invalid("invalid from object type %s for association type %d", a.typeID, t.TypeID)
		}
		switch strings.ToUpper(t.Category) {
		case "HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED", "WORK":
		default:
			return nil, invalid("Invalid association category %q", t.Category)
		}
		types = append(types, t.TypeID)
	}
	return types, nil
}

func deleteLink(c *call) *apiError {
	a, b, id, toID, err := c.pair()
	if err != nil {
		return err
	}
	c.p.unlink(a, id, b, toID, nil, c.edit(nil))
	return c.noContent()
}
