package core

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Filter is what a record must meet to be synced (R11).
type Filter struct {
	Group Group
	// Continue keeps a pair going after its record left the filter.
	Continue bool
}

// Group joins conditions and groups by all, or by any. An empty group lets
// everything pass.
type Group struct {
	Any        bool
	Conditions []Condition
	Groups     []Group
}

// Condition compares one field with values of the field's type. Op is one of
// eq, neq, lt, lte, gt, gte, in, not_in, contains, not_contains, blank,
// not_blank.
type Condition struct {
	Field  string
	Op     string
	Values []string
	Type   deal.Type
}

// failed names what the record does not meet; "" when it passes.
func (g *Group) failed(fields map[string]Value) string {
	var first string
	n := 0
	fail := func(why string) bool {
		n++
		if why == "" {
			return false
		}
		if first == "" {
			first = why
		}
		return true
	}
	for i := range g.Conditions {
		if fail(g.Conditions[i].failed(fields)) != g.Any {
			return g.early(first)
		}
	}
	for i := range g.Groups {
		if fail(g.Groups[i].failed(fields)) != g.Any {
			return g.early(first)
		}
	}
	if g.Any && n > 0 {
		return "none of the filter's conditions is met, for one: " + first
	}
	return ""
}

// early is the answer of a group that one member has decided: an any-group has
// passed, an all-group has failed.
func (g *Group) early(why string) string {
	if g.Any {
		return ""
	}
	return why
}

func (c *Condition) failed(fields map[string]Value) string {
	have := fields[c.Field].Text
	if c.meets(have) {
		return ""
	}
	return fmt.Sprintf("%s is %q; the filter asks for %s", c.Field, have,
		strings.TrimSpace(c.Op+" "+strings.Join(c.Values, ", ")))
}

// meets decides by the field's type. A blank meets only what asks for a blank
// or excludes something: no order includes it.
func (c *Condition) meets(have string) bool {
	is := func(want string) bool { return c.compare(have, want) == 0 && (have == "") == (want == "") }
	switch c.Op {
	case "blank":
		return have == ""
	case "not_blank":
		return have != ""
	case "eq", "in":
		return slices.ContainsFunc(c.Values, is)
	case "neq", "not_in":
		return !slices.ContainsFunc(c.Values, is)
	case "contains":
		return slices.ContainsFunc(c.Values, func(v string) bool { return c.contains(have, v) })
	case "not_contains":
		return !slices.ContainsFunc(c.Values, func(v string) bool { return c.contains(have, v) })
	}
	if have == "" || len(c.Values) != 1 {
		return false
	}
	order := c.compare(have, c.Values[0])
	switch c.Op {
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	}
	return false
}

// contains looks into a text without regard to case, and for an option among
// several.
func (c *Condition) contains(have, part string) bool {
	if c.Type == deal.Multi {
		return slices.Contains(strings.Split(have, ";"), part)
	}
	return strings.Contains(strings.ToLower(have), strings.ToLower(part))
}

func (c *Condition) compare(a, b string) int {
	b, _ = deal.Canonical(c.Type, b)
	if c.Type == deal.Number {
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			return x.Cmp(y)
		}
	}
	// Dates and moments in canonical form sort as text; with and without
	// milliseconds they do not, so cut the zone off.
	if c.Type == deal.Datetime {
		a, b = strings.TrimSuffix(a, "Z"), strings.TrimSuffix(b, "Z")
	}
	return cmp.Compare(a, b)
}
