package hubspot

import (
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const maxMerges = 250

func mergeRecords(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "write")
	if err != nil {
		return err
	}
	var in struct {
		Primary wire.Text `json:"primaryObjectId"`
		Other   wire.Text `json:"objectIdToMerge"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	primary, err := c.find(o, string(in.Primary), "", true)
	if err != nil {
		return err
	}
	other, err := c.find(o, string(in.Other), "", true)
	if err != nil {
		return err
	}
	rec, err := c.p.merge(o, primary.ID, other.ID, c.edit(nil))
	if err != nil {
		return err
	}
	return c.reply(200, func(b []byte) []byte { return c.p.appendRecord(b, o, rec, &shape{}) })
}

// merge makes one record of two. The primary's values win; where it has none,
// the other's are taken. Depending on a switch the result is a new record, as
// merges of deals are documented, or the primary keeps its id.
func (p *Portal) merge(o *object, primaryID, otherID int64, e *edit) (*crm.Record, *apiError) {
	a, b := o.table.Get(primaryID), o.table.Get(otherID)
	if a == nil || b == nil || a.Archived || b.Archived {
		return nil, notFound()
	}
	if primaryID == otherID {
		return nil, invalid("A record cannot be merged with itself")
	}
	moved := map[string]string{}
	for name, v := range b.Values {
		if d := o.prop(name); a.Values[name] == "" && d != nil && !d.ModificationMetadata.ReadOnlyValue {
			moved[name] = v
		}
	}
	absorbed := mergedIDs(a, b)
	if len(absorbed) > maxMerges {
		return nil, fail(414, "", "A record can absorb at most %d others", maxMerges)
	}
	src := &crm.Source{Type: "MERGE_OBJECTS", ID: e.source.ID, UserID: e.source.UserID}
	winner := a.ID
	if o.name == "deals" && p.srv.mergeNew.Load() {
		winner = p.mergeIntoNew(o, a, e)
		absorbed = append([]int64{a.ID}, absorbed...)
		p.absorb(o, a.ID, winner, e.at)
	}
	p.absorb(o, b.ID, winner, e.at)
	m := &edit{source: src, at: e.at, silent: e.silent}
	list := joinIDs(absorbed)
	_, _, err := o.table.Mutate(winner, func(old *crm.Record) (*crm.Record, error) {
		next := old.Next()
		p.fill(o, next, m, moved)
		next.Values["hs_merged_object_ids"] = list
		next.Updated = max(next.Updated, e.at)
		next.Values[o.modified] = crm.ISO(next.Updated)
		return next, nil
	})
	if err != nil {
		return nil, p.storeError(o, err)
	}
	for _, id := range []int64{a.ID, b.ID} {
		if id != winner {
			p.links.move(o.kind, id, winner)
		}
	}
	p.recount(o, winner, e)
	rec := o.table.Get(winner)
	p.count(o, e, stat.Merged)
	if !e.silent {
		p.publish(&event{
			what: "merge", kind: o.kind, id: winner, at: e.at, source: e.source, winner: a.ID, newID: winner,
			merged: []int64{b.ID}, moved: len(moved),
		})
	}
	p.emit(o, rec, m, "")
	return rec, nil
}

func (p *Portal) mergeIntoNew(o *object, a *crm.Record, e *edit) int64 {
	// Unique values are still the primary's at this moment; they come over when it is absorbed.
	rec, _ := o.table.Insert(func(id int64) (*crm.Record, error) { // no unique value: cannot fail
		n := a.Next()
		for name := range n.Values {
			if d := o.prop(name); d != nil && d.HasUniqueValue {
				delete(n.Values, name)
			}
		}
		n.Values["hs_object_id"] = strconv.FormatInt(id, 10)
		n.Changes = nil
		n.Updated = max(a.Updated, e.at)
		return n, nil
	})
	p.absorb(o, a.ID, rec.ID, e.at)
	_, _, _ = o.table.Mutate(rec.ID, func(old *crm.Record) (*crm.Record, error) { // the values are free now
		n := old.Next()
		for name, v := range a.Values {
			if d := o.prop(name); d != nil && d.HasUniqueValue && name != "hs_object_id" {
				n.Values[name] = v
			}
		}
		for _, c := range a.Changes {
			n.Remember(c)
		}
		return n, nil
	})
	return rec.ID
}

// absorb turns a record into a pointer to the winner.
func (p *Portal) absorb(o *object, id, winner, at int64) {
	_, _, _ = o.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) { // an archived record holds no unique value: cannot fail
		n := old.Next()
		n.Archived, n.ArchivedAt, n.MergedInto = true, at, winner
		return n, nil
	})
}

func mergedIDs(a, b *crm.Record) []int64 {
	ids := []int64{b.ID}
	for _, r := range []*crm.Record{a, b} {
		ids = append(ids, splitIDs(r.Values["hs_merged_object_ids"])...)
	}
	return ids
}

func splitIDs(s string) []int64 {
	var out []int64
	for part := range strings.SplitSeq(s, ";") {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func joinIDs(ids []int64) string {
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, ';')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(b)
}

// move gives all links of one record to another.
func (l *links) move(k *kind, from, to int64) {
	for _, other := range kinds {
		for _, ln := range l.of(k, from, other) {
			l.drop(k, from, other, ln.id, nil)
			l.put(k, to, other, ln.id, ln.types, false)
		}
	}
}
