package hubspot

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

func cond(field string, t deal.Type, op filter.Op, values ...string) filter.Condition {
	return filter.Condition{Field: field, Type: t, Op: op, Values: values}
}

func all(c ...filter.Condition) filter.Group { return filter.Group{Conditions: c} }

func anyOf(c ...filter.Condition) filter.Group { return filter.Group{Any: true, Conditions: c} }

// say writes groups for people: conditions joined by &, groups by |.
func say(groups []clauses) string {
	var ways []string
	for _, g := range groups {
		var parts []string
		for _, c := range g.Filters {
			parts = append(parts, strings.TrimSpace(strings.Join(append([]string{c.Property, c.Operator, c.Value}, c.Values...), " ")))
		}
		ways = append(ways, strings.Join(parts, " & "))
	}
	return strings.Join(ways, " | ")
}

func TestConditionsBecomeGroupsOfASearch(t *testing.T) {
	t.Parallel()
	amount, stage := cond("amount", deal.Number, filter.Gte, "1000.0"), cond("dealstage", deal.Stage, filter.In, "a", "b")
	for _, c := range []struct {
		name  string
		group filter.Group
		want  string
	}{
		{"no condition finds everything", filter.Group{}, ""},
		{"all of some are one group", all(amount, stage), "amount GTE 1000 & dealstage IN  a b"},
		{"any of some are a group each", anyOf(amount, stage), "amount GTE 1000 | dealstage IN  a b"},
		{
			"any inside all is multiplied out",
			filter.Group{Conditions: []filter.Condition{amount}, Groups: []filter.Group{anyOf(stage, cond("x", deal.Bool, filter.Eq, "true"))}},
			"amount GTE 1000 & dealstage IN  a b | amount GTE 1000 & x EQ true",
		},
		{
			"an empty group among any is met by everything",
			filter.Group{Any: true, Conditions: []filter.Condition{amount}, Groups: []filter.Group{{}}},
			"",
		},
		{"a date is milliseconds", all(cond("d", deal.Date, filter.Lt, "2026-03-01")), "d LT 1772323200000"},
		{"so is a moment", all(cond("closedate", deal.Datetime, filter.Gt, "2026-03-01T00:00:00.5Z")), "closedate GT 1772323200500"},
		{"a relative date is the day it is", all(cond("d", deal.Date, filter.Eq, "today")), "d EQ 1789948800000"},
		{"a blank is not equal to a value", all(cond("p", deal.Picklist, filter.Neq, "a")), "p NEQ a | p NOT_HAS_PROPERTY"},
		{"nor among values", all(cond("p", deal.Owner, filter.NotIn, "1", "2")), "p NOT_IN  1 2 | p NOT_HAS_PROPERTY"},
		{"blanks of any type", all(cond("dealname", deal.Text, filter.Blank), cond("m", deal.Multi, filter.NotBlank)), "dealname NOT_HAS_PROPERTY & m HAS_PROPERTY"},
		{"one of several choices", all(cond("m", deal.Multi, filter.Contains, "a")), "m IN  a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ways, err := alternatives(filter.At(c.group, start))
			if err != nil {
				t.Fatal(err)
			}
			got, err := groups(ways)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, say(got)); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatHubSpotFindsOtherwiseIsNotSearchedFor(t *testing.T) {
	t.Parallel()
	many := func(n int) (c []filter.Condition) {
		for range n {
			c = append(c, cond("amount", deal.Number, filter.Gt, "1"))
		}
		return c
	}
	d := open(t, "http://127.0.0.1:1")
	for name, group := range map[string]filter.Group{
		"a text, whose case HubSpot ignores":  all(cond("dealname", deal.Text, filter.Eq, "Acme")),
		"a piece of a text":                   all(cond("dealname", deal.Text, filter.Contains, "Acme")),
		"several choices as a whole":          all(cond("m", deal.Multi, filter.Eq, "a;b")),
		"a reference":                         all(cond("associations.contact", deal.Reference, filter.Eq, "1")),
		"an order of options":                 all(cond("p", deal.Picklist, filter.Gt, "a")),
		"a value that is none":                all(cond("amount", deal.Number, filter.Gt, "much")),
		"a day that is none":                  all(cond("d", deal.Date, filter.Gt, "soon")),
		"a condition without a value":         all(cond("amount", deal.Number, filter.Gt)),
		"more conditions than a group takes":  all(many(maxClauses + 1)...),
		"more groups than a search takes":     anyOf(many(maxGroups + 1)...),
		"more conditions than a search takes": {Any: true, Groups: []filter.Group{all(many(5)...), all(many(5)...), all(many(5)...), all(many(4)...)}},
		"more text than a search takes":       all(cond("p", deal.Picklist, filter.Eq, strings.Repeat("x", maxSearching))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := d.Search(context.Background(), deal.Deals, group, 1)
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != connector.CodeUnsearchable {
				t.Errorf("kind %s, code %q: %v", fault.KindOf(err), fault.CodeOf(err), err)
			}
		})
	}
}

func TestASearchThatHubSpotRefusesIsNotSearchable(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t, connectortest.Exchange{
		Method: "POST", Path: "/crm/objects/2026-09/companies/search", Status: 400,
		Response: json.RawMessage(`{"status":"error","message":"There was a problem with the request.","category":"VALIDATION_ERROR"}`),
	}).URL)
	_, _, err := d.Search(context.Background(), deal.Companies, all(cond("no_such", deal.Number, filter.Gt, "1")), 1)
	if fault.CodeOf(err) != connector.CodeUnsearchable || connector.AppMessage(err) != "There was a problem with the request." {
		t.Errorf("code %q: %v", fault.CodeOf(err), err)
	}
}
