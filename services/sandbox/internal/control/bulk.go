package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// maxBulk is the most records that one call makes.
const maxBulk = 1_000_000

// cycle gives record n the id First + (n-1) mod Count, so that records of one
// bulk meet those of another.
type cycle struct {
	First   int64 `json:"first"`
	Count   int64 `json:"count"`
	Primary bool  `json:"primary"`
}

func (c cycle) of(n int) int64 { return c.First + (int64(n)-1)%max(c.Count, 1) }

// template is what bulk makes records from. {{n}} in a text becomes the number
// of the record; a value that is just "{{n}}" becomes that number itself.
type template struct {
	Count  int   `json:"count"`
	Start  int   `json:"start"`
	AtStep int64 `json:"at_step"` // milliseconds between records
	// Rotate gives each record the next of a list of values.
	Rotate map[string][]json.RawMessage `json:"rotate"`
	// Cycle gives a field the id of another record.
	Cycle map[string]cycle `json:"cycle"`
	// Associate associates with another record, by object type.
	Associate map[string]cycle `json:"associate"`
	Edit
}

// edit is what is done for the i-th record, from 0.
func (t *template) edit(i int) Edit {
	e, n := t.Edit, t.Start+i
	e.Fields = expand(t.Fields, n)
	for name, list := range t.Rotate {
		if len(list) > 0 {
			e.Fields[name] = list[i%len(list)]
		}
	}
	for name, c := range t.Cycle {
		e.Fields[name] = strconv.AppendInt(nil, c.of(n), 10)
	}
	if len(t.Associate) > 0 {
		e.Associations = append([]Association(nil), t.Associations...)
		for object, c := range t.Associate {
			e.Associations = append(e.Associations, Association{Object: object, ID: c.of(n), Primary: c.Primary})
		}
	}
	if e.At != 0 {
		e.At += int64(i) * t.AtStep
	}
	return e
}

// bulk makes many records from a template.
func (a *api) bulk(r *http.Request) (any, error) {
	in := template{Start: 1}
	rs, object, _, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Count < 1 || in.Count > maxBulk {
		return nil, Errorf(400, "count must be between 1 and %d", maxBulk)
	}
	ids := make([]int64, 0, in.Count)
	for i := range in.Count {
		id, err := rs.Create(object, in.edit(i))
		if err != nil {
			return nil, fmt.Errorf("create record %d of %d: %w", i+1, in.Count, err)
		}
		ids = append(ids, id)
	}
	return map[string]any{"count": len(ids), "ids": ids}, nil
}

func expand(fields map[string]json.RawMessage, n int) map[string]json.RawMessage {
	num := strconv.Itoa(n)
	out := make(map[string]json.RawMessage, len(fields))
	for name, raw := range fields {
		if string(raw) == `"{{n}}"` {
			out[name] = json.RawMessage(num)
			continue
		}
		out[name] = json.RawMessage(strings.ReplaceAll(string(raw), "{{n}}", num))
	}
	return out
}
