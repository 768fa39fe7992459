package pipedrive

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

func (c *call) mergeRecords(e *entity) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	var in struct {
		With int64 `json:"merge_with_id"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	r, err := c.s.merge(e, in.With, id, c.edit(nil))
	if err != nil {
		return err
	}
	return c.reply(200, func(b []byte) []byte {
		b = append(b, `{"success":true,"data":`...)
		b = append(b, e.appendV1(make([]byte, 0, 1024), r)...)
		return append(b, '}')
	})
}

// kept are the fields of a deal that go with its own status and time, so that a
// survivor never takes them over.
var kept = []string{"update_time", "lost_reason", "won_time", "lost_time", "close_time"}

// merge lets the survivor take what it lacks from the other, which is deleted,
// and all addresses; what pointed to the other points to the survivor.
func (s *Server) merge(e *entity, survivor, other int64, ed *edit) (*crm.Record, *apiError) {
	a, b := e.table.Get(survivor), e.table.Get(other)
	if !live(a) {
		return nil, s.noSuch(e, survivor)
	}
	if !live(b) || survivor == other {
		return nil, s.noSuch(e, other)
	}
	ed.into, ed.from, ed.flow = survivor, other, wire.UUID()
	was, gone, _ := e.table.Mutate(other, func(old *crm.Record) (*crm.Record, error) { // cannot fail
		next := old.Next()
		next.Archived, next.ArchivedAt, next.MergedInto = true, ed.at, survivor
		next.Updated = max(next.Updated, ed.at)
		return next, nil
	})
	s.hooks.publish(e, "delete", was, gone, ed)
	before, is, _ := e.table.Mutate(survivor, func(old *crm.Record) (*crm.Record, error) { // cannot fail
		next := old.Next()
		for name, v := range b.Values {
			switch {
			case name == "emails" || name == "phones":
				v = bothLists(old.Values[name], v)
			case next.Values[name] != "" || slices.Contains(kept, name):
				continue
			}
			next.Set(crm.Change{Field: name, Value: v, At: ed.at, Source: ed.source})
		}
		next.Updated = max(next.Updated, ed.at)
		next.Values["update_time"] = str(crm.Seconds(next.Updated))
		return next, nil
	})
	s.count(e, ed, stat.Merged)
	s.hooks.publish(e, "change", before, is, ed)
	s.repoint(e, ed)
	return is, nil
}

type address struct {
	Value   string `json:"value"`
	Primary bool   `json:"primary"`
	Label   string `json:"label"`
}

// bothLists adds the addresses that only the other has; the survivor's primary
// one stays, if it has any.
func bothLists(mine, others string) string {
	var a, b []address
	if json.Unmarshal([]byte(mine), &a) != nil || json.Unmarshal([]byte(others), &b) != nil {
		return mine // stored lists are well formed
	}
	hasPrimary := slices.ContainsFunc(a, func(x address) bool { return x.Primary })
	for _, x := range b {
		if slices.ContainsFunc(a, func(y address) bool { return strings.EqualFold(x.Value, y.Value) }) {
			continue
		}
		x.Primary = x.Primary && !hasPrimary
		a = append(a, x)
	}
	if len(a) == 0 {
		return mine
	}
	return string(wire.AppendValue(nil, a))
}

// repoint moves what belonged to the record that went over to the survivor: a
// change of each of these records.
func (s *Server) repoint(e *entity, ed *edit) {
	field := map[*entity]string{s.persons: "person_id", s.orgs: "org_id"}[e]
	if field == "" {
		return
	}
	from, into := string(wire.AppendValue(nil, ed.from)), string(wire.AppendValue(nil, ed.into))
	follow := &edit{source: ed.source, at: ed.at, silent: ed.silent, bulk: ed.bulk, flow: ed.flow}
	for _, holder := range []*entity{s.deals, s.persons} {
		if holder.byName[field] == nil {
			continue
		}
		for _, r := range holder.table.All() {
			if r.Values[field] != from {
				continue
			}
			was, is, _ := holder.table.Mutate(r.ID, func(old *crm.Record) (*crm.Record, error) { // cannot fail
				if old.Values[field] != from {
					return old, nil
				}
				return apply(old, map[string]string{field: into}, follow), nil
			})
			if was != is && !is.Archived {
				s.hooks.publish(holder, "change", was, is, follow)
			}
		}
	}
}
