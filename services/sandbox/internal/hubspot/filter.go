package hubspot

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

type filter struct {
	PropertyName string      `json:"propertyName"`
	Operator     string      `json:"operator"`
	RawValue     wire.Text   `json:"value"`
	RawHigh      wire.Text   `json:"highValue"`
	RawValues    []wire.Text `json:"values"`

	Value, high string
	values      []string
	prop        *property
	linked      *kind
	low, top    int64 // the values as times, for date properties
}

var operators = map[string]bool{
	"EQ": true, "NEQ": true, "LT": true, "LTE": true, "GT": true, "GTE": true, "BETWEEN": true, "IN": true, "NOT_IN": true,
	"HAS_PROPERTY": true, "NOT_HAS_PROPERTY": true, "CONTAINS_TOKEN": true, "NOT_CONTAINS_TOKEN": true,
}

// check prepares a filter for matching.
func (f *filter) check(o *object) *apiError {
	if !operators[f.Operator] {
		return invalid("Invalid operator: %s", f.Operator)
	}
	f.Value, f.high = string(f.RawValue), string(f.RawHigh)
	for _, v := range f.RawValues {
		f.values = append(f.values, string(v))
	}
	if name, ok := strings.CutPrefix(f.PropertyName, "associations."); ok {
		if f.linked = findKind(name); f.linked == nil {
			return invalid("Property %q does not exist", f.PropertyName)
		}
		return nil
	}
	if f.prop = o.prop(f.PropertyName); f.prop == nil {
		return invalid("Property %q does not exist", f.PropertyName)
	}
	switch f.Operator {
	case "LT", "LTE", "GT", "GTE", "BETWEEN":
		if f.prop.Type == "string" || f.prop.Type == "enumeration" {
			return invalid("There was a problem with the request.")
		}
	case "IN", "NOT_IN":
		if len(f.values) == 0 {
			return invalid("Operator %s needs values", f.Operator)
		}
		return nil
	case "HAS_PROPERTY", "NOT_HAS_PROPERTY":
		return nil
	}
	if f.prop.Type == "date" || f.prop.Type == "datetime" {
		var ok bool
		if f.low, ok = parseTime(f.Value); !ok {
			return invalid("%s was not a valid long.", f.Value)
		}
		if f.Operator == "BETWEEN" {
			if f.top, ok = parseTime(f.high); !ok {
				return invalid("%s was not a valid long.", f.high)
			}
		}
	}
	return nil
}

func (f *filter) match(p *Portal, o *object, r *crm.Record) bool {
	if f.linked != nil {
		return f.matchLink(p, o, r)
	}
	v, has := r.Values[f.PropertyName]
	switch f.Operator {
	case "HAS_PROPERTY":
		return has
	case "NOT_HAS_PROPERTY":
		return !has
	case "NEQ":
		return !has || f.equal(v, f.Value, f.low) != 0
	case "NOT_IN":
		return !has || !slices.ContainsFunc(f.values, func(w string) bool { return f.same(v, w) })
	case "NOT_CONTAINS_TOKEN":
		return !hasToken(v, f.Value)
	}
	if !has {
		return false
	}
	switch f.Operator {
	case "IN":
		return slices.ContainsFunc(f.values, func(w string) bool { return f.same(v, w) })
	case "CONTAINS_TOKEN":
		return hasToken(v, f.Value)
	case "BETWEEN":
		return f.order(o, r, v, f.Value, f.low) >= 0 && f.order(o, r, v, f.high, f.top) <= 0
	}
	c := f.order(o, r, v, f.Value, f.low)
	switch f.Operator {
	case "LT":
		return c < 0
	case "LTE":
		return c <= 0
	case "GT":
		return c > 0
	case "GTE":
		return c >= 0
	default: // EQ
		return c == 0
	}
}

// order compares a record's value with a wanted one. The time of the last
// change, which every incremental pull asks for, is at hand as a number.
func (f *filter) order(o *object, r *crm.Record, v, want string, ms int64) int {
	if f.PropertyName == o.modified {
		return cmp.Compare(r.Updated, ms)
	}
	return f.equal(v, want, ms)
}

func (f *filter) matchLink(p *Portal, o *object, r *crm.Record) bool {
	linked := func(v string) bool {
		id, _ := strconv.ParseInt(v, 10, 64) // not a number: matches nothing
		return slices.ContainsFunc(p.links.of(o.kind, r.ID, f.linked), func(l link) bool { return l.id == id })
	}
	switch f.Operator {
	case "EQ":
		return linked(f.Value)
	case "NEQ":
		return !linked(f.Value)
	case "IN":
		return slices.ContainsFunc(f.values, linked)
	case "HAS_PROPERTY":
		return len(p.links.of(o.kind, r.ID, f.linked)) > 0
	case "NOT_HAS_PROPERTY":
		return len(p.links.of(o.kind, r.ID, f.linked)) == 0
	default:
		return false
	}
}

// same compares with one of a list. Enumerations mind the case; text is
// matched only by a lower-case value, as the page on search warns.
func (f *filter) same(v, want string) bool {
	switch f.prop.Type {
	case "string":
		return strings.ToLower(v) == want
	case "enumeration":
		return v == want || f.prop.FieldType == "checkbox" && slices.Contains(strings.Split(v, ";"), want)
	case "date", "datetime":
		ms, _ := parseTime(want)
		return f.equal(v, want, ms) == 0
	default:
		return compare(f.prop, v, want) == 0
	}
}

// equal compares a stored value with a wanted one; ms is the latter as a time.
func (f *filter) equal(v, want string, ms int64) int {
	if f.prop.Type == "date" || f.prop.Type == "datetime" {
		have, _ := parseTime(v) // stored values are well formed
		return cmp.Compare(have, ms)
	}
	return compare(f.prop, v, want)
}

func compare(d *property, a, b string) int {
	switch d.Type {
	case "number":
		x, _ := strconv.ParseFloat(a, 64) // stored values are well formed; empty sorts as zero
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	case "date", "datetime":
		x, _ := parseTime(a)
		y, _ := parseTime(b)
		return cmp.Compare(x, y)
	case "enumeration":
		return strings.Compare(a, b)
	default:
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	}
}

// hasToken looks for a word; a star at either end stands for any letters.
func hasToken(v, want string) bool {
	want = strings.ToLower(want)
	open, end := strings.HasPrefix(want, "*"), strings.HasSuffix(want, "*")
	want = strings.Trim(want, "*")
	for _, w := range strings.FieldsFunc(strings.ToLower(v), func(c rune) bool { return strings.ContainsRune(" .,;:@/-_", c) }) {
		switch {
		case w == want, open && strings.HasSuffix(w, want), end && strings.HasPrefix(w, want), open && end && strings.Contains(w, want):
			return true
		}
	}
	return strings.EqualFold(v, want)
}
