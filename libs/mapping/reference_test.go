package mapping_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/filter"
	"github.com/dealsync/dealsync/libs/mapping"
)

var (
	update    = flag.Bool("update", false, "write the reference page instead of comparing with it")
	reference = filepath.Join("..", "..", "docs", "reference", "compatibility.md")
)

// The page's tables are the program's own, and what its examples say was
// written is what the program made of them.
func TestTheCompatibilityPageIsCurrent(t *testing.T) {
	t.Parallel()
	want := page(t)
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run make generate (-want +published):\n%s", diff)
	}
}

const intro = `# Field types, translations and filters

Which fields can be mapped to each other, what becomes of their values on the way, and what filters understand. This page is
made from the program's own tables, and its examples are what the program makes of them; ` + "`make generate`" + ` renews it.

## Which types go together

HubSpot's property types down, the app's field types across.
**2** both ways, **H** only to HubSpot, **A** only to the app, **-** not allowed.

`

const aroundTypes = `
What the types allow is narrowed further by a read-only field, which is never written, by the direction of the field mapping and by
that of the sync. A direction that is not possible is refused when the sync is applied, with the one that is.

Two kinds of field are no part of the table. Pipelines and stages travel by the pipeline mapping. Fields that refer to other records
travel as associations, between records that are paired.

## What is written

A blank stays blank in every type. Numbers are decimals of any length and never pass through a float. Between equal types what was
sent comes back unchanged; a moment that became a date comes back as the beginning of that day.
In these examples the time zone of the sync is Europe/Berlin.

| from | to | a value | is written as | |
|---|---|---|---|---|
`

const aroundCodes = `
## When a value has no counterpart

Then nothing is written for this field, the record's other fields travel, and the pair is failing by one of these codes, with what to do
in words, until the value or the settings change.

| code | for example |
|---|---|
`

const aroundFilters = `
## Filters

Conditions join in groups: all of them must be met, or any; groups may contain groups. These are the operators for each type of field:

| type | operators |
|---|---|
`

const aroundDates = `
A field without a value meets only ` + "`blank`, `neq`, `not_in` and `not_contains`" + `. Text is compared with its case, except by ` + "`contains`" + `.
Fields of several choices are equal as sets; ` + "`in`" + ` asks whether they share one of the values.

Values of dates may be relative. The day is the one in the sync's time zone, and on a field with a time it stands for its first moment:
the whole of today is ` + "`gte today`" + ` and ` + "`lt +1d`" + `. Records are looked at again every day, so they come in and drop out without an edit.
In these examples it is %s in %s.

| value | meaning | on a date | on a date with time |
|---|---|---|---|
`

func page(t *testing.T) string {
	var out strings.Builder
	out.WriteString(intro)
	writeTable(&out)
	out.WriteString(aroundTypes)
	writeTranslations(t, &out)
	out.WriteString(aroundCodes)
	writeCodes(t, &out)
	out.WriteString(aroundFilters)
	for _, of := range filter.Types() {
		var ops []string
		for _, op := range filter.OpsFor(of) {
			ops = append(ops, code(string(op)))
		}
		row(&out, code(string(of)), strings.Join(ops, " "))
	}
	writeDates(t, &out)
	return out.String()
}

func row(out *strings.Builder, cells ...string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

// code is a value as code.
func code(v string) string { return "`" + v + "`" }

func writeTable(out *strings.Builder) {
	columns, rows := deal.Table()
	head, line := []string{"HubSpot \\ app"}, []string{"---"}
	for _, app := range columns {
		head, line = append(head, string(app)), append(line, "---")
	}
	row(out, head...)
	fmt.Fprintf(out, "|%s|\n", strings.Join(line, "|"))
	signs := map[deal.Ways]string{deal.NoWay: "-", deal.ToHubSpot: "H", deal.ToApp: "A", deal.BothWays: "2"}
	for _, r := range rows {
		cells := []string{r.Name}
		for _, ways := range r.Cells {
			cells = append(cells, signs[ways])
		}
		row(out, cells...)
	}
}

func writeTranslations(t *testing.T, out *strings.Builder) {
	for _, example := range []struct {
		from, to deal.Type
		change   func(*mapping.Line)
		value    string
		note     string
	}{
		{deal.Text, deal.Text, nil, "Boat", ""},
		{deal.Number, deal.Number, nil, "1500.10", "an amount takes its currency along: the two are one unit"},
		{deal.Date, deal.Datetime, nil, "2026-07-01", "the first moment of the day in the sync's time zone"},
		{deal.Datetime, deal.Date, nil, "2026-06-30T22:30:00Z", "the date in the sync's time zone"},
		{deal.Datetime, deal.Datetime, nil, "2026-07-01T10:00:00.25Z", ""},
		{deal.Bool, deal.Bool, nil, "true", ""},
		{deal.Picklist, deal.Picklist, priorities, "urgent", "option by option; of several lines for one option the first is written, and an option that already means the wanted one stays"},
		{deal.Owner, deal.Owner, withDefaults, "h2", "the user with the same e-mail address"},
		{deal.Owner, deal.Owner, withDefaults, "h3", "the default owner, where that user has no counterpart"},
		{deal.Number, deal.Text, nil, "1500.10", ""},
		{deal.Date, deal.Text, nil, "2026-07-01", ""},
		{deal.Datetime, deal.Text, nil, "2026-07-01T10:00:00Z", "in the sync's time zone"},
		{deal.Bool, deal.Text, nil, "true", ""},
		{deal.Picklist, deal.Text, labels, "new", "the option's label, where it is known"},
		{deal.Multi, deal.Text, labels, "new;old", ""},
		{deal.Owner, deal.Text, people, "h1", "the e-mail address, where it is known"},
	} {
		line := lineOf(example.from, example.to)
		if example.change != nil {
			example.change(&line)
		}
		value, ok := deal.Canonical(example.from, example.value)
		u := cross(oneLine(line, in(t, "Europe/Berlin")), deal.HubSpot, of(deal.HubSpot, value))
		if !ok || u.Other == nil {
			t.Fatalf("%s %q does not travel: %s", example.from, example.value, u.Untranslatable)
		}
		row(out, string(example.from), string(example.to), code(example.value), code(u.Other["a"]), example.note)
	}
}

func writeCodes(t *testing.T, out *strings.Builder) {
	amount := func(l *mapping.Line) {
		l.HubSpot, l.App = mapping.Field{Name: "amount", Type: deal.Number, Currency: "currency"}, mapping.Field{Name: "value", Type: deal.Number, Currency: "currency"}
	}
	euros := func(s *mapping.Settings) { s.CurrenciesHubSpot = []string{"EUR", "USD"} }
	for _, u := range []mapping.Unit{
		cross(oneLine(lineOf(deal.Picklist, deal.Picklist, priorities, named("hs_priority", "label"))), deal.HubSpot, deal.Fields{"hs_priority": "medium"}),
		cross(oneLine(lineOf(deal.Owner, deal.Owner, people, named("hubspot_owner_id", "owner_id"))), deal.App, deal.Fields{"owner_id": "17"}),
		cross(oneLine(lineOf(deal.Number, deal.Number, amount), euros), deal.App, deal.Fields{"value": "10", "currency": "BRL"}),
		cross(oneLine(lineOf(deal.Date, deal.Date, named("closedate", "expected_close_date"))), deal.HubSpot, deal.Fields{"closedate": "soon"}),
	} {
		name, words := mapping.SplitReason(u.Untranslatable)
		if name == "" {
			t.Fatalf("%v has a counterpart: %v", u.Own, u.Other)
		}
		row(out, code(name), words)
	}
}

func named(hubspot, app string) func(*mapping.Line) {
	return func(l *mapping.Line) { l.HubSpot.Name, l.App.Name = hubspot, app }
}

func writeDates(t *testing.T, out *strings.Builder) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.March, 31, 9, 30, 0, 0, berlin)
	fmt.Fprintf(out, aroundDates, now.Format("15:04 on 2 January 2006"), "Berlin")
	for _, example := range []struct{ value, meaning string }{
		{"today", "this day"},
		{"now", "this moment; on a date, this day"},
		{"-30d", "days before today"},
		{"+2w", "weeks after today"},
		{"-1m", "months before today, at most the month's last day"},
		{"-1y", "years before today"},
		{"today-7d", "the same as -7d"},
		{"now-1d", "this time of day, a day ago"},
	} {
		cells := []string{code(example.value), example.meaning}
		for _, of := range []deal.Type{deal.Date, deal.Datetime} {
			c := filter.Condition{Field: "f", Type: of, Op: filter.Gte, Values: []string{example.value}}
			g := filter.Group{Conditions: []filter.Condition{c}}
			if f, err := filter.New(g); err != nil || !f.Relative() {
				t.Fatalf("%s is no relative date: %v", example.value, err)
			}
			cells = append(cells, code(filter.At(g, now).Conditions[0].Values[0]))
		}
		row(out, cells...)
	}
}
