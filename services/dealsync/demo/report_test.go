package demo

import (
	"strings"
	"testing"
	"time"
)

func TestAPercentileIsATimeThatWasMeasured(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100-i) * time.Millisecond
	}
	for _, c := range []struct {
		name  string
		times []time.Duration
		share float64
		want  time.Duration
	}{
		{"of nothing", nil, .5, 0},
		{"of one", []time.Duration{7}, .99, 7},
		{"the lower one of two in the middle", []time.Duration{9, 1}, .5, 1},
		{"half of a hundred", hundred, .5, 50 * time.Millisecond},
		{"95 of a hundred", hundred, .95, 95 * time.Millisecond},
		{"99 of a hundred", hundred, .99, 99 * time.Millisecond},
		{"all", hundred, 1, 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := percentile(c.times, c.share); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestSamplesAreSummedByName(t *testing.T) {
	t.Parallel()
	page := `# TYPE a_total counter
a_total{side="app",note="a } in a value"} 3
a_total{side="hubspot"} 4.5e+00
a_total_more{side="app"} 100
b_total 7
`
	for _, c := range []struct {
		name string
		want float64
	}{{"a_total", 7.5}, {"b_total", 7}, {"c_total", 0}} {
		got, err := sumSamples(strings.NewReader(page), c.name)
		if err != nil || got != c.want {
			t.Errorf("%s is %v (%v), want %v", c.name, got, err, c.want)
		}
	}
}

func TestAReportFailsForWhatIsWrongWithRecordsOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		report Report
		ok     bool
	}{
		{"exclusions, held matches and conflicts are no fault", Report{Excluded: map[string]int{"filter": 3}, Held: map[string]int{"ambiguous_match": 3}, Conflicts: Conflicts{Count: 2}}, true},
		{"nor is a plan that was not met", Report{Plan: PlanReview{Planned: Deeds{Creates: 3}, Done: Deeds{Creates: 4}}}, true},
		{"a difference of deals", Report{Objects: map[string]Object{"deals": {Differences: 1}}}, false},
		{"a difference of contacts", Report{Objects: map[string]Object{"contacts": {Differences: 1}}}, false},
		{"a company twice", Report{Objects: map[string]Object{"companies": {Duplicates: 1}}}, false},
		{"an association that is missing", Report{Associations: Associations{Made: 5, Missing: 1}}, false},
		{"an association twice", Report{Associations: Associations{Made: 5, Doubled: 1}}, false},
		{"a lost edit", Report{Lost: 1}, false},
		{"a second backfill that wrote", Report{Again: SecondBackfill{Read: 100, Writes: 1}}, false},
	} {
		if err := c.report.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
