package bench

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestTheLastLineOfTheReportIsOneObjectWithEveryFigure(t *testing.T) {
	t.Parallel()
	r := &Report{RSS: map[string]float64{"writer": 30}}
	r.Mixed = Saturation{Edits: 10, PerSecond: 1000, CPUPerEdit: 1.5}
	r.ToHubSpot.Calls = map[string]float64{"hubspot": 12}
	r.ToApp.Calls = map[string]float64{"pipedrive": 990}
	r.Bus.PerSecond = 4000
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	var got map[string]any
	if err := json.Unmarshal(lines[len(lines)-1], &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"ingest_per_s", "ingest_p99_ms", "ingest_p99_ms_target_down", "applied_per_s", "latency_ms", "api_calls_per_1000",
		"cpu_ms_per_edit", "rss_mb", "bus_per_s", "applied_vs_bus",
	} {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is missing", key)
		}
	}
	if got["applied_vs_bus"] != 0.25 {
		t.Errorf("applied_vs_bus is %v", got["applied_vs_bus"])
	}
	calls, _ := got["api_calls_per_1000"].(map[string]any)
	if calls["hubspot"] != 12.0 || calls["pipedrive"] != 990.0 {
		t.Errorf("calls are %v", calls)
	}
}

func TestQuantilesAreThoseOfTheSortedTimes(t *testing.T) {
	t.Parallel()
	var took []time.Duration
	for i := 100; i > 0; i-- {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	if got, want := quantiles(took), (Quantiles{P50: 51, P95: 96, P99: 100}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := quantiles(nil); got != (Quantiles{}) {
		t.Errorf("of nothing: got %v", got)
	}
}

func TestEditsNeverMeetOnOneDeal(t *testing.T) {
	t.Parallel()
	const pairs = 10
	in := &installation{}
	for side := range in.numbers {
		in.numbers[side] = make([]int64, pairs+1)
		for n := range in.numbers[side] {
			in.numbers[side][n] = int64(n)
		}
	}
	b := &run{}
	seen := map[int64]bool{}
	values := map[int64]bool{}
	for _, list := range b.edits(in, pairs/2, pairs/2) {
		for _, e := range list {
			if e.id < 1 || seen[e.id] || values[e.value] {
				t.Errorf("deal %d, value %d", e.id, e.value)
			}
			seen[e.id], values[e.value] = true, true
		}
	}
	if len(seen) != pairs {
		t.Errorf("%d of %d deals are edited", len(seen), pairs)
	}
}
