package control

import (
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// Dumper is how a double shows its records; the rest of a dump is the same for
// both.
type Dumper struct {
	Fields func(b []byte, r *crm.Record) []byte // as a JSON object, like the API's
	Change func(b []byte, c crm.Change) []byte  // the members of a change that differ: values and who
}

// Page appends up to limit of the records whose id is greater than after, by
// id; next is where the following page begins, 0 at the end.
func (d Dumper) Page(b []byte, all []*crm.Record, after int64, limit int, history bool) (out []byte, next int64) {
	var last int64
	n := 0
	for _, r := range all {
		if r.ID <= after {
			continue
		}
		if n == limit {
			return b, last
		}
		n++
		last = r.ID
		b = d.Record(b, r, history)
	}
	return b, 0
}

// Record appends one record.
func (d Dumper) Record(b []byte, r *crm.Record, history bool) []byte {
	b = append(wire.Comma(b), `{"id":`...)
	b = strconv.AppendInt(b, r.ID, 10)
	b = d.Fields(wire.AppendKey(b, "fields"), r)
	b = wire.AppendInt(b, "created", r.Created)
	b = wire.AppendInt(b, "updated", r.Updated)
	b = wire.AppendBool(b, "deleted", r.Archived)
	if r.MergedInto != 0 {
		b = wire.AppendInt(b, "merged_into", r.MergedInto)
	}
	if history {
		b = append(wire.AppendKey(b, "history"), '[')
		for _, c := range r.Changes {
			b = append(wire.Comma(b), '{')
			b = wire.AppendStr(b, "field", c.Field)
			b = wire.AppendInt(b, "at", c.At)
			b = wire.AppendStr(b, "source", c.Source.Type)
			b = append(d.Change(b, c), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
