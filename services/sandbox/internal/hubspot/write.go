package hubspot

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/stat"
)

// edit is one intended change of a record: by an app through the API, or by a
// person through the control API.
type edit struct {
	values  map[string]string // as sent
	source  *crm.Source
	at      int64 // when it happened, milliseconds since 1970
	silent  bool  // no webhooks
	strict  bool  // 2026-09 write rules
	byAPI   bool
	changes []crm.Change // what it came to
}

var calculated = &crm.Source{Type: "CALCULATED"}

// create stores a new record.
func (p *Portal) create(o *object, e *edit) (*crm.Record, *apiError) {
	vals, err := p.validate(o, e, nil)
	if err != nil {
		return nil, err
	}
	var rec *crm.Record
	rec, ierr := o.table.Insert(func(id int64) (*crm.Record, error) {
		r := &crm.Record{Values: make(map[string]string, len(vals)+12), Changes: make([]crm.Change, 0, len(vals)+8), Created: e.at, Updated: e.at}
		now := crm.ISO(e.at)
		r.Values["hs_object_id"] = strconv.FormatInt(id, 10)
		r.Values[o.created] = now
		if o.name == "deals" {
			r.Values["hs_createdate"] = now
			r.Values["num_associated_contacts"] = "0"
		}
		r.Values["hs_object_source"], r.Values["hs_object_source_id"], r.Values["hs_object_source_label"] = e.source.Type, e.source.ID, e.source.Type
		if e.source.UserID != 0 && o.name == "deals" {
			r.Values["hs_created_by_user_id"] = strconv.FormatInt(e.source.UserID, 10)
		}
		p.fill(o, r, e, vals)
		return r, nil
	})
	if ierr != nil {
		return nil, p.storeError(o, ierr)
	}
	p.count(o, e, stat.Created)
	p.emit(o, rec, e, "creation")
	return rec, nil
}

// update changes a live record. Absorbed ids are followed when follow is set.
// It answers nil, nil for an id that does not exist or is archived.
func (p *Portal) update(o *object, id int64, e *edit, follow bool) (*crm.Record, *apiError) {
	old := o.table.Get(id)
	for follow && old != nil && old.MergedInto != 0 {
		old = o.table.Get(old.MergedInto)
	}
	if old == nil || old.Archived || old.MergedInto != 0 {
		return nil, nil
	}
	vals, err := p.validate(o, e, old)
	if err != nil {
		return nil, err
	}
	_, rec, merr := o.table.Mutate(old.ID, func(cur *crm.Record) (*crm.Record, error) {
		if cur.Archived || cur.MergedInto != 0 {
			return nil, errGone
		}
		next := cur.Next()
		e.changes = nil
		if !p.fill(o, next, e, vals) {
			return cur, nil
		}
		return next, nil
	})
	if errors.Is(merr, errGone) {
		return nil, nil
	}
	if merr != nil {
		return nil, p.storeError(o, merr)
	}
	if len(e.changes) > 0 {
		p.count(o, e, stat.Updated)
		p.emit(o, rec, e, "")
	}
	return rec, nil
}

var errGone = errors.New("record is gone")

func (p *Portal) count(o *object, e *edit, what string) {
	if !e.byAPI {
		what = stat.Edited
	}
	p.srv.stats.Record(o.name, what)
}

// validate checks all values of an edit and brings them into stored form.
func (p *Portal) validate(o *object, e *edit, old *crm.Record) (map[string]string, *apiError) {
	var bad []badValue
	var before map[string]string
	if old != nil {
		before = old.Values
	}
	vals := make(map[string]string, len(e.values)+1)
	for name, v := range e.values {
		d := o.prop(name)
		switch {
		case d == nil || d.Archived:
			bad = append(bad, badValue{name, "PROPERTY_DOESNT_EXIST", fmt.Sprintf("Property %q does not exist", name)})
		case d.ModificationMetadata.ReadOnlyValue && (e.byAPI || d.HubspotDefined):
			bad = append(bad, badValue{name, "READ_ONLY_VALUE", fmt.Sprintf("%q is a calculated property; its value cannot be set.", name)})
		default:
			n, b := p.normal(d, v, before[name])
			if b != nil {
				bad = append(bad, *b)
			}
			vals[name] = n
		}
	}
	if b := o.checkStage(vals, before); b != nil {
		bad = append(bad, *b)
	}
	if e.strict && o.name == "deals" {
		bad = append(bad, p.strictRules(o, vals, before)...)
	}
	if len(bad) > 0 {
		return nil, badValues(p.id, bad)
	}
	return vals, nil
}

// strictRules are the admin rules that bind API writes from version 2026-09 on:
// a name on create, an amount and a close date when a deal is won.
func (p *Portal) strictRules(o *object, vals, before map[string]string) []badValue {
	get := func(name string) string {
		if v, ok := vals[name]; ok {
			return v
		}
		return before[name]
	}
	var bad []badValue
	require := func(name string) {
		if get(name) == "" {
			bad = append(bad, badValue{name, "REQUIRED_PROPERTY", fmt.Sprintf("Property %q is required", name)})
		}
	}
	if before == nil {
		require("dealname")
		require("dealstage")
	}
	if _, sent := vals["dealstage"]; sent {
		if l := o.line(get("pipeline")); l != nil {
			if st := l.stage(get("dealstage")); st != nil && st.won() {
				require("closedate")
				require("amount")
			}
		}
	}
	return bad
}

func (p *Portal) storeError(o *object, err error) *apiError {
	var taken *crm.TakenError
	if !errors.As(err, &taken) {
		return fail(500, "", "%v", err)
	}
	if o.name == "contacts" && taken.Field == "email" {
		return fail(409, catConflict, "Contact already exists. Existing ID: %d", taken.Existing)
	}
	return invalid("Cannot set PropertyValueCoordinates{portalId=%d, objectTypeId=ObjectTypeId{legacyObjectType=%s}, propertyName=%s, value=%s} on %d. %d already has that value.",
		p.id, o.legacy, taken.Field, taken.Value, taken.ID, taken.Existing)
}

// fill sets the values of an edit and what follows from them. It reports
// whether anything changed; if not, the record keeps its time of change.
func (p *Portal) fill(o *object, r *crm.Record, e *edit, vals map[string]string) bool {
	set := func(name, v string, src *crm.Source) {
		c := crm.Change{Field: name, Value: v, At: e.at, Source: src}
		if r.Set(c) {
			e.changes = append(e.changes, c)
		}
	}
	for name, v := range vals {
		set(name, v, e.source)
	}
	if len(e.changes) == 0 && len(r.Changes) > 0 {
		return false
	}
	if o.name == "deals" {
		p.derive(o, r, e, set)
		if e.source.UserID != 0 {
			r.Values["hs_updated_by_user_id"] = strconv.FormatInt(e.source.UserID, 10)
		}
	}
	r.Updated = max(r.Updated, e.at)
	r.Values[o.modified] = crm.ISO(r.Updated)
	return true
}

// derive computes the calculated properties of a deal, whose changes follow a
// person's or an app's change as HubSpot's own.
func (p *Portal) derive(o *object, r *crm.Record, e *edit, set func(name, v string, src *crm.Source)) {
	l := o.line(r.Values["pipeline"])
	if l == nil {
		return
	}
	closed, won := false, false
	if st := l.stage(r.Values["dealstage"]); st != nil {
		closed, won = st.closed(), st.won()
		if changed(e.changes, "dealstage") && !changed(e.changes, "hs_deal_stage_probability") {
			set("hs_deal_stage_probability", st.Metadata["probability"], calculated)
		}
	}
	if closed && r.Values["closedate"] == "" {
		set("closedate", crm.ISO(e.at), calculated)
	}
	set("hs_is_closed", strconv.FormatBool(closed), calculated)
	set("hs_is_closed_won", strconv.FormatBool(won), calculated)
	set("hs_is_closed_lost", strconv.FormatBool(closed && !won), calculated)
	amount := r.Values["amount"]
	set("amount_in_home_currency", amount, calculated)
	f, err := strconv.ParseFloat(amount, 64)
	if err != nil {
		f = 0
	}
	closedAmount := "0"
	if won && amount != "" {
		closedAmount = amount
	}
	set("hs_closed_amount", closedAmount, calculated)
	prob, _ := strconv.ParseFloat(r.Values["hs_deal_stage_probability"], 64) // empty: zero
	set("hs_projected_amount", strconv.FormatFloat(f*prob, 'f', -1, 64), calculated)
}

func changed(cs []crm.Change, name string) bool {
	for i := range cs {
		if cs[i].Field == name {
			return true
		}
	}
	return false
}
