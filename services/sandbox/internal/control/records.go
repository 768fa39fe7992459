package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

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

func (a *api) associate(r *http.Request, remove bool) (any, error) {
	var in struct {
		Edit
		Association
	}
	rs, object, id, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return map[string]int64{"id": id}, rs.Associate(object, id, in.Association, remove, in.Edit)
}

func (a *api) define(r *http.Request) (any, error) {
	var field json.RawMessage
	rs, object, _, err := a.target(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, &field); err != nil {
		return nil, err
	}
	return rs.Define(object, field)
}

// examples defines one field of every type.
func (a *api) examples(r *http.Request) (any, error) {
	rs, object, _, err := a.target(r)
	if err != nil {
		return nil, err
	}
	list, err := rs.Examples(object)
	if err != nil {
		return nil, err
	}
	made := []any{}
	for _, field := range list {
		f, err := rs.Define(object, field)
		if err != nil {
			return nil, err
		}
		made = append(made, f)
	}
	return map[string]any{"fields": made}, nil
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
