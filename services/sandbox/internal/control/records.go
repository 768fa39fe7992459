package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// maxBulk is the most records that one call makes.
const maxBulk = 1_000_000

// target finds the account and the record that a call is about.
func (a *api) target(r *http.Request) (rs Records, object string, id int64, err error) {
	if rs, err = a.d.Records(r.URL.Query().Get("account")); err != nil {
		return nil, "", 0, fmt.Errorf("find account: %w", err)
	}
	if s := r.PathValue("id"); s != "" {
		if id, err = strconv.ParseInt(s, 10, 64); err != nil {
			return nil, "", 0, Errorf(404, "no record %s", s)
		}
	}
	return rs, r.PathValue("object"), id, nil
}

func (a *api) create(r *http.Request) (any, error) {
	var e Edit
	rs, object, _, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &e); err != nil {
		return nil, err
	}
	id, err := rs.Create(object, e)
	return map[string]int64{"id": id}, err
}

func (a *api) change(r *http.Request, f func(rs Records, object string, id int64, e Edit) error) (any, error) {
	var e Edit
	rs, object, id, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &e); err != nil {
		return nil, err
	}
	return map[string]int64{"id": id}, f(rs, object, id, e)
}

func (a *api) update(r *http.Request) (any, error) { return a.change(r, Records.Update) }

func (a *api) remove(r *http.Request) (any, error) { return a.change(r, Records.Delete) }

func (a *api) restore(r *http.Request) (any, error) { return a.change(r, Records.Restore) }

func (a *api) do(r *http.Request) (any, error) {
	var in struct {
		Edit
		Action
	}
	rs, object, id, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	in.Name = r.PathValue("what")
	fields, err := rs.Do(object, id, in.Action)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	in.Fields = fields
	return map[string]int64{"id": id}, rs.Update(object, id, in.Edit)
}

func (a *api) merge(r *http.Request) (any, error) {
	var in struct {
		Edit
		Primary int64 `json:"primary"`
		Other   int64 `json:"other"`
	}
	rs, object, _, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := rs.Merge(object, in.Primary, in.Other, in.Edit)
	return map[string]int64{"id": id}, err
}

// edits makes many edits in one call; each is settled for itself.
func (a *api) edits(r *http.Request) (any, error) {
	var in struct {
		Edits []struct {
			ID int64 `json:"id"`
			Edit
		} `json:"edits"`
	}
	rs, object, _, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	done, failed := 0, []map[string]any{}
	for i := range in.Edits {
		if err := rs.Update(object, in.Edits[i].ID, in.Edits[i].Edit); err != nil {
			failed = append(failed, map[string]any{"id": in.Edits[i].ID, "error": err.Error()})
			continue
		}
		done++
	}
	return map[string]any{"done": done, "failed": failed}, nil
}

// bulk makes many records from a template. {{n}} in a text becomes the number
// of the record; a value that is just "{{n}}" becomes that number itself;
// rotate gives each record the next of a list of values.
func (a *api) bulk(r *http.Request) (any, error) {
	var in struct {
		Count  int                          `json:"count"`
		Start  int                          `json:"start"`
		AtStep int64                        `json:"at_step"` // milliseconds between records
		Rotate map[string][]json.RawMessage `json:"rotate"`
		Edit
	}
	in.Start = 1
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
		e := in.Edit
		e.Fields = expand(in.Fields, in.Start+i)
		for name, list := range in.Rotate {
			if len(list) > 0 {
				e.Fields[name] = list[i%len(list)]
			}
		}
		if e.At != 0 {
			e.At += int64(i) * in.AtStep
		}
		id, err := rs.Create(object, e)
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

// dump shows all records, or a page of them when there is a limit.
func (a *api) dump(w http.ResponseWriter, r *http.Request) {
	rs, object, _, err := a.target(r)
	if err != nil {
		fail(w, err)
		return
	}
	q := r.URL.Query()
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64) // none: from the start
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 1 << 40
	}
	buf := wire.Buffer()
	defer wire.Recycle(buf)
	out, next, err := rs.Dump(append(*buf, `{"records":[`...), object, after, limit, q.Get("history") == "true")
	if err != nil {
		fail(w, err)
		return
	}
	out = append(out, `],"next":`...)
	*buf = append(strconv.AppendInt(out, next, 10), '}')
	wire.Reply(w, http.StatusOK, *buf)
}

func (a *api) show(w http.ResponseWriter, r *http.Request) {
	rs, object, id, err := a.target(r)
	if err != nil {
		fail(w, err)
		return
	}
	out, err := rs.Show(nil, object, id)
	if err != nil {
		fail(w, err)
		return
	}
	wire.Reply(w, http.StatusOK, out)
}
