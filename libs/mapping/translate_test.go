package mapping

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
)

func TestTranslate_R12(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("UTC+2", 2*60*60)
	tests := []struct {
		name     string
		from, to deal.Type
		value    string
		zone     *time.Location
		want     string
		ok       bool
	}{
		{"text", deal.Text, deal.Text, " Ä ", time.UTC, " Ä ", true},
		{"number loses no digit", deal.Number, deal.Number, "1500.10", time.UTC, "1500.1", true},
		{"number becomes text", deal.Number, deal.Text, "1500.1", time.UTC, "1500.1", true},
		{"a date begins at midnight UTC", deal.Date, deal.Datetime, "2026-03-01", time.UTC, "2026-03-01T00:00:00Z", true},
		{"a date begins at midnight of the zone", deal.Date, deal.Datetime, "2026-03-01", berlin, "2026-02-28T22:00:00Z", true},
		{"a moment has the date of the zone", deal.Datetime, deal.Date, "2026-02-28T23:30:00Z", berlin, "2026-03-01", true},
		{"a moment keeps its milliseconds", deal.Datetime, deal.Datetime, "2026-02-28T23:30:00.25Z", time.UTC, "2026-02-28T23:30:00.25Z", true},
		{"true", deal.Bool, deal.Bool, "true", time.UTC, "true", true},
		{"an option keeps its id", deal.Picklist, deal.Picklist, "newbusiness", time.UTC, "newbusiness", true},
		{"options become text", deal.Multi, deal.Text, "a;b", time.UTC, "a;b", true},
		{"blank stays blank", deal.Date, deal.Datetime, "", time.UTC, "", true},
		{"text does not become a number", deal.Text, deal.Number, "5", time.UTC, "", false},
		{"what is no date does not become one", deal.Date, deal.Datetime, "soon", time.UTC, "", false},
		{"a user of one account is nobody in the other", deal.Owner, deal.Owner, "17", time.UTC, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, reason := translate(tt.from, tt.to, tt.value, tt.zone)
			if got != tt.want || (reason == "") != tt.ok {
				t.Errorf("translate = %q, %q; want %q, ok %v", got, reason, tt.want, tt.ok)
			}
		})
	}
}

// values draws a value of a type, in canonical form.
func values(t deal.Type) *rapid.Generator[string] {
	instant := rapid.Map(rapid.Int64Range(0, 4e12), func(ms int64) time.Time { return time.UnixMilli(ms).UTC() })
	switch t {
	case deal.Number:
		return rapid.Custom(func(rt *rapid.T) string {
			v, _ := deal.Canonical(deal.Number, fmt.Sprintf("%d.%d", rapid.Int64().Draw(rt, "units"), rapid.Uint32().Draw(rt, "part")))
			return v
		})
	case deal.Date:
		return rapid.Map(instant, func(at time.Time) string { return at.Format(day) })
	case deal.Datetime:
		return rapid.Map(instant, func(at time.Time) string { return at.Format(moment) })
	case deal.Bool:
		return rapid.SampledFrom([]string{"", "true", "false"})
	default:
		return rapid.String()
	}
}

// Every two-way cell is a lens up to normal form: what arrived, sent back and
// again, arrives the same (put-get), and equal types give back what was sent
// (get-put).
func TestTwoWayCellsAreLenses(t *testing.T) {
	t.Parallel()
	types := []deal.Type{
		deal.Text, deal.Number, deal.Date, deal.Datetime, deal.Bool, deal.Picklist, deal.Multi,
	} // owners travel once the two accounts' users are matched
	for _, hubspot := range types {
		for _, app := range types {
			if deal.Compatible(hubspot, app) != deal.BothWays {
				continue
			}
			t.Run(string(hubspot)+" and "+string(app), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) {
					zone := time.FixedZone("zone", rapid.IntRange(-12, 14).Draw(rt, "zone")*3600)
					v := values(hubspot).Draw(rt, "value")
					there := must(rt, hubspot, app, v, zone)
					back := must(rt, app, hubspot, there, zone)
					if again := must(rt, hubspot, app, back, zone); again != there {
						rt.Fatalf("%q arrives as %q, and sent back as %q", v, there, again)
					}
					if hubspot == app && back != v {
						rt.Fatalf("%q comes back as %q", v, back)
					}
				})
			})
		}
	}
}

func must(rt *rapid.T, from, to deal.Type, v string, zone *time.Location) string {
	got, reason := translate(from, to, v, zone)
	if reason != "" {
		rt.Fatalf("%s %q to %s: %s", from, v, to, reason)
	}
	return got
}

// Stage maps that are many-to-one in either direction are lenses too.
func TestStageMapsAreLenses_R8(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var lines []Stage
		n := rapid.IntRange(1, 8).Draw(rt, "groups")
		for g := range n {
			manyHubSpot := rapid.Bool().Draw(rt, "many on HubSpot's side")
			for i := range rapid.IntRange(1, 3).Draw(rt, "stages") {
				one, many := fmt.Sprintf("1/g%d", g), fmt.Sprintf("1/g%d-%d", g, i)
				if manyHubSpot {
					lines = append(lines, Stage{HubSpot: many, App: one})
				} else {
					lines = append(lines, Stage{HubSpot: one, App: many})
				}
			}
		}
		s := newStages([]Pipeline{{HubSpot: "p", App: "1", Stages: lines}}, "dealstage", "stage")
		line := rapid.SampledFrom(lines).Draw(rt, "line")
		for side, own := range map[deal.Side]deal.Fields{
			deal.HubSpot: {"dealstage": line.HubSpot, "pipeline": "p"}, deal.App: {"stage": line.App},
		} {
			there, ok1 := s.other(side, own)
			back, ok2 := s.other(side.Other(), there)
			again, ok3 := s.other(side, back)
			if !ok1 || !ok2 || !ok3 || again.Fingerprint() != there.Fingerprint() {
				rt.Fatalf("%v arrives as %v, and sent back as %v", own, there, again)
			}
		}
	})
}
