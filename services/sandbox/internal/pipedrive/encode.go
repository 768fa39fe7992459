package pipedrive

import (
	"slices"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// shape says what of a record an answer shows.
type shape struct {
	include []string // optional fields asked for
	custom  []string // custom fields asked for; nil: all
}

// appendRecord writes a record as API v2 shows it.
func (e *entity) appendRecord(b []byte, r *crm.Record, sh shape) []byte {
	b = append(b, '{')
	for i := range e.natives {
		n := &e.natives[i]
		if n.optional && !slices.Contains(sh.include, n.name) {
			continue
		}
		b = append(wire.AppendKey(b, n.name), e.apiValue(n, r)...)
	}
	b = append(wire.AppendKey(b, "custom_fields"), '{')
	for _, f := range e.fields.all() {
		if sh.custom != nil && !slices.Contains(sh.custom, f.Code) {
			continue
		}
		b = wire.AppendRaw(b, f.Code, orNull(r.Values[f.Code]))
	}
	return append(b, "}}"...)
}

func orNull(v string) string {
	if v == "" {
		return "null"
	}
	return v
}

func (e *entity) apiValue(n *native, r *crm.Record) string {
	switch n.name {
	case "is_deleted":
		if r.Archived {
			return "true"
		}
		return "false"
	case "is_archived":
		if r.Values["is_archived"] == "true" {
			return "true"
		}
		return "false"
	case "local_won_date":
		return day(r.Values["won_time"])
	case "local_lost_date":
		return day(r.Values["lost_time"])
	case "local_close_date":
		return day(r.Values["close_time"])
	default:
		return orNull(r.Values[n.name])
	}
}

// day cuts a stored time down to its date.
func day(v string) string {
	if len(v) < 11 {
		return "null"
	}
	return v[:11] + `"`
}

// appendHook writes a record as webhooks show it: without what only the API
// has, with visible_to as text and custom fields typed. A new record has no
// update time yet.
func (e *entity) appendHook(b []byte, r *crm.Record, isNew bool) []byte {
	b = append(b, '{')
	for i := range e.natives {
		n := &e.natives[i]
		switch {
		case n.apiOnly:
		case n.name == "visible_to" && r.Values["visible_to"] != "":
			b = wire.AppendRaw(b, n.name, `"`+r.Values["visible_to"]+`"`)
		case n.name == "update_time" && isNew:
			b = wire.AppendRaw(b, n.name, "null")
		default:
			b = wire.AppendRaw(b, n.name, orNull(r.Values[n.name]))
		}
	}
	b = append(wire.AppendKey(b, "custom_fields"), '{')
	for _, f := range e.fields.all() {
		if v := r.Values[f.Code]; v != "" {
			b = wire.AppendRaw(b, f.Code, f.hookValue(v))
		}
	}
	return append(b, "}}"...)
}

// appendPrevious writes the fields that differ, with their old values.
func (e *entity) appendPrevious(b []byte, was, is *crm.Record) []byte {
	b = append(b, '{')
	for i := range e.natives {
		n := &e.natives[i]
		v := was.Values[n.name]
		if n.apiOnly || v == is.Values[n.name] {
			continue
		}
		if n.name == "visible_to" && v != "" {
			v = `"` + v + `"`
		}
		b = wire.AppendRaw(b, n.name, orNull(v))
	}
	open := false
	for _, f := range e.fields.all() {
		if v := was.Values[f.Code]; v != is.Values[f.Code] {
			if !open {
				b = append(wire.AppendKey(b, "custom_fields"), '{')
				open = true
			}
			b = wire.AppendRaw(b, f.Code, f.hookValue(v))
		}
	}
	if open {
		b = append(b, '}')
	}
	return append(b, '}')
}
