package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// filtered is a filter, which of three deals meet it, and whether HubSpot can
// count by it.
type filtered struct {
	name, filter, in string
	pushed           bool
}

// inDays is a date so many days from now, in HubSpot's form.
func inDays(n int) string {
	return time.Now().UTC().AddDate(0, 0, n).Format("2006-01-02T15:04:05Z")
}

// R11: typed operators, groups of all and any, relative dates, on either side. The
// filters follow each other on one sync, so each re-evaluates every record: new
// ones come in, others leave, and nothing is deleted.
func TestR11_FiltersOnEitherSideAreReevaluatedWhenTheyChange(t *testing.T) {
	onHubSpot := []filtered{
		{"a number, at least", `{field: amount, op: gte, value: 1000}`, "a", true},
		{"a number with decimals, below", `{field: amount, op: lt, value: 50.51}`, "b", true},
		{"a piece of a text, whatever its case", `{field: dealname, op: contains, value: FISH}`, "ab", false},
		{"without a piece of a text", `{field: dealname, op: not_contains, value: fish}`, "c", false},
		{"one of some options", `{field: dealtype, op: in, value: [newbusiness, existingbusiness]}`, "ab", true},
		{"none of some options, blank counts", `{field: dealtype, op: not_in, value: [newbusiness]}`, "bc", true},
		{"a blank field", `{field: amount, op: blank}`, "c", true},
		{"an owner", `{field: hubspot_owner_id, op: eq, value: "41629772"}`, "b", true},
		{"after a relative date", `{field: closedate, op: gte, value: -30d}`, "a", true},
		{"before today", `{field: closedate, op: lt, value: today}`, "b", true},
		{"all of a group", `{all: [{field: dealname, op: contains, value: fish}, {field: amount, op: lt, value: 100}]}`, "b", false},
		{"any, with a group in it", `{any: [{field: amount, op: blank}, {all: [{field: dealtype, op: eq, value: newbusiness}, {field: closedate, op: lte, value: +2w}]}]}`, "ac", true},
		{"none", ``, "abc", true},
	}
	onApp := []filtered{
		{"a number, above", `{field: value, op: gt, value: 999.99}`, "a", false},
		{"a date, relative", `{field: expected_close_date, op: gte, value: today}`, "a", false},
		{"a date, given", `{field: expected_close_date, op: neq, value: "2020-02-29"}`, "ac", false},
		{"a moment", `{field: add_time, op: lt, value: now}`, "abc", false},
		{"an option", `{field: currency, op: eq, value: USD}`, "b", false},
		{"a user", `{field: owner_id, op: in, value: ["502", "503"]}`, "b", false},
		{"any of two, in all", `{all: [{any: [{field: title, op: contains, value: big}, {field: title, op: contains, value: small}]}, {field: value, op: neq, value: 50.50}]}`, "a", false},
		{"none", ``, "abc", false},
	}
	everywhere(t, func(t *testing.T, in *installation) {
		t.Run("of HubSpot", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, nil, nil)
			deal := func(f fields) int64 {
				f["dealstage"], f["pipeline"] = "qualifiedtobuy", "default"
				return x.hubspot.create(f, ago(time.Hour))
			}
			x.reevaluates("hubspot", "hubspot-main", onHubSpot, map[string]int64{
				"a": deal(fields{"dealname": "Big fish", "amount": "1500", "closedate": inDays(5), "dealtype": "newbusiness", "hubspot_owner_id": "41629771"}),
				"b": deal(fields{"dealname": "Small Fish", "amount": "50.5", "closedate": inDays(-40), "dealtype": "existingbusiness", "hubspot_owner_id": "41629772"}),
				"c": deal(fields{"dealname": "Bird"}),
			})
		})
		t.Run("of the app", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, nil, nil)
			deal := func(f fields) int64 {
				f["stage_id"] = 2
				return x.pipedrive.create(f, ago(time.Hour))
			}
			x.reevaluates("app", "pipedrive-main", onApp, map[string]int64{
				"a": deal(fields{"title": "Big fish", "value": 1500, "currency": "EUR", "expected_close_date": inDays(5)[:10], "owner_id": 501}),
				"b": deal(fields{"title": "Small fish", "value": 50.5, "currency": "USD", "expected_close_date": "2020-02-29", "owner_id": 502}),
				"c": deal(fields{"title": "Bird", "value": 7, "currency": "EUR", "owner_id": 501}),
			})
		})
	})
}

// reevaluates applies one filter after the other, and sees that just the records
// that meet it sync.
func (x *tenant) reevaluates(side, connection string, filters []filtered, records map[string]int64) {
	x.t.Helper()
	for _, id := range records {
		x.counterpart(id)
		x.becomes(id, "in_sync")
	}
	before := len(x.hubspot.dump()) + len(x.pipedrive.dump())
	for _, f := range filters {
		x.counts(connection, f)
		x.spec.Filter = ""
		if f.filter != "" {
			x.spec.Filter = "{" + side + ": " + f.filter + "}"
		}
		x.apply()
		for letter, id := range records {
			want := "excluded: filter"
			if strings.Contains(f.in, letter) {
				want = "in_sync"
			}
			x.eventually(f.name+": "+letter+" is "+want, func() error {
				p, _ := x.cli.pairOf(id)
				if p.state() != want || p.Pair.HubSpot.Record == "" || p.Pair.App.Record == "" {
					return errorf("it is %q %+v", p.state(), p)
				}
				return nil
			})
		}
	}
	x.settled()
	for _, records := range []map[int64]record{x.hubspot.dump(), x.pipedrive.dump()} {
		for id, r := range records {
			if r.Deleted {
				x.t.Errorf("record %d was deleted", id)
			}
		}
	}
	if after := len(x.hubspot.dump()) + len(x.pipedrive.dump()); after != before {
		x.t.Errorf("%d records, were %d", after, before)
	}
}

// counts sees that the app's records that meet a filter are counted, and where.
func (x *tenant) counts(connection string, f filtered) {
	x.t.Helper()
	var out struct {
		Count    string `json:"count"`
		Exact    bool   `json:"exact"`
		Examples []struct {
			ID string `json:"id"`
		} `json:"examples"`
	}
	args := []string{"count", connection}
	if f.filter != "" {
		args = append(args, "--filter", f.filter)
	}
	var searched, listed int
	x.eventually(f.name+": counted", func() error { // a search's index lags behind
		s, l := x.hubspot.reads()
		x.cli.do(&out, args...)
		searched, listed = x.hubspot.reads()
		searched, listed = searched-s, listed-l
		if want := text(int64(len(f.in))); out.Count != want || !out.Exact {
			return errorf("%s records, exact %t; want %s", out.Count, out.Exact, want)
		}
		return nil
	})
	if len(out.Examples) != len(f.in) {
		x.t.Errorf("%s: %d examples of %d", f.name, len(out.Examples), len(f.in))
	}
	if connection == "hubspot-main" && f.pushed && (searched == 0 || listed != 0) {
		x.t.Errorf("%s: not counted by HubSpot's search: %d searches, %d lists", f.name, searched, listed)
	}
}

// reads counts the calls that searched for records and those that listed them.
func (c *crm) reads() (searched, listed int) {
	c.t.Helper()
	for _, call := range c.stats().Calls {
		switch method, path, _ := strings.Cut(call.Route, " "); {
		case strings.HasSuffix(path, "/search"):
			searched += call.Count
		case method == "GET" && strings.HasSuffix(path, "/"+c.object):
			listed += call.Count
		}
	}
	return searched, listed
}

// R11: a changed mapping or direction re-evaluates every record, too.
func TestR11_ChangedMappingsAndDirectionsReachEveryRecord(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, func(s *spec) { s.Fields, s.Window = [][]string{{"dealname", "title"}}, "10ms" }, nil)
		bornInHubSpot := x.hubspot.create(fields{"dealname": "H", "amount": "50", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		bornInApp := x.pipedrive.create(fields{"title": "A", "value": 70, "stage_id": 2}, ago(time.Hour))
		outside := x.hubspot.create(fields{"dealname": "Outside", "amount": "90", "dealstage": "contractsent", "pipeline": "default"}, ago(time.Hour))
		app, hubspot := x.counterpart(bornInHubSpot), x.counterpart(bornInApp)
		x.becomes(outside, "excluded: stage_not_mapped")

		x.spec.Fields = standardFields
		x.apply() // one more line: what both sides have is carried over
		x.holds(x.hubspot, hubspot, fields{"amount": "70"})
		x.holds(x.pipedrive, app, fields{"value": "50"})

		x.spec.Stages = append(slices.Clone(standardStages), [2]string{"contractsent", "5"})
		x.apply() // one more stage: its deals come in
		x.holds(x.pipedrive, x.counterpart(outside), fields{"title": "Outside", "value": "90", "stage_id": "5"})

		x.spec.Stages = slices.DeleteFunc(slices.Clone(x.spec.Stages), func(s [2]string) bool { return s[0] == "qualifiedtobuy" })
		x.apply() // one stage less: its deals leave
		x.becomes(bornInHubSpot, "excluded: stage_not_mapped")
		x.becomes(bornInApp, "excluded: stage_not_mapped")
		x.hubspot.edit(bornInHubSpot, fields{"amount": "55"})
		x.sentinelIn("presentationscheduled")
		x.holds(x.pipedrive, app, fields{"value": "50", "stage_id": "2"})
		x.spec.Stages = standardStages
		x.apply() // as at first: they catch up
		x.holds(x.pipedrive, app, fields{"value": "55"})
		x.becomes(bornInHubSpot, "in_sync")
		x.becomes(bornInApp, "in_sync")
		x.becomes(outside, "excluded: stage_not_mapped")

		x.spec.Direction = "to_hubspot"
		x.apply()
		x.hubspot.edit(hubspot, fields{"dealname": "Stays here"})
		alone := x.hubspot.create(fields{"dealname": "Alone", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		x.pipedrive.edit(bornInApp, fields{"value": 71})
		x.holds(x.hubspot, hubspot, fields{"amount": "71", "dealname": "Stays here"})
		x.settled()
		x.holds(x.pipedrive, bornInApp, fields{"title": "A"})
		if p, ok := x.cli.pairOf(alone); ok && p.Pair.App.Record != "" {
			t.Errorf("HubSpot's own deal crossed: %+v", p)
		}
		x.spec.Direction = "both"
		x.apply()
		x.holds(x.pipedrive, bornInApp, fields{"title": "Stays here"})
		x.holds(x.pipedrive, x.counterpart(alone), fields{"title": "Alone"})
		x.converged()
		for _, c := range []*crm{x.hubspot, x.pipedrive} {
			for id, r := range c.dump() {
				if r.Deleted {
					t.Errorf("record %d was deleted", id)
				}
			}
		}
	})
}
