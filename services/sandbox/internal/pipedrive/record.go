package pipedrive

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

func (c *call) one(status int, e *entity, r *crm.Record) *apiError {
	sh := shape{include: wire.List(c.r, "include_fields"), custom: wire.List(c.r, "custom_fields")}
	return c.reply(status, func(b []byte) []byte {
		return append(e.appendRecord(append(b, `{"success":true,"data":`...), r, sh), '}')
	})
}

func (c *call) getRecord(e *entity) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	r := e.table.Get(id)
	if r == nil || c.s.purged(r) || r.MergedInto != 0 {
		return c.s.noSuch(e, id)
	}
	return c.one(200, e, r)
}

func (c *call) createRecord(e *entity) *apiError {
	var in map[string]json.RawMessage
	if err := c.body(&in); err != nil {
		return err
	}
	r, err := c.s.create(e, c.edit(in))
	if err != nil {
		return err
	}
	return c.one(http.StatusOK, e, r)
}

func (c *call) updateRecord(e *entity) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	var in map[string]json.RawMessage
	if err := c.body(&in); err != nil {
		return err
	}
	r, err := c.s.update(e, id, c.edit(in))
	if err != nil {
		return err
	}
	return c.one(200, e, r)
}

func (c *call) deleteRecord(e *entity) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := c.s.remove(e, id, c.edit(nil)); err != nil {
		return err
	}
	return c.data(map[string]int64{"id": id})
}

// search finds records by text, in an index that lags behind the writes.
func (c *call) search(e *entity) *apiError {
	q := c.r.URL.Query()
	exact := q.Get("exact_match") == "true"
	term := strings.ToLower(q.Get("term"))
	if n := len([]rune(term)); n < 1 || n < 2 && !exact {
		return invalid("term: String must contain at least 2 character(s)")
	}
	limit := defaultLimit
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 {
		limit = min(n, maxLimit)
	}
	start, _ := strconv.ParseInt(q.Get("cursor"), 36, 64) // none: from the start
	fields := wire.List(c.r, "fields")
	in := func(name string) bool { return len(fields) == 0 || slices.Contains(fields, name) }
	var hits []*crm.Record
	for _, r := range e.view.Table().All() {
		if r.ID <= start || r.Archived || !c.searchFilter(r) {
			continue
		}
		if e.matches(r, term, exact, in) {
			hits = append(hits, r)
		}
		if len(hits) > limit {
			break
		}
	}
	return c.reply(200, func(b []byte) []byte {
		b = append(b, `{"success":true,"data":{"items":[`...)
		for _, r := range hits[:min(limit, len(hits))] {
			b = append(wire.Comma(b), `{"result_score":1,"item":`...)
			b = append(c.s.appendHit(b, e, r), '}')
		}
		b = append(b, `]},"additional_data":{"next_cursor":`...)
		if len(hits) > limit {
			b = wire.AppendString(b, strconv.FormatInt(hits[limit-1].ID, 36))
		} else {
			b = append(b, "null"...)
		}
		return append(b, "}}"...)
	})
}

func (c *call) searchFilter(r *crm.Record) bool {
	q := c.r.URL.Query()
	for param, field := range map[string]string{"person_id": "person_id", "organization_id": "org_id"} {
		if v := q.Get(param); v != "" && r.Values[field] != v {
			return false
		}
	}
	v := q.Get("status")
	return v == "" || bare(r.Values["status"]) == v
}

// matches looks for the term, in lower case, in the texts of a record.
func (e *entity) matches(r *crm.Record, term string, exact bool, in func(string) bool) bool {
	hit := func(v string) bool {
		s, ok := plain(json.RawMessage(v))
		if !ok {
			return false
		}
		s = strings.ToLower(s)
		return exact && s == term || !exact && strings.Contains(s, term)
	}
	if e.name == "deal" && in("title") && hit(r.Values["title"]) || e.name != "deal" && in("name") && hit(r.Values["name"]) {
		return true
	}
	for param, field := range map[string]string{"email": "emails", "phone": "phones"} {
		if e.name == "person" && in(param) && slices.ContainsFunc(contactValues(r.Values[field]), func(v string) bool {
			return hit(string(wire.AppendString(nil, v)))
		}) {
			return true
		}
	}
	if !in("custom_fields") {
		return false
	}
	return slices.ContainsFunc(e.fields.all(), func(f *field) bool { return hit(r.Values[f.Code]) })
}

func contactValues(v string) []string {
	var list []struct {
		Value string `json:"value"`
	}
	if v == "" || json.Unmarshal([]byte(v), &list) != nil {
		return []string{}
	}
	out := make([]string, len(list))
	for i, it := range list {
		out[i] = it.Value
	}
	return out
}

// appendHit writes a record as a search shows it.
func (s *Server) appendHit(b []byte, e *entity, r *crm.Record) []byte {
	b = append(b, '{')
	b = wire.AppendInt(b, "id", r.ID)
	b = wire.AppendStr(b, "type", e.name)
	copyFields := []string{"name", "visible_to"}
	if e.name == "deal" {
		copyFields = []string{"title", "value", "currency", "status", "visible_to"}
	}
	for _, name := range copyFields {
		b = wire.AppendRaw(b, name, orNull(r.Values[name]))
	}
	b = wire.AppendRaw(b, "owner", `{"id":`+r.Values["owner_id"]+`}`)
	if e.name == "person" {
		b = append(wire.AppendKey(b, "emails"), wire.AppendValue(nil, contactValues(r.Values["emails"]))...)
		b = append(wire.AppendKey(b, "phones"), wire.AppendValue(nil, contactValues(r.Values["phones"]))...)
	}
	if e.name == "deal" {
		if st := s.lines.Load().stage(num(r.Values["stage_id"])); st != nil {
			b = wire.AppendRaw(b, "stage", `{"id":`+r.Values["stage_id"]+`,"name":`+string(wire.AppendString(nil, st.Name))+`}`)
		}
		b = wire.AppendRaw(b, "person", named(s.persons, r.Values["person_id"]))
		b = wire.AppendBool(b, "is_archived", r.Values["is_archived"] == "true")
	}
	if e.name != "organization" {
		b = wire.AppendRaw(b, "organization", named(s.orgs, r.Values["org_id"]))
	}
	b = append(wire.AppendKey(b, "custom_fields"), '[')
	for _, f := range e.fields.all() {
		if v := r.Values[f.Code]; v != "" && v[0] == '"' {
			b = append(wire.Comma(b), v...)
		}
	}
	return append(wire.AppendRaw(append(b, ']'), "notes", "[]"), '}')
}

func named(e *entity, id string) string {
	r := e.table.Get(num(id))
	if r == nil {
		return "null"
	}
	return `{"id":` + id + `,"name":` + orNull(r.Values["name"]) + `}`
}
