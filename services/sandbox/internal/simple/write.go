package simple

import (
	"errors"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
)

// edit is one intended change of a record, by an app or by a person.
type edit struct {
	fields map[string]string
	key    string // external key of a new record
	at     int64  // when it happened, milliseconds since 1970
	source *crm.Source
}

var byAPI = &crm.Source{Type: "api"}

func (a *account) count(o *object, e *edit, what string) {
	if e.source != byAPI {
		what = stat.Edited
	}
	a.srv.stats.Record(o.plural, what)
}

// countLinks counts the references that an edit has set or cleared.
func (a *account) countLinks(o *object, was, is *crm.Record, e *edit) {
	for _, f := range *o.fields.Load() {
		before := ""
		if was != nil {
			before = was.Values[f.Name]
		}
		if f.Type != "reference" || is.Values[f.Name] == before {
			continue
		}
		what := stat.Associated
		switch {
		case e.source != byAPI:
			what = stat.Edited
		case is.Values[f.Name] == "":
			what = stat.Dissociated
		}
		a.srv.stats.Link(o.plural, f.References, what)
	}
}

func (a *account) validate(o *object, e *edit, create bool) (map[string]string, *apiError) {
	vals := make(map[string]string, len(e.fields))
	for name, v := range e.fields {
		f := o.field(name)
		switch {
		case f == nil:
			return nil, badField(name, "%s have no field %s", o.plural, name)
		case f.ReadOnly && e.source == byAPI:
			return nil, badField(name, "%s is read-only", name)
		case v == "" && f.Required:
			return nil, badField(name, "%s is required", name)
		case v != "":
			var err *apiError
			if v, err = a.normal(f, v); err != nil {
				return nil, err
			}
		}
		vals[name] = v
	}
	for _, f := range *o.fields.Load() {
		if create && f.Required && vals[f.Name] == "" {
			return nil, badField(f.Name, "%s is required", f.Name)
		}
	}
	return vals, nil
}

// create makes a record, or finds the one that has the external key already and
// leaves it as it is.
func (a *account) create(o *object, e *edit) (rec *crm.Record, existed bool, refused *apiError) {
	vals, refused := a.validate(o, e, true)
	if refused != nil {
		return nil, false, refused
	}
	rec, err := o.table.Insert(func(int64) (*crm.Record, error) {
		r := &crm.Record{Values: map[string]string{}, Created: e.at, Updated: e.at}
		if e.key != "" {
			r.Values[keyValue] = e.key
		}
		for name, v := range vals {
			r.Set(crm.Change{Field: name, Value: v, At: e.at, Source: e.source})
		}
		return r, nil
	})
	if taken, ok := errors.AsType[*crm.TakenError](err); ok {
		return o.table.Get(taken.Existing), true, nil
	}
	if err != nil {
		return nil, false, fail(500, "internal", "%v", err)
	}
	a.count(o, e, stat.Created)
	a.countLinks(o, nil, rec, e)
	return rec, false, nil
}

func (a *account) update(o *object, id int64, e *edit) (*crm.Record, *apiError) {
	vals, refused := a.validate(o, e, false)
	if refused != nil {
		return nil, refused
	}
	was, is := a.mutate(o, id, func(r *crm.Record) bool {
		changed := false
		for name, v := range vals {
			changed = r.Set(crm.Change{Field: name, Value: v, At: e.at, Source: e.source}) || changed
		}
		return changed
	}, e, false)
	if was == nil {
		return nil, noRecord(o, id)
	}
	if was != is {
		a.count(o, e, stat.Updated)
		a.countLinks(o, was, is, e)
	}
	return is, nil
}

func noRecord(o *object, id int64) *apiError {
	return notFound("record " + strconv.FormatInt(id, 10) + " among " + o.plural)
}

// mutate changes a record that is archived or not, as asked for. Both results
// are nil when there is none; they are the same when change has nothing to do.
func (a *account) mutate(o *object, id int64, change func(*crm.Record) bool, e *edit, archived bool) (was, is *crm.Record) {
	was, is, err := o.table.Mutate(id, func(old *crm.Record) (*crm.Record, error) {
		if old.Archived != archived {
			return nil, errOther
		}
		next := old.Next()
		if !change(next) {
			return old, nil
		}
		next.Updated = max(next.Updated, e.at)
		return next, nil
	})
	if err != nil {
		return nil, nil
	}
	return was, is
}

var errOther = errors.New("record is not in that state")

func (a *account) remove(o *object, id int64, e *edit) *apiError {
	_, is := a.mutate(o, id, func(r *crm.Record) bool { r.Archived, r.ArchivedAt = true, e.at; return true }, e, false)
	if is == nil {
		return noRecord(o, id)
	}
	a.count(o, e, stat.Deleted)
	return nil
}

func (a *account) restore(o *object, id int64, e *edit) *apiError {
	_, is := a.mutate(o, id, func(r *crm.Record) bool {
		gone := r.MergedInto != 0
		r.Archived = gone
		return !gone
	}, e, true)
	if is == nil || is.Archived {
		return noRecord(o, id)
	}
	a.count(o, e, stat.Updated)
	return nil
}

// merge lets the survivor take what it lacks from the other, which is deleted.
func (a *account) merge(o *object, survivor, other int64, e *edit) *apiError {
	if survivor == other || o.table.Get(survivor) == nil {
		return noRecord(o, survivor)
	}
	gone, _ := a.mutate(o, other, func(r *crm.Record) bool {
		r.Archived, r.ArchivedAt, r.MergedInto = true, e.at, survivor
		return true
	}, e, false)
	if gone == nil {
		return noRecord(o, other)
	}
	_, is := a.mutate(o, survivor, func(r *crm.Record) bool {
		for name, v := range gone.Values {
			if r.Values[name] == "" && name != keyValue && name != fromValue {
				r.Set(crm.Change{Field: name, Value: v, At: e.at, Source: e.source})
			}
		}
		from := strconv.FormatInt(other, 10)
		if had := r.Values[fromValue]; had != "" {
			from = had + ";" + from
		}
		r.Values[fromValue] = from
		return true
	}, e, false)
	if is == nil {
		return noRecord(o, survivor)
	}
	a.count(o, e, stat.Merged)
	return nil
}
