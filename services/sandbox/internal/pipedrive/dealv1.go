package pipedrive

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// changelog lists the changes of a deal's fields, newest first, with who made
// them and from where.
func changelog(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	r := c.s.deals.table.Get(id)
	if r == nil || c.s.purged(r) {
		return c.s.noSuch(c.s.deals, id)
	}
	limit := defaultLimit
	if n, perr := strconv.Atoi(c.r.URL.Query().Get("limit")); perr == nil && n > 0 {
		limit = min(n, maxLimit)
	}
	at := len(r.Changes)
	if raw, derr := base64.RawURLEncoding.DecodeString(c.r.URL.Query().Get("cursor")); derr == nil && len(raw) > 0 {
		if n, perr := strconv.Atoi(string(raw)); perr == nil {
			at = min(max(n, 0), len(r.Changes))
		}
	}
	return c.reply(200, func(b []byte) []byte {
		b = append(b, `{"success":true,"data":[`...)
		n := 0
		for ; at > 0 && n < limit; at-- {
			if ch := &r.Changes[at-1]; ch.At > r.Created || ch.Old != "" {
				b = appendChange(b, ch)
				n++
			}
		}
		b = append(b, `],"additional_data":{"next_cursor":`...)
		if at > 0 && n == limit {
			b = wire.AppendString(b, base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(at))))
		} else {
			b = append(b, "null"...)
		}
		return append(b, "}}"...)
	})
}

func appendChange(b []byte, ch *crm.Change) []byte {
	b = append(wire.Comma(b), '{')
	b = wire.AppendStr(b, "field_key", ch.Field)
	b = wire.AppendRaw(b, "old_value", asText(ch.Old))
	b = wire.AppendRaw(b, "new_value", asText(ch.Value))
	b = wire.AppendInt(b, "actor_user_id", ch.Source.UserID)
	b = wire.AppendStr(b, "time", time.UnixMilli(ch.At).UTC().Format(time.DateTime))
	b = wire.AppendStr(b, "change_source", ch.Source.Type)
	b = wire.AppendRaw(b, "change_source_user_agent", "null")
	return append(wire.AppendBool(b, "is_bulk_update_flag", false), '}')
}

// asText shows a stored value as the text that the changelog has.
func asText(v string) string {
	if v == "" {
		return "null"
	}
	if v[0] == '"' {
		return v
	}
	return string(wire.AppendString(nil, v))
}

func permittedUsers(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if c.s.deals.table.Get(id) == nil {
		return c.s.noSuch(c.s.deals, id)
	}
	var ids []int64
	for _, u := range *c.s.users.Load() {
		if u.Active {
			ids = append(ids, u.ID)
		}
	}
	return c.data(ids)
}

// appendV1 writes a record in the older form: user_id (of contacts owner_id) for
// the owner, times without zone, visible_to as text.
func (e *entity) appendV1(b []byte, r *crm.Record) []byte {
	b = append(b, '{')
	for i := range e.natives {
		n := &e.natives[i]
		v := r.Values[n.name]
		switch {
		case n.name == "owner_id" && e.name == "deal":
			b = wire.AppendRaw(b, "user_id", orNull(v))
		case n.name == "visible_to":
			b = wire.AppendRaw(b, n.name, `"`+v+`"`)
		case n.kind == instant && v != "":
			t, err := time.Parse(time.RFC3339, bare(v))
			if err == nil {
				v = str(t.Format(time.DateTime))
			}
			b = wire.AppendRaw(b, n.name, v)
		case !n.apiOnly:
			b = wire.AppendRaw(b, n.name, orNull(v))
		}
	}
	if e.name == "deal" {
		b = wire.AppendBool(b, "active", !r.Archived && bare(r.Values["status"]) == "open")
		b = wire.AppendBool(b, "deleted", r.Archived)
	} else {
		b = wire.AppendBool(b, "active_flag", !r.Archived)
	}
	for _, f := range e.fields.all() {
		b = wire.AppendRaw(b, f.Code, orNull(v1Custom(r.Values[f.Code])))
	}
	return append(b, '}')
}

// v1Custom shows only the value of fields that have parts.
func v1Custom(v string) string {
	if v == "" || v[0] != '{' {
		return v
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal([]byte(v), &parts) != nil {
		return v // stored values are well formed
	}
	return string(parts["value"])
}
