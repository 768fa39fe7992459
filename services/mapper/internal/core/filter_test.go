package core

import (
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

func TestConditions_R11(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		typ  deal.Type
		have string
		op   string
		want []string
		pass bool
	}{
		{"numbers compare as numbers", deal.Number, "9", "lt", []string{"10"}, true},
		{"equal numbers in other words", deal.Number, "10", "eq", []string{"10.00"}, true},
		{"not less than itself", deal.Number, "10", "lt", []string{"10"}, false},
		{"at most itself", deal.Number, "10", "lte", []string{"10"}, true},
		{"more", deal.Number, "10.01", "gt", []string{"10"}, true},
		{"a blank has no order", deal.Number, "", "lt", []string{"10"}, false},
		{"a blank is not zero", deal.Number, "", "eq", []string{"0"}, false},
		{"a blank is not in a list", deal.Text, "", "in", []string{"a", "b"}, false},
		{"a blank is excluded by nothing", deal.Text, "", "neq", []string{"a"}, true},
		{"blank", deal.Text, "", "blank", nil, true},
		{"not blank", deal.Text, "x", "not_blank", nil, true},
		{"one of several", deal.Picklist, "b", "in", []string{"a", "b"}, true},
		{"none of several", deal.Picklist, "c", "not_in", []string{"a", "b"}, true},
		{"part of a text, in any case", deal.Text, "Big Boat", "contains", []string{"boat"}, true},
		{"not part of a text", deal.Text, "Big Boat", "not_contains", []string{"car"}, true},
		{"an option among several", deal.Multi, "a;bc", "contains", []string{"bc"}, true},
		{"part of an option is not the option", deal.Multi, "a;bc", "contains", []string{"b"}, false},
		{"dates in order", deal.Date, "2026-01-31", "lt", []string{"2026-02-01"}, true},
		{"moments with and without milliseconds", deal.Datetime, "2026-01-01T00:00:00.5Z", "gt", []string{"2026-01-01T00:00:00Z"}, true},
		{"an unknown operator lets nothing pass", deal.Text, "x", "like", []string{"x"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := Group{Conditions: []Condition{{Field: "f", Op: tt.op, Values: tt.want, Type: tt.typ}}}
			if failed := g.failed(map[string]Value{"f": {Text: tt.have}}); (failed == "") != tt.pass {
				t.Errorf("failed = %q, want to pass: %v", failed, tt.pass)
			}
		})
	}
}

func TestGroups_R11(t *testing.T) {
	t.Parallel()
	yes := Condition{Field: "f", Op: "eq", Values: []string{"x"}}
	no := Condition{Field: "f", Op: "eq", Values: []string{"y"}}
	tests := []struct {
		name string
		g    Group
		pass bool
	}{
		{"an empty group lets everything pass", Group{}, true},
		{"an empty any-group too", Group{Any: true}, true},
		{"all of all", Group{Conditions: []Condition{yes, yes}}, true},
		{"not all of all", Group{Conditions: []Condition{yes, no}}, false},
		{"one of any", Group{Any: true, Conditions: []Condition{no, yes}}, true},
		{"none of any", Group{Any: true, Conditions: []Condition{no, no}}, false},
		{"any inside all", Group{Conditions: []Condition{yes}, Groups: []Group{{Any: true, Conditions: []Condition{no, yes}}}}, true},
		{"a failed group inside all", Group{Conditions: []Condition{yes}, Groups: []Group{{Conditions: []Condition{no}}}}, false},
		{"a passed group inside any", Group{Any: true, Conditions: []Condition{no}, Groups: []Group{{Conditions: []Condition{yes}}}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if failed := tt.g.failed(map[string]Value{"f": {Text: "x"}}); (failed == "") != tt.pass {
				t.Errorf("failed = %q, want to pass: %v", failed, tt.pass)
			}
		})
	}
}
