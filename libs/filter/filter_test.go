package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

// noon is a Wednesday's noon in UTC.
var noon = time.Date(2026, time.May, 13, 12, 0, 0, 0, time.UTC)

func when(field string, t deal.Type, op filter.Op, values ...string) filter.Condition {
	return filter.Condition{Field: field, Type: t, Op: op, Values: values}
}

func all(c ...filter.Condition) filter.Group { return filter.Group{Conditions: c} }

func ready(t *testing.T, g filter.Group) *filter.Filter {
	t.Helper()
	f, err := filter.New(g)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		value string
		cond  filter.Condition
		want  bool
	}{
		{"1000 is at least 1000", "1000", when("f", deal.Number, filter.Gte, "1000"), true},
		{"999.99 is not at least 1000", "999.99", when("f", deal.Number, filter.Gte, "1000"), false},
		{"numbers are not compared as text", "9", when("f", deal.Number, filter.Lt, "10"), true},
		{"10 is not less than 10", "10", when("f", deal.Number, filter.Lt, "10"), false},
		{"10 is at most 10", "10", when("f", deal.Number, filter.Lte, "10"), true},
		{"10 is not greater than 10", "10", when("f", deal.Number, filter.Gt, "10"), false},
		{"-1 is less than 0", "-1", when("f", deal.Number, filter.Lt, "0"), true},
		{"10.50 equals 10.5", "10.5", when("f", deal.Number, filter.Eq, "10.50"), true},
		{"no cent is lost in large amounts", "9007199254740993", when("f", deal.Number, filter.Eq, "9007199254740992"), false},
		{"5 is in 3, 5, 7", "5", when("f", deal.Number, filter.In, "3", "5.0", "7"), true},
		{"5 is not in a list without it", "5", when("f", deal.Number, filter.NotIn, "3", "7"), true},
		{"what is no number differs from every number", "n/a", when("f", deal.Number, filter.Neq, "1"), true},
		{"and is not greater than any", "n/a", when("f", deal.Number, filter.Gt, "1"), false},

		{"an endless number is no number", "1e999999999", when("f", deal.Number, filter.Gt, "1"), false},

		{"May comes after April", "2026-05-01", when("f", deal.Date, filter.Gt, "2026-04-30"), true},
		{"a date is on or before itself", "2026-05-01", when("f", deal.Date, filter.Lte, "2026-05-01"), true},
		{"times are compared by instant", "2026-05-01T10:00:00Z", when("f", deal.Datetime, filter.Eq, "2026-05-01T12:00:00+02:00"), true},
		{"milliseconds count", "2026-01-01T00:00:00.5Z", when("f", deal.Datetime, filter.Gt, "2026-01-01T00:00:00Z"), true},
		{"a date stands for its midnight", "2026-05-01T00:00:00.001Z", when("f", deal.Datetime, filter.Gt, "2026-05-01"), true},

		{"text equals itself", "Big deal", when("f", deal.Text, filter.Eq, "Big deal"), true},
		{"text in another case is another text", "Big deal", when("f", deal.Text, filter.Eq, "big deal"), false},
		{"a piece is found in any case", "Renewal ÄPFEL 2026", when("f", deal.Text, filter.Contains, "äpfel"), true},
		{"a piece that is there is not missing", "Renewal", when("f", deal.Text, filter.NotContains, "NEW"), false},
		{"a piece that is missing is not there", "Renewal", when("f", deal.Text, filter.NotContains, "test"), true},

		{"true is true in any spelling", "true", when("f", deal.Bool, filter.Eq, "Yes"), true},
		{"false is not true", "false", when("f", deal.Bool, filter.Neq, "true"), true},
		{"an owner is one of two", "7", when("f", deal.Owner, filter.In, "5", "7"), true},
		{"a stage is another stage", "1/2", when("f", deal.Stage, filter.Neq, "1/1"), true},

		{"choices are equal in any order", "a;b", when("f", deal.Multi, filter.Eq, "b;a"), true},
		{"more choices are not equal", "a;b;c", when("f", deal.Multi, filter.Eq, "a;b"), false},
		{"a choice is contained as a whole", "ab;c", when("f", deal.Multi, filter.Contains, "a"), false},
		{"a choice is contained", "a;b", when("f", deal.Multi, filter.Contains, "b"), true},
		{"one shared choice is enough", "a;b", when("f", deal.Multi, filter.In, "x", "b"), true},
		{"no choice is shared", "a;b", when("f", deal.Multi, filter.NotIn, "x", "y"), true},
		{"a choice is not contained", "a;b", when("f", deal.Multi, filter.NotContains, "a"), false},

		{"nothing is blank", "", when("f", deal.Text, filter.Blank), true},
		{"something is not blank", "x", when("f", deal.Text, filter.NotBlank), true},
		{"nothing is not something", "", when("f", deal.Text, filter.NotBlank), false},
		{"nothing differs from a value", "", when("f", deal.Number, filter.Neq, "1"), true},
		{"nothing is not in a list", "", when("f", deal.Picklist, filter.NotIn, "a"), true},
		{"nothing equals no value", "", when("f", deal.Text, filter.Eq, "x"), false},
		{"nothing is not less than anything", "", when("f", deal.Number, filter.Lt, "1"), false},
		{"nothing is not before anything", "", when("f", deal.Date, filter.Lte, "2026-01-01"), false},
		{"nothing is in no list", "", when("f", deal.Multi, filter.In, "a"), false},
		{"no choice differs from some", "", when("f", deal.Multi, filter.Neq, "a"), true},
		{"no choice is not in a list", "", when("f", deal.Multi, filter.NotIn, "a"), true},
		{"nothing contains nothing", "", when("f", deal.Text, filter.Contains, "x"), false},
		{"so every piece is missing in it", "", when("f", deal.Text, filter.NotContains, "x"), true},
		{"the same goes for choices", "", when("f", deal.Multi, filter.NotContains, "x"), true},
		{"nothing is not zero", "", when("f", deal.Number, filter.Eq, "0"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := ready(t, all(tc.cond))
			record := deal.Fields{"f": tc.value}
			if tc.value == "" {
				record = deal.Fields{"other": "x"} // missing is blank
				if f.Match(deal.Fields{"f": ""}, noon) != tc.want {
					t.Fatal("a blank field is not like a missing one")
				}
			}
			if got := f.Match(record, noon); got != tc.want {
				t.Fatalf("%s on %q: %t", tc.cond, tc.value, got)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	big := when("value", deal.Number, filter.Gte, "1000")
	open := when("status", deal.Picklist, filter.Eq, "open")
	mine := when("owner", deal.Owner, filter.Eq, "7")
	anyOf := func(c ...filter.Condition) filter.Group { return filter.Group{Any: true, Conditions: c} }
	nested := filter.Group{Conditions: []filter.Condition{big}, Groups: []filter.Group{anyOf(open, mine)}}
	for _, tc := range []struct {
		name   string
		group  filter.Group
		record deal.Fields
		unmet  string // "": the record meets the filter
	}{
		{"no conditions are met by everything", filter.Group{}, deal.Fields{}, ""},
		{"so is any of none", filter.Group{Any: true}, deal.Fields{}, ""},
		{"all conditions hold", all(big, open), deal.Fields{"value": "1000", "status": "open"}, ""},
		{"one that does not hold is named", all(big, open), deal.Fields{"value": "1000", "status": "won"}, `status is "won", wanted: eq open`},
		{"so are two", all(big, open), deal.Fields{"value": "1"}, `value is "1", wanted: gte 1000; status is "", wanted: eq open`},
		{"any one is enough", anyOf(big, open), deal.Fields{"value": "1", "status": "open"}, ""},
		{"but none is not", anyOf(big, open), deal.Fields{"value": "1"}, `any of (value is "1", wanted: gte 1000; status is "", wanted: eq open)`},
		{"a group counts like a condition", nested, deal.Fields{"value": "2000", "owner": "7"}, ""},
		{"and is named like one", nested, deal.Fields{"value": "2000", "owner": "8"}, `any of (status is "", wanted: eq open; owner is "8", wanted: eq 7)`},
		{"any of groups", filter.Group{Any: true, Groups: []filter.Group{all(big, open), all(mine)}}, deal.Fields{"owner": "7"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := ready(t, tc.group)
			if got := f.Match(tc.record, noon); got != (tc.unmet == "") {
				t.Errorf("match is %t", got)
			}
			if got := f.Unmet(tc.record, noon); got != tc.unmet {
				t.Errorf("unmet is %q, want %q", got, tc.unmet)
			}
		})
	}
	var none *filter.Filter
	if !none.Match(nil, noon) || none.Relative() || none.Unmet(nil, noon) != "" {
		t.Error("no filter is met by everything")
	}
}

func TestAFilterThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		cond filter.Condition
		says string
	}{
		{"a condition needs a field", when("", deal.Text, filter.Eq, "x"), "no field"},
		{"a type must be known", when("f", "color", filter.Eq, "x"), `unknown type "color"`},
		{"an operator must be known", when("f", deal.Text, "like", "x"), "want one of contains, not_contains, eq, neq, in, not_in, blank, not_blank"},
		{"text has no order", when("f", deal.Text, filter.Lt, "x"), "want one of"},
		{"a number contains nothing", when("f", deal.Number, filter.Contains, "1"), "want one of lt, lte"},
		{"a number is not a word", when("f", deal.Number, filter.Eq, "many"), `value "many" is no number`},
		{"a date is not a word", when("f", deal.Date, filter.Gt, "yesterday"), `value "yesterday" is no date`},
		{"and it is said what a date may be", when("f", deal.Date, filter.Gt, "-5h"), "such as -30d, +2w, today-3m"},
		{"records have no order by reference", when("f", deal.Reference, filter.Eq, "7"), "can't be filtered by"},
		{"not even by having none", when("f", deal.Reference, filter.Blank), "can't be filtered by"},
		{"a flag is not a number", when("f", deal.Bool, filter.Eq, "7"), "is no boolean"},
		{"equal to two values is none", when("f", deal.Text, filter.Eq, "a", "b"), "one value, not 2"},
		{"a piece is one value", when("f", deal.Text, filter.Contains), "one value, not 0"},
		{"a list needs values", when("f", deal.Text, filter.In), "at least one value"},
		{"blank needs none", when("f", deal.Text, filter.Blank, "x"), "takes no value"},
		{"an empty value has operators of its own", when("f", deal.Multi, filter.Eq, ""), "use blank or not_blank"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := filter.New(filter.Group{Any: true, Groups: []filter.Group{all(tc.cond)}})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want it to say %q", err, tc.says)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("amount", "number", "gte", "10", "9")
	f.Add("f", "multi_picklist", "in", "a;b", "b;c")
	f.Add("f", "date", "gte", "today-30d", "2026-04-13")
	f.Add("f", "datetime", "lt", "+9999y", "2026-04-13T00:00:00Z")
	f.Fuzz(func(t *testing.T, field, kind, op, want, got string) {
		flt, err := filter.New(all(when(field, deal.Type(kind), filter.Op(op), want)))
		if err != nil {
			return
		}
		record := deal.Fields{field: got}
		if flt.Match(record, noon) != (flt.Unmet(record, noon) == "") {
			t.Fatal("Match and Unmet disagree")
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	f, err := filter.New(all(when("value", deal.Number, filter.Gte, "1000"), when("title", deal.Text, filter.Contains, "renewal")))
	if err != nil {
		b.Fatal(err)
	}
	record := deal.Fields{"value": "1234.56", "title": "Big Renewal 2026"}
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match(record, noon) {
			b.Fatal("no match")
		}
	}
}
