package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/dealsync/dealsync/libs/deal"
)

// matcher makes the condition's test of a value. This is the place for
// operators and types to come, dates relative to now among them.
func (c Condition) matcher() (func(value string) bool, error) {
	if c.Field == "" {
		return nil, errors.New("no field")
	}
	switch c.Op {
	case Blank, NotBlank:
		if len(c.Values) != 0 {
			return nil, fmt.Errorf("%s takes no value", c.Op)
		}
		return func(v string) bool { return (v == "") == (c.Op == Blank) }, nil
	}
	switch c.Type {
	case deal.Number:
		return typed(c, orderedOps, parseNumber, decimal.Decimal.Cmp)
	case deal.Date, deal.Datetime:
		return typed(c, orderedOps, parseTime(c.Type), time.Time.Compare)
	case deal.Bool:
		return typed(c, equalOps, parseBool, strings.Compare)
	case deal.Text:
		if c.Op == Contains || c.Op == NotContains {
			return c.piece()
		}
		return typed(c, append([]Op{Contains, NotContains}, equalOps...), parseText, strings.Compare)
	case deal.Multi:
		return c.choices()
	case deal.Picklist, deal.Owner, deal.Stage, deal.Reference:
		return typed(c, equalOps, parseText, strings.Compare)
	default:
		return nil, fmt.Errorf("unknown type %q", c.Type)
	}
}

var (
	equalOps   = []Op{Eq, Neq, In, NotIn}
	orderedOps = append([]Op{Lt, Lte, Gt, Gte}, equalOps...)
)

// allowed checks the operator and the number of values.
func (c Condition) allowed(ops []Op) error {
	if !slices.Contains(ops, c.Op) {
		names := make([]string, 0, len(ops)+2)
		for _, op := range append(slices.Clone(ops), Blank, NotBlank) {
			names = append(names, string(op))
		}
		return fmt.Errorf("operator %q on a %s: want one of %s", c.Op, c.Type, strings.Join(names, ", "))
	}
	switch many := c.Op == In || c.Op == NotIn; {
	case many && len(c.Values) == 0:
		return fmt.Errorf("%s wants at least one value", c.Op)
	case !many && len(c.Values) != 1:
		return fmt.Errorf("%s wants one value, not %d", c.Op, len(c.Values))
	case slices.Contains(c.Values, ""):
		return fmt.Errorf("an empty value; use %s or %s", Blank, NotBlank)
	}
	return nil
}

// typed makes a test that compares values of one type. A value of the record
// that is not of the type differs from every value.
func typed[V any](c Condition, ops []Op, parse func(string) (V, error), compare func(a, b V) int) (func(string) bool, error) {
	if err := c.allowed(ops); err != nil {
		return nil, err
	}
	wants := make([]V, len(c.Values))
	for i, text := range c.Values {
		v, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("value %q is no %s", text, c.Type)
		}
		wants[i] = v
	}
	negative := c.Op == Neq || c.Op == NotIn
	return func(value string) bool {
		got, err := parse(value)
		if value == "" || err != nil {
			return negative
		}
		for _, want := range wants {
			if holds(c.Op, compare(got, want)) {
				return !negative
			}
		}
		return negative
	}, nil
}

// holds reports whether the order of value and wanted is what op looks for;
// for the negative operators, what they exclude.
func holds(op Op, order int) bool {
	switch op {
	case Lt:
		return order < 0
	case Lte:
		return order <= 0
	case Gt:
		return order > 0
	case Gte:
		return order >= 0
	default:
		return order == 0
	}
}

// piece looks for a piece of a text.
func (c Condition) piece() (func(string) bool, error) {
	if err := c.allowed([]Op{c.Op}); err != nil {
		return nil, err
	}
	want := strings.ToLower(c.Values[0]) // never "", so a blank contains it never
	return func(value string) bool {
		return strings.Contains(strings.ToLower(value), want) == (c.Op == Contains)
	}, nil
}

// choices tests a field of several choices.
func (c Condition) choices() (func(string) bool, error) {
	if err := c.allowed(append([]Op{Contains, NotContains}, equalOps...)); err != nil {
		return nil, err
	}
	if c.Op == Eq || c.Op == Neq {
		want, _ := deal.Canonical(deal.Multi, c.Values[0])
		return func(value string) bool { return (value == want) == (c.Op == Eq) }, nil
	}
	positive := c.Op == In || c.Op == Contains
	return func(value string) bool {
		chosen := strings.Split(value, ";")
		shared := slices.ContainsFunc(c.Values, func(want string) bool { return slices.Contains(chosen, want) })
		return shared == positive
	}, nil
}

func parseText(v string) (string, error) { return v, nil }

func parseNumber(v string) (decimal.Decimal, error) {
	return decimal.NewFromString(strings.TrimSpace(v))
}

func parseBool(v string) (string, error) {
	if b, ok := deal.Canonical(deal.Bool, v); ok {
		return b, nil
	}
	return "", errors.New("neither true nor false")
}

// parseTime reads dates as their midnight in UTC, so that they compare with times.
func parseTime(t deal.Type) func(string) (time.Time, error) {
	layout := time.RFC3339Nano
	if t == deal.Date {
		layout = time.DateOnly
	}
	return func(v string) (time.Time, error) {
		canonical, _ := deal.Canonical(t, v) // what it cannot read, Parse refuses
		return time.Parse(layout, canonical)
	}
}
