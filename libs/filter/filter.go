// Package filter decides whether a record meets the conditions of a sync
// (R11). It is pure: no clock, no I/O, and a filter never changes. What time it
// is, is an argument, and its zone is the one in which days begin.
package filter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// CodeBad is the code of a filter that makes no sense.
const CodeBad = "bad_filter"

// Op compares a field with the values of a condition.
type Op string

// The operators. A field without a value meets only Blank and what excludes
// something: Neq, NotIn and NotContains.
const (
	// Eq and Neq compare with one value: numbers by amount, times by instant,
	// several choices as a set, all else exactly.
	Eq  Op = "eq"
	Neq Op = "neq"
	// Lt to Gte order numbers, dates and times. Dates may be relative
	// (RelativeSyntax).
	Lt  Op = "lt"
	Lte Op = "lte"
	Gt  Op = "gt"
	Gte Op = "gte"
	// In and NotIn ask whether any of the values is the field's, or among its
	// choices.
	In    Op = "in"
	NotIn Op = "not_in"
	// Contains and NotContains look for a piece of a text, whatever its case,
	// or for one of several choices.
	Contains    Op = "contains"
	NotContains Op = "not_contains"
	// Blank and NotBlank take no value.
	Blank    Op = "blank"
	NotBlank Op = "not_blank"
)

// Condition compares one field of a record.
type Condition struct {
	Field  string
	Type   deal.Type
	Op     Op
	Values []string
}

// String reads like the configuration: "value gte 1000".
func (c Condition) String() string { return c.Field + " " + c.wants() }

func (c Condition) wants() string {
	return strings.TrimRight(string(c.Op)+" "+strings.Join(c.Values, ", "), " ")
}

// missed says what the field holds instead of what is wanted.
func (c Condition) missed(value string) string {
	return fmt.Sprintf("%s is %q, wanted: %s", c.Field, value, c.wants())
}

// Group joins conditions and groups: all of them must be met, or any. An empty
// group is met.
type Group struct {
	Any        bool
	Conditions []Condition
	Groups     []Group
}

// Filter is a group made ready. It is safe for concurrent use; nil is a filter
// that everything meets.
type Filter struct {
	root     group
	relative bool
}

type group struct {
	any   bool
	tests []test
	subs  []group
}

// test is a condition made ready.
type test struct {
	Condition
	met meets
}

// New checks a group and makes it ready. An error is fault.Invalid and says
// which condition is wrong and what is allowed.
func New(g Group) (*Filter, error) {
	root, err := prepare(g)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, CodeBad, err)
	}
	return &Filter{root, timed(g)}, nil
}

// timed reports whether a condition has a relative date.
func timed(g Group) bool {
	for _, c := range g.Conditions {
		if c.Type != deal.Date && c.Type != deal.Datetime {
			continue
		}
		for _, v := range c.Values {
			if _, ok := parseRelative(v); ok {
				return true
			}
		}
	}
	return slices.ContainsFunc(g.Groups, timed)
}

func prepare(g Group) (group, error) {
	ready := group{any: g.Any}
	for _, c := range g.Conditions {
		met, err := c.matcher()
		if err != nil {
			return group{}, fmt.Errorf("condition %q: %w", c, err)
		}
		ready.tests = append(ready.tests, test{c, met})
	}
	for _, sub := range g.Groups {
		s, err := prepare(sub)
		if err != nil {
			return group{}, err
		}
		ready.subs = append(ready.subs, s)
	}
	return ready, nil
}

// Relative reports whether the filter depends on the time: a record may come to
// meet it, or meet it no more, without an edit.
func (f *Filter) Relative() bool { return f != nil && f.relative }

// Match reports whether a record meets the filter at a time. Values are in the
// canonical form of their types; a missing field is blank.
func (f *Filter) Match(record deal.Fields, now time.Time) bool {
	return f == nil || f.root.met(record, now)
}

// Unmet names what a record does not meet at a time, for people; "" when it
// meets all.
func (f *Filter) Unmet(record deal.Fields, now time.Time) string {
	if f == nil {
		return ""
	}
	return f.root.unmet(record, now)
}

func (t test) holds(record deal.Fields, now time.Time) bool { return t.met(record[t.Field], now) }

func (g group) met(record deal.Fields, now time.Time) bool {
	for _, t := range g.tests {
		if t.holds(record, now) == g.any {
			return g.any
		}
	}
	for _, s := range g.subs {
		if s.met(record, now) == g.any {
			return g.any
		}
	}
	return !g.any || len(g.tests)+len(g.subs) == 0
}

func (g group) unmet(record deal.Fields, now time.Time) string {
	if g.met(record, now) {
		return ""
	}
	var missed []string
	for _, t := range g.tests {
		if !t.holds(record, now) {
			missed = append(missed, t.missed(record[t.Field]))
		}
	}
	for _, s := range g.subs {
		if m := s.unmet(record, now); m != "" {
			missed = append(missed, m)
		}
	}
	if g.any && len(missed) > 1 {
		return "any of (" + strings.Join(missed, "; ") + ")"
	}
	return strings.Join(missed, "; ")
}
