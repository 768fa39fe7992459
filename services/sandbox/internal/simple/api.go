package simple

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const (
	defaultLimit = 100
	maxLimit     = 500
)

// call is one API call on its way through a handler.
type call struct {
	w http.ResponseWriter
	r *http.Request
	s *Server
	a *account
	o *object // named in the path; nil where none is
}

type handler func(c *call) *apiError

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /v1/account":          showAccount,
		"GET /v1/users":            listUsers,
		"GET /v1/{object}":         listRecords,
		"POST /v1/{object}":        createRecord,
		"GET /v1/{object}/fields":  listFields,
		"POST /v1/{object}/fields": createField,
		"GET /v1/{object}/{id}":    getRecord,
		"PATCH /v1/{object}/{id}":  updateRecord,
		"DELETE /v1/{object}/{id}": deleteRecord,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(pattern, s.open(h))
		mux.HandleFunc(method+" /a/{account}"+path, s.open(h)) // another account than the first
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		wire.Reply(w, http.StatusNotFound, notFound("such call").body())
	})
	return mux
}

// open checks token, rate and permission before a call is handled.
func (s *Server) open(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, s: s}
		err := c.check()
		if err == nil {
			err = h(c)
		}
		if err != nil {
			wire.Reply(w, err.status, err.body())
		}
	}
}

func (c *call) check() *apiError {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok || c.s.grants.Lookup(token) == nil {
		return fail(401, "unauthorized", "the token is missing or wrong")
	}
	name := c.r.PathValue("account")
	if c.s.throttling.Load() {
		if _, _, ok := c.s.window.Load().Take(name, c.s.clock.Now()); !ok {
			c.w.Header().Set("Retry-After", "1")
			return fail(429, "rate_limited", "too many calls in this second")
		}
	}
	c.a = c.s.account(name)
	area := c.r.URL.Path[strings.LastIndexByte(c.r.URL.Path, '/')+1:]
	if plural := c.r.PathValue("object"); plural != "" {
		if c.o = c.a.objects[plural]; c.o == nil {
			return notFound("object type " + plural)
		}
		if area != "fields" {
			area = plural
		}
	}
	if c.s.faults.Denied(area, c.r.Method != http.MethodGet) {
		return fail(403, "forbidden", "the account may not use %s", area)
	}
	return nil
}

func (c *call) body(v any) *apiError {
	raw, err := wire.Body(c.r)
	if err != nil {
		return fail(413, "too_large", "%v", err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fail(400, "invalid_json", "%v", err)
	}
	return nil
}

func (c *call) id() (int64, *apiError) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, notFound("record " + c.r.PathValue("id"))
	}
	return id, nil
}

func (c *call) one(status int, r *crm.Record) *apiError {
	wire.Reply(c.w, status, c.o.appendRecord(nil, r))
	return nil
}

// appendRecord writes a record as the API shows it; blank fields are null.
func (o *object) appendRecord(b []byte, r *crm.Record) []byte {
	b = append(wire.Comma(b), '{')
	b = wire.AppendStr(b, "id", strconv.FormatInt(r.ID, 10))
	b = wire.AppendStr(b, keyValue, r.Values[keyValue])
	b = o.appendFields(wire.AppendKey(b, "fields"), r)
	b = wire.AppendStr(b, "created_at", crm.ISO(r.Created))
	b = wire.AppendStr(b, "updated_at", crm.ISO(r.Updated))
	b = wire.AppendBool(b, "deleted", r.Archived)
	if r.MergedInto != 0 {
		b = wire.AppendStr(b, "merged_into", strconv.FormatInt(r.MergedInto, 10))
	}
	if from := r.Values[fromValue]; from != "" {
		b = append(wire.AppendKey(b, fromValue), wire.AppendValue(nil, strings.Split(from, ";"))...)
	}
	return append(b, '}')
}

func (o *object) appendFields(b []byte, r *crm.Record) []byte {
	b = append(b, '{')
	for _, f := range *o.fields.Load() {
		if v := r.Values[f.Name]; v != "" {
			b = wire.AppendStr(b, f.Name, v)
		} else {
			b = wire.AppendRaw(b, f.Name, "null")
		}
	}
	return append(b, '}')
}

func showAccount(c *call) *apiError {
	set := c.a.settings.Load()
	wire.ReplyValue(c.w, 200, map[string]any{
		"name": c.a.name, "currency": set.Currencies[0], "currencies": set.Currencies, "time_zone": set.Zone.String(),
	})
	return nil
}

func listUsers(c *call) *apiError {
	wire.ReplyValue(c.w, 200, map[string]any{"items": c.a.users})
	return nil
}

func listFields(c *call) *apiError {
	wire.ReplyValue(c.w, 200, map[string]any{"items": *c.o.fields.Load()})
	return nil
}

func createField(c *call) *apiError {
	var in field
	if err := c.body(&in); err != nil {
		return err
	}
	if err := c.a.addField(c.o, &in); err != nil {
		return err
	}
	wire.ReplyValue(c.w, http.StatusCreated, in)
	return nil
}

func (a *account) addField(o *object, in *field) *apiError {
	if in.Label == "" {
		in.Label = in.Name
	}
	switch {
	case in.Name == "" || !slices.Contains(types, in.Type):
		return fail(400, "invalid_field", "a field has a name, and a type out of %s", strings.Join(types, ", "))
	case in.Type == "reference" && a.objects[in.References] == nil:
		return fail(400, "invalid_field", "a reference names the object type that it goes to")
	case !o.add(*in):
		return fail(409, "exists", "there is a field %s", in.Name)
	}
	return nil
}

// listRecords lists by time of change, so that who reads to the end has missed
// nothing: a record that changes meanwhile comes again.
func listRecords(c *call) *apiError {
	q := c.r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	if ids := wire.List(c.r, "ids"); ids != nil {
		return c.byID(ids)
	}
	at, id := int64(math.MinInt64), int64(math.MinInt64)
	if v := q.Get("updated_since"); v != "" {
		since, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return badField("updated_since", "%q is no time", v)
		}
		at = since.UnixMilli()
	}
	if v := q.Get("cursor"); v != "" {
		a, b, _ := strings.Cut(v, ".")
		var err2 error
		at, err = strconv.ParseInt(a, 10, 64)
		if id, err2 = strconv.ParseInt(b, 10, 64); err != nil || err2 != nil {
			return badField("cursor", "%q is no cursor", v)
		}
	}
	asOf := crm.ISO(c.s.clock.Milli())
	keys := wire.List(c.r, "external_key")
	found := make([]*crm.Record, 0, limit+1)
	c.o.table.ScanTime(at, id, false, func(r *crm.Record) bool {
		if (q.Get("deleted") == "true" || !r.Archived) && (keys == nil || slices.Contains(keys, r.Values[keyValue])) {
			found = append(found, r)
		}
		return len(found) <= limit
	})
	c.page(found, limit, asOf)
	return nil
}

// byID shows the wanted records, deleted ones too, and leaves out what is missing.
func (c *call) byID(ids []string) *apiError {
	if len(ids) > defaultLimit {
		return badField("ids", "at most %d ids are allowed", defaultLimit)
	}
	found := make([]*crm.Record, 0, len(ids))
	for _, s := range ids {
		id, _ := strconv.ParseInt(s, 10, 64) // not a number: no record has id 0
		if r := c.o.table.Get(id); r != nil {
			found = append(found, r)
		}
	}
	c.page(found, len(found), crm.ISO(c.s.clock.Milli()))
	return nil
}

func (c *call) page(found []*crm.Record, limit int, asOf string) {
	b := []byte(`{"items":[`)
	for _, r := range found[:min(limit, len(found))] {
		b = c.o.appendRecord(b, r)
	}
	b = append(b, ']')
	next := ""
	if len(found) > limit {
		last := found[limit-1]
		next = strconv.FormatInt(last.Updated, 10) + "." + strconv.FormatInt(last.ID, 10)
	}
	b = wire.AppendStr(b, "next", next)
	b = wire.AppendStr(b, "as_of", asOf)
	b = wire.AppendInt(b, "total", int64(c.o.table.Len()))
	wire.Reply(c.w, http.StatusOK, append(b, '}'))
}

type recordInput struct {
	Key    string               `json:"external_key"`
	Fields map[string]wire.Text `json:"fields"`
}

func (c *call) edit() (*edit, *apiError) {
	var in recordInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	return &edit{fields: wire.Map(in.Fields), key: in.Key, at: c.s.clock.Milli(), source: byAPI}, nil
}

func getRecord(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if r := c.o.table.Get(id); r != nil {
		return c.one(200, r)
	}
	return noRecord(c.o, id)
}

// createRecord answers 201, or 200 with the record that has the external key.
func createRecord(c *call) *apiError {
	e, err := c.edit()
	if err != nil {
		return err
	}
	r, existed, err := c.a.create(c.o, e)
	if err != nil {
		return err
	}
	if existed {
		return c.one(http.StatusOK, r)
	}
	return c.one(http.StatusCreated, r)
}

func updateRecord(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	e, err := c.edit()
	if err != nil {
		return err
	}
	r, err := c.a.update(c.o, id, e)
	if err != nil {
		return err
	}
	return c.one(http.StatusOK, r)
}

func deleteRecord(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := c.a.remove(c.o, id, &edit{at: c.s.clock.Milli(), source: byAPI}); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
