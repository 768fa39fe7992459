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

// operators are what each type of field can be asked, beside Blank and NotBlank.
var operators = map[deal.Type][]Op{
	deal.Text:     {Contains, NotContains, Eq, Neq, In, NotIn},
	deal.Number:   {Lt, Lte, Gt, Gte, Eq, Neq, In, NotIn},
	deal.Date:     {Lt, Lte, Gt, Gte, Eq, Neq, In, NotIn},
	deal.Datetime: {Lt, Lte, Gt, Gte, Eq, Neq, In, NotIn},
	deal.Bool:     {Eq, Neq, In, NotIn},
	deal.Picklist: {Eq, Neq, In, NotIn},
	deal.Multi:    {Contains, NotContains, Eq, Neq, In, NotIn},
	deal.Owner:    {Eq, Neq, In, NotIn},
	deal.Stage:    {Eq, Neq, In, NotIn},
}

// Types are the types of fields that can be filtered by.
func Types() []deal.Type {
	return []deal.Type{
		deal.Text, deal.Number, deal.Date, deal.Datetime, deal.Bool, deal.Picklist, deal.Multi, deal.Owner, deal.Stage,
	}
}

// OpsFor are the operators that a field of a type can be compared with; none
// when it can't be filtered by, as references can't.
func OpsFor(t deal.Type) []Op {
	ops, ok := operators[t]
	if !ok {
		return nil
	}
	return append(slices.Clone(ops), Blank, NotBlank)
}

// meets tells whether a value of a record meets a condition at a time.
type meets func(value string, now time.Time) bool

// wanted is a value of a condition; dates may depend on the time.
type wanted[V any] func(now time.Time) V

func always[V any](v V) wanted[V] { return func(time.Time) V { return v } }

// fixed reads wanted values that do not depend on the time.
func fixed[V any](parse func(string) (V, error)) func(string) (wanted[V], error) {
	return func(text string) (wanted[V], error) {
		v, err := parse(text)
		return always(v), err
	}
}

// matcher makes the condition's test of a value.
func (c Condition) matcher() (meets, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	switch {
	case c.Op == Blank || c.Op == NotBlank:
		return func(v string, _ time.Time) bool { return (v == "") == (c.Op == Blank) }, nil
	case c.Type == deal.Number:
		return typed(c, parseNumber, fixed(parseNumber), decimal.Decimal.Cmp)
	case c.Type == deal.Date || c.Type == deal.Datetime:
		return typed(c, parseTime(c.Type), dated(c.Type), time.Time.Compare)
	case c.Type == deal.Bool:
		return typed(c, parseBool, fixed(parseBool), strings.Compare)
	case c.Type == deal.Multi:
		return c.choices(), nil
	case c.Op == Contains || c.Op == NotContains:
		return c.piece(), nil
	default:
		return typed(c, parseText, fixed(parseText), strings.Compare)
	}
}

// check looks at the field, the operator and the number of values.
func (c Condition) check() error {
	ops := OpsFor(c.Type)
	switch {
	case c.Field == "":
		return errors.New("no field")
	case c.Type == deal.Reference:
		return errors.New("records can't be filtered by the records that they refer to")
	case ops == nil:
		return fmt.Errorf("unknown type %q", c.Type)
	case !slices.Contains(ops, c.Op):
		names := make([]string, len(ops))
		for i, op := range ops {
			names[i] = string(op)
		}
		return fmt.Errorf("operator %q on a %s: want one of %s", c.Op, c.Type, strings.Join(names, ", "))
	}
	switch c.Op {
	case Blank, NotBlank:
		if len(c.Values) != 0 {
			return fmt.Errorf("%s takes no value", c.Op)
		}
	case In, NotIn:
		if len(c.Values) == 0 {
			return fmt.Errorf("%s wants at least one value", c.Op)
		}
	default:
		if len(c.Values) != 1 {
			return fmt.Errorf("%s wants one value, not %d", c.Op, len(c.Values))
		}
	}
	if slices.Contains(c.Values, "") {
		return fmt.Errorf("an empty value; use %s or %s", Blank, NotBlank)
	}
	return nil
}

// typed makes a test that compares values of one type. A value of the record
// that is not of the type differs from every value.
func typed[V any](
	c Condition, parse func(string) (V, error), want func(string) (wanted[V], error), compare func(a, b V) int,
) (meets, error) {
	wants := make([]wanted[V], len(c.Values))
	for i, text := range c.Values {
		w, err := want(text)
		if err != nil {
			return nil, fmt.Errorf("value %q is no %s: %w", text, c.Type, err)
		}
		wants[i] = w
	}
	negative := c.Op == Neq || c.Op == NotIn
	return func(value string, now time.Time) bool {
		got, err := parse(value)
		if value == "" || err != nil {
			return negative
		}
		for _, w := range wants {
			if holds(c.Op, compare(got, w(now))) {
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
func (c Condition) piece() meets {
	want := strings.ToLower(c.Values[0]) // never "", so a blank contains it never
	return func(value string, _ time.Time) bool {
		return strings.Contains(strings.ToLower(value), want) == (c.Op == Contains)
	}
}

// choices tests a field of several choices.
func (c Condition) choices() meets {
	if c.Op == Eq || c.Op == Neq {
		want, _ := deal.Canonical(deal.Multi, c.Values[0])
		return func(value string, _ time.Time) bool { return (value == want) == (c.Op == Eq) }
	}
	positive := c.Op == In || c.Op == Contains
	return func(value string, _ time.Time) bool {
		chosen := strings.Split(value, ";")
		shared := slices.ContainsFunc(c.Values, func(want string) bool { return slices.Contains(chosen, want) })
		return shared == positive
	}
}

func parseText(v string) (string, error) { return v, nil }

func parseNumber(v string) (decimal.Decimal, error) {
	if canonical, ok := deal.Canonical(deal.Number, v); ok {
		return decimal.NewFromString(canonical)
	}
	return decimal.Decimal{}, errors.New("want digits, with a point before decimals")
}

func parseBool(v string) (string, error) {
	if b, ok := deal.Canonical(deal.Bool, v); ok {
		return b, nil
	}
	return "", errors.New("want true or false")
}

// parseTime reads the values of records.
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
