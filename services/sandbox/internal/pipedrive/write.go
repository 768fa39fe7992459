package pipedrive

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
)

// edit is one intended change of a record, by an app or by a person.
type edit struct {
	fields map[string]json.RawMessage // as sent, custom fields under custom_fields
	source *crm.Source                // Type app or api; UserID who
	at     int64                      // when it happened, milliseconds since 1970
	silent bool
	bulk   bool
	create bool

	flow string // correlation id of the webhooks that follow
	into int64  // merge: the record that survives
	from int64  // merge: the record that goes
}

func str(s string) string { return string(append(append([]byte{'"'}, s...), '"')) }

// bare takes the quotes off a stored text that needs no escapes.
func bare(v string) string { return strings.Trim(v, `"`) }

func num(v string) int64 {
	n, _ := strconv.ParseInt(v, 10, 64) // stored ids are well formed; empty is 0
	return n
}

// validate checks all sent fields and brings them into stored form.
func (s *Server) validate(e *entity, ed *edit) (map[string]string, *apiError) {
	vals := make(map[string]string, len(ed.fields)+8)
	for name, v := range ed.fields {
		if name == "custom_fields" {
			if err := s.customValues(e, v, vals); err != nil {
				return nil, err
			}
			continue
		}
		n := e.byName[name]
		if n == nil || !n.writable {
			if err := s.notWritable(e, ed, name); err != nil {
				return nil, err
			}
			continue
		}
		stored, err := n.normal(v)
		if err == nil && n.kind == raw {
			stored, err = normalRaw(name, v)
		}
		if err != nil {
			return nil, err
		}
		vals[name] = stored
	}
	return vals, s.references(vals)
}

// notWritable says which unknown or read-only fields are refused. The others
// are left out silently.
func (s *Server) notWritable(e *entity, ed *edit, name string) *apiError {
	switch {
	case e.name == "deal" && !ed.create && (name == "origin" || name == "origin_id"):
		return invalid("%s: Unrecognized key", name)
	case e.name == "person" && (name == "notes" || name == "im" || name == "birthday" || name == "job_title" || name == "postal_address"):
		return fail(403, "Contact Sync is not enabled, %s cannot be set", name)
	default:
		return nil
	}
}

func (s *Server) customValues(e *entity, v json.RawMessage, vals map[string]string) *apiError {
	var in map[string]json.RawMessage
	if json.Unmarshal(v, &in) != nil {
		return expected("custom_fields", "object", v)
	}
	for code, cv := range in {
		f := e.fields.get(code)
		if f == nil {
			return invalid("custom_fields: Unrecognized key(s) in object: '%s'", code)
		}
		stored, err := s.customValue(f, cv)
		if err != nil {
			return err
		}
		vals[code] = stored
	}
	return nil
}

// references checks that what the values point to exists.
func (s *Server) references(vals map[string]string) *apiError {
	for name, kind := range map[string]string{"owner_id": "user", "person_id": "people", "org_id": "org"} {
		if v := vals[name]; v != "" && !s.exists(kind, num(v)) {
			return fail(400, "%s %s not found", name, v)
		}
	}
	if v := vals["currency"]; v != "" && !s.hasCurrency(bare(v)) {
		return invalid("currency: Currency code %s is not supported", bare(v))
	}
	if v := vals["visible_to"]; v != "" && v != "1" && v != "3" && v != "5" && v != "7" {
		return invalid("visible_to: Invalid enum value. Expected 1 | 3 | 5 | 7, received %s", v)
	}
	return nil
}

func (s *Server) create(e *entity, ed *edit) (*crm.Record, *apiError) {
	ed.create = true
	vals, err := s.validate(e, ed)
	if err != nil {
		return nil, err
	}
	if err := s.defaults(e, ed, vals); err != nil {
		return nil, err
	}
	if e == s.deals {
		if err := s.dealRules(nil, vals, ed.at); err != nil {
			return nil, err
		}
	}
	rec, _ := e.table.Insert(func(id int64) (*crm.Record, error) { // no unique fields: cannot fail
		r := &crm.Record{Values: make(map[string]string, len(vals)+4), Changes: make([]crm.Change, 0, len(vals)+2), Created: ed.at, Updated: ed.at}
		r.Values["id"] = strconv.FormatInt(id, 10)
		if vals["add_time"] == "" {
			r.Values["add_time"] = str(crm.Seconds(ed.at))
		}
		for name, v := range vals {
			r.Set(crm.Change{Field: name, Value: v, At: ed.at, Source: ed.source})
		}
		r.Values["update_time"] = str(crm.Seconds(ed.at))
		return r, nil
	})
	s.count(e, ed, stat.Created)
	s.countLinks(e, nil, rec, ed)
	s.hooks.publish(e, "create", nil, rec, ed)
	return rec, nil
}

// defaults fills what was left out of a new record.
func (s *Server) defaults(e *entity, ed *edit, vals map[string]string) *apiError {
	must := "name"
	if e == s.deals {
		must = "title"
	}
	if v := vals[must]; v == "" || v == `""` {
		return invalid("%s: Required", must)
	}
	set := func(name, v string) {
		if vals[name] == "" {
			vals[name] = v
		}
	}
	set("owner_id", strconv.FormatInt(ed.source.UserID, 10))
	set("visible_to", "3")
	set("label_ids", "[]")
	switch e {
	case s.deals:
		set("value", "0")
		set("currency", str(s.homeCurrency()))
		set("status", `"open"`)
		vals["creator_user_id"] = strconv.FormatInt(ed.source.UserID, 10)
		vals["origin"] = `"ManuallyCreated"`
		if ed.source.Type == "api" {
			vals["origin"] = `"API"`
		}
	case s.persons:
		set("emails", "[]")
		set("phones", "[]")
		splitName(vals)
	}
	return nil
}

// splitName derives first and last name from a person's name.
func splitName(vals map[string]string) {
	if vals["name"] == "" {
		return
	}
	var name string
	if json.Unmarshal([]byte(vals["name"]), &name) != nil {
		return // stored values are well formed
	}
	first, last, _ := strings.Cut(name, " ")
	vals["first_name"] = textOrEmpty(first)
	vals["last_name"] = textOrEmpty(last)
}

func textOrEmpty(s string) string {
	if t := textOrNull(s); t != "null" {
		return t
	}
	return ""
}

var (
	errGone  = errors.New("record is gone")
	errRules = errors.New("rule broken")
)

// update changes a live record.
func (s *Server) update(e *entity, id int64, ed *edit) (*crm.Record, *apiError) {
	sent, err := s.validate(e, ed)
	if err != nil {
		return nil, err
	}
	var refused *apiError
	was, is, merr := e.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) {
		if old.Archived {
			return nil, errGone
		}
		vals := make(map[string]string, len(sent)+6)
		for k, v := range sent {
			vals[k] = v
		}
		if e == s.deals {
			if refused = s.dealRules(old, vals, ed.at); refused != nil {
				return nil, errRules
			}
		}
		if e == s.persons {
			splitName(vals)
		}
		return apply(old, vals, ed), nil
	})
	if refused != nil {
		return nil, refused
	}
	if merr != nil || was == nil {
		return nil, s.noSuch(e, id)
	}
	if was != is {
		s.count(e, ed, stat.Updated)
		s.countLinks(e, was, is, ed)
		s.hooks.publish(e, "change", was, is, ed)
	}
	return is, nil
}

// apply makes the next version of a record, or returns the old one when
// nothing would change.
func apply(old *crm.Record, vals map[string]string, ed *edit) *crm.Record {
	next := old.Next()
	changed := false
	for name, v := range vals {
		if next.Set(crm.Change{Field: name, Value: v, At: ed.at, Source: ed.source}) {
			changed = true
		}
	}
	if !changed {
		return old
	}
	next.Updated = max(next.Updated, ed.at)
	next.Values["update_time"] = str(crm.Seconds(next.Updated))
	return next
}

func (s *Server) noSuch(e *entity, id int64) *apiError {
	return fail(404, "%s", fmt.Sprintf("%s %d not found", e.title, id))
}

func (s *Server) count(e *entity, ed *edit, what string) {
	if ed.source.Type != "api" {
		what = stat.Edited
	}
	s.stats.Record(e.plural, what)
}

// countLinks counts the records of other types that an edit has linked or let
// go: here they are fields.
func (s *Server) countLinks(e *entity, was, is *crm.Record, ed *edit) {
	for name, other := range map[string]*entity{"person_id": s.persons, "org_id": s.orgs} {
		before := ""
		if was != nil {
			before = was.Values[name]
		}
		now := is.Values[name]
		if e.byName[name] == nil || now == before {
			continue
		}
		what := stat.Associated
		switch {
		case ed.source.Type != "api":
			what = stat.Edited
		case now == "":
			what = stat.Dissociated
		}
		s.stats.Link(e.plural, other.plural, what)
	}
}

// remove puts a record among the deleted, where it stays for 30 days.
func (s *Server) remove(e *entity, id int64, ed *edit) *apiError {
	was, is, _ := e.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) { // cannot fail
		if old.Archived {
			return old, nil
		}
		next := old.Next()
		next.Archived, next.ArchivedAt = true, ed.at
		next.Updated = max(next.Updated, ed.at)
		next.Values["update_time"] = str(crm.Seconds(next.Updated))
		return next, nil
	})
	if was == nil || was == is {
		return s.noSuch(e, id)
	}
	s.count(e, ed, stat.Deleted)
	s.hooks.publish(e, "delete", was, is, ed)
	return nil
}

// restore takes a record back, as a person can in the web app.
func (s *Server) restore(e *entity, id int64, ed *edit) *apiError {
	was, is, _ := e.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) { // no unique fields: cannot fail
		if !old.Archived || old.MergedInto != 0 {
			return old, nil
		}
		next := old.Next()
		next.Archived, next.ArchivedAt = false, 0
		next.Updated = max(next.Updated, ed.at)
		next.Values["update_time"] = str(crm.Seconds(next.Updated))
		return next, nil
	})
	if was == nil || was == is {
		return s.noSuch(e, id)
	}
	s.count(e, ed, stat.Updated)
	s.hooks.publish(e, "change", was, is, ed)
	return nil
}

// purge forgets records that were deleted more than 30 days ago.
func (s *Server) purge(e *entity) {
	for _, r := range e.table.All() {
		if s.purged(r) {
			e.table.Remove(r.ID)
		}
	}
}

func (s *Server) purged(r *crm.Record) bool {
	return r.Archived && s.clock.Milli()-r.ArchivedAt > purgeAfter.Milliseconds()
}
