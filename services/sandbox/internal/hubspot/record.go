package hubspot

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

type linkInput struct {
	To struct {
		ID wire.Text `json:"id"`
	} `json:"to"`
	Types []linkType `json:"types"`
}

type linkType struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

type recordInput struct {
	ID           wire.Text            `json:"id"`
	IDProperty   string               `json:"idProperty"`
	TraceID      string               `json:"objectWriteTraceId"`
	Properties   map[string]wire.Text `json:"properties"`
	Associations []linkInput          `json:"associations"`
}

func (c *call) shape(o *object) *shape {
	return &shape{
		props:   o.wanted(wire.List(c.r, "properties")),
		history: wire.List(c.r, "propertiesWithHistory"),
		assocs:  wire.List(c.r, "associations"),
	}
}

func listRecords(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "read")
	if err != nil {
		return err
	}
	sh := c.shape(o)
	limit, top := 10, 100
	if len(sh.history) > 0 {
		top = 50
	}
	if v := c.r.URL.Query().Get("limit"); v != "" {
		n, perr := strconv.Atoi(v)
		if perr != nil || n < 1 || n > top {
			return invalid("Invalid limit %s: it must be between 1 and %d", v, top)
		}
		limit = n
	}
	var after int64
	if v := c.r.URL.Query().Get("after"); v != "" {
		n, perr := strconv.ParseInt(v, 10, 64)
		if perr != nil {
			return invalid("Invalid paging cursor: %s", v)
		}
		after = n - 1 // the cursor is the id of the next record
	}
	archived := c.r.URL.Query().Get("archived") == "true"
	recs := make([]*crm.Record, 0, limit+1)
	o.table.ScanID(after, false, func(r *crm.Record) bool {
		if r.Archived == archived && r.MergedInto == 0 {
			recs = append(recs, r)
		}
		return len(recs) <= limit
	})
	return c.reply(200, func(b []byte) []byte {
		b = append(b, `{"results":[`...)
		for _, r := range recs[:min(limit, len(recs))] {
			b = c.p.appendRecord(b, o, r, sh)
		}
		b = append(b, ']')
		if len(recs) > limit {
			b = c.appendPaging(b, strconv.FormatInt(recs[limit].ID, 10))
		}
		return append(b, '}')
	})
}

// appendPaging points to the next page of a list.
func (c *call) appendPaging(b []byte, after string) []byte {
	q := c.r.URL.Query()
	q.Set("after", after)
	link := "https://api.hubapi.com" + c.r.URL.Path + "?" + q.Encode()
	b = append(wire.AppendKey(b, "paging"), `{"next":{`...)
	b = wire.AppendStr(b, "after", after)
	b = wire.AppendStr(b, "link", link)
	return append(b, `}}`...)
}

// find looks a record up by id, or by a unique property, following merges.
func (c *call) find(o *object, id, idProperty string, follow bool) (*crm.Record, *apiError) {
	if idProperty != "" && idProperty != "hs_object_id" {
		if d := o.prop(idProperty); d == nil || !d.HasUniqueValue {
			return nil, invalid("Unable to perform update/upsert by non-unique %s property %s in portal ID %d", o.typeID, idProperty, c.p.id)
		}
		if idProperty == "email" {
			id = strings.ToLower(id)
		}
		r, _ := o.table.ByUnique(idProperty, id)
		if r == nil {
			return nil, notFound()
		}
		return r, nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, notNumeric(id)
	}
	r := o.table.Get(n)
	for follow && r != nil && r.MergedInto != 0 {
		r = o.table.Get(r.MergedInto)
	}
	if r == nil {
		return nil, notFound()
	}
	return r, nil
}

func getRecord(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "read")
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	r, err := c.find(o, c.r.PathValue("id"), q.Get("idProperty"), true)
	if err != nil {
		return err
	}
	if r.Archived != (q.Get("archived") == "true") {
		return notFound()
	}
	return c.reply(200, func(b []byte) []byte { return c.p.appendRecord(b, o, r, c.shape(o)) })
}

func createRecord(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "write")
	if err != nil {
		return err
	}
	var in recordInput
	if err := c.body(&in); err != nil {
		return err
	}
	rec, err := c.createOne(o, &in)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "https://api.hubapi.com"+c.r.URL.Path+"/"+strconv.FormatInt(rec.ID, 10))
	return c.reply(http.StatusCreated, func(b []byte) []byte {
		return c.p.appendRecord(b, o, rec, &shape{trace: in.TraceID})
	})
}

func (c *call) createOne(o *object, in *recordInput) (*crm.Record, *apiError) {
	targets, err := c.p.checkLinks(o, in.Associations)
	if err != nil {
		return nil, err
	}
	e := c.edit(wire.Map(in.Properties))
	rec, err := c.p.create(o, e)
	if err != nil {
		return nil, err
	}
	if len(targets) > 0 {
		for _, t := range targets {
			c.p.link(o, rec.ID, t, e)
		}
		rec = o.table.Get(rec.ID)
	}
	return rec, nil
}

func updateRecord(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "write")
	if err != nil {
		return err
	}
	var in recordInput
	if err := c.body(&in); err != nil {
		return err
	}
	old, err := c.find(o, c.r.PathValue("id"), c.r.URL.Query().Get("idProperty"), true)
	if err != nil {
		return err
	}
	rec, err := c.p.update(o, old.ID, c.edit(wire.Map(in.Properties)), true)
	if err != nil {
		return err
	}
	if rec == nil {
		return notFound()
	}
	return c.reply(200, func(b []byte) []byte { return c.p.appendRecord(b, o, rec, &shape{trace: in.TraceID}) })
}

func archiveRecord(c *call) *apiError {
	o, err := c.object(c.r.PathValue("type"), "write")
	if err != nil {
		return err
	}
	id := c.r.PathValue("id")
	n, perr := strconv.ParseInt(id, 10, 64)
	if perr != nil {
		return notNumeric(id)
	}
	c.p.archive(o, n, c.edit(nil))
	return c.noContent()
}

// archive puts a record into the recycle bin. It reports whether it was live.
func (p *Portal) archive(o *object, id int64, e *edit) bool {
	was, is, _ := o.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) { // the change itself cannot fail
		if old.Archived || old.MergedInto != 0 {
			return old, nil
		}
		next := old.Next()
		next.Archived, next.ArchivedAt = true, e.at
		next.Updated = max(next.Updated, e.at)
		return next, nil
	})
	if was == nil || was == is {
		return false
	}
	p.count(o, e, stat.Deleted)
	if !e.silent {
		p.publish(&event{what: "deletion", kind: o.kind, id: id, at: e.at, source: e.source, flag: "DELETED"})
	}
	return true
}

// restore takes a record out of the recycle bin, as a person does in the UI.
func (p *Portal) restore(o *object, id int64, e *edit) (bool, *apiError) {
	was, is, err := o.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) {
		if !old.Archived || old.MergedInto != 0 {
			return old, nil
		}
		next := old.Next()
		next.Archived, next.ArchivedAt = false, 0
		next.Updated = max(next.Updated, e.at)
		next.Values[o.modified] = crm.ISO(next.Updated)
		return next, nil
	})
	if err != nil {
		return false, p.storeError(o, err)
	}
	if was == nil || was == is {
		return false, nil
	}
	p.count(o, e, stat.Updated)
	if !e.silent {
		p.publish(&event{what: "restore", kind: o.kind, id: id, at: e.at, source: e.source, flag: "RESTORED"})
	}
	return true, nil
}
