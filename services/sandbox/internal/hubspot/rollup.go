package hubspot

import (
	"slices"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// rollUps are the properties that follow from a record's associations with
// another type: how many there are, or which company is the primary one.
var rollUps = map[[2]string]string{
	{"deals", "contacts"}:     "num_associated_contacts",
	{"deals", "companies"}:    "hs_primary_associated_company",
	{"contacts", "deals"}:     "num_associated_deals",
	{"contacts", "companies"}: "associatedcompanyid",
	{"companies", "contacts"}: "num_associated_contacts",
	{"companies", "deals"}:    "num_associated_deals",
}

// liveLinks lists the links of a record to records that are not archived; those
// of an archived one come back with it.
func (p *Portal) liveLinks(o *object, id int64, to *object) []link {
	if !o.live(id) {
		return nil
	}
	return slices.DeleteFunc(p.links.of(o.kind, id, to.kind), func(l link) bool { return !to.live(l.id) })
}

// rollUp brings what follows from the associations of a record with another
// type up to date. It moves the record's time of change, as HubSpot's does.
func (p *Portal) rollUp(o *object, id int64, other *object, e *edit) {
	name := rollUps[[2]string{o.name, other.name}]
	if name == "" {
		return
	}
	v := p.rolledUp(o, id, other)
	follow := &edit{source: calculated, at: e.at, silent: e.silent}
	_, rec, _ := o.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) { // the change itself cannot fail
		next := old.Next()
		ch := crm.Change{Field: name, Value: v, At: e.at, Source: calculated}
		if !next.Set(ch) {
			return old, nil
		}
		follow.changes = append(follow.changes, ch)
		next.Updated = max(next.Updated, e.at)
		next.Values[o.modified] = crm.ISO(next.Updated)
		return next, nil
	})
	if rec != nil {
		p.emit(o, rec, follow, "")
	}
}

func (p *Portal) rolledUp(o *object, id int64, other *object) string {
	ls := p.links.of(o.kind, id, other.kind)
	primary := pairTypes(o.kind, other.kind).primary
	if primary == 0 || o.name == "companies" {
		return strconv.Itoa(len(ls))
	}
	for _, l := range ls {
		if slices.Contains(l.types, primary) {
			return strconv.FormatInt(l.id, 10)
		}
	}
	return ""
}

// recount does that for all associations of a record, at both ends, after a
// merge.
func (p *Portal) recount(o *object, id int64, e *edit) {
	for _, k := range kinds {
		other := p.objects[k.name]
		p.rollUp(o, id, other, e)
		for _, l := range p.links.of(o.kind, id, k) {
			p.rollUp(other, l.id, o, e)
		}
	}
}
