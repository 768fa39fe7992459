package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// FirstSync is how two full accounts were brought in step. Records, calls and
// associations are of both apps, unless they stand by app.
type FirstSync struct {
	Deals     int `json:"deals_in_each"`
	Contacts  int `json:"contacts_in_each"`
	Companies int `json:"companies_in_each"`

	Plan Planned `json:"plan"`
	// Created is when everything had a counterpart, Seconds when nothing more was
	// to be done.
	Created   float64                     `json:"seconds_until_created"`
	Seconds   float64                     `json:"seconds"`
	PerSecond float64                     `json:"records_per_s"`
	CPU       map[string]float64          `json:"cpu_ms_per_record_by_process"`
	Calls     map[string]int64            `json:"api_calls"`
	Routes    map[string]map[string]int64 `json:"api_calls_by_route"`
	// Minutes that so many calls take at the apps' declared rate limits.
	Minutes float64 `json:"minutes_at_rate_limits"`
	// Live are edits of deals that were in step before.
	Live   Latency            `json:"live_edits"`
	Again  Again              `json:"second_backfill"`
	Faults Faults             `json:"faults"`
	RSS    map[string]float64 `json:"rss_mb"`

	PlanAgain Planned            `json:"plan_afterwards"`
	RSSAgain  map[string]float64 `json:"rss_mb_afterwards"` // after the second backfill and plan
}

// Again is a backfill of what is in step.
type Again struct {
	Seconds    float64          `json:"seconds"`
	Writes     int64            `json:"writes"`
	Calls      map[string]int64 `json:"api_calls"`
	ListMillis float64          `json:"list_syncs_ms"` // how long the list of syncs takes
}

// Planned is what a plan says, and how long it took to make.
type Planned struct {
	Seconds      float64          `json:"seconds"`
	Creates      int64            `json:"creates"`
	Updates      int64            `json:"updates"`
	Matched      int64            `json:"matched"`
	Associations int64            `json:"associations"`
	ReadCalls    map[string]int64 `json:"read_calls"`
	WriteCalls   map[string]int64 `json:"write_calls"`
	// Minutes that the calls take at the apps' declared rate limits.
	Minutes float64 `json:"minutes_at_rate_limits"`
}

func (f *FirstSync) print(w io.Writer) {
	h, a := appNames[hub], appNames[app]
	fmt.Fprintf(w, "FIRST SYNC of %d deals, %d contacts, %d companies in each app\n", f.Deals, f.Contacts, f.Companies)
	fmt.Fprintf(w, "backfill\t%.0f s (all created after %.0f s), %.0f records/s\n", f.Seconds, f.Created, f.PerSecond)
	fmt.Fprintf(w, "API calls\tHubSpot %d, Pipedrive %d; %.0f minutes at the apps' rate limits\n", f.Calls[h], f.Calls[a], f.Minutes)
	fmt.Fprintf(w, "the plan\t%.1f s: %d creates, %d updates, %d matched, %d associations; calls: HubSpot %d + %d, Pipedrive %d + %d; %.0f minutes at the apps' rate limits\n",
		f.Plan.Seconds, f.Plan.Creates, f.Plan.Updates, f.Plan.Matched, f.Plan.Associations,
		f.Plan.ReadCalls[h], f.Plan.WriteCalls[h], f.Plan.ReadCalls[a], f.Plan.WriteCalls[a], f.Plan.Minutes)
	fmt.Fprintf(w, "live edits meanwhile\t%d/s, %d lost, p50 %.1f ms, p95 %.1f ms, p99 %.1f ms\n", f.Live.Rate, f.Live.Lost, f.Live.P50, f.Live.P95, f.Live.P99)
	fmt.Fprintf(w, "faults\t%s; %d associations missing, %d wrong\n", f.Faults.counts(), f.Faults.Unlinked, f.Faults.Mislinked)
	fmt.Fprintf(w, "backfill again\t%.0f s, %d writes; calls: HubSpot %d, Pipedrive %d; list of syncs in %.0f ms\n",
		f.Again.Seconds, f.Again.Writes, f.Again.Calls[h], f.Again.Calls[a], f.Again.ListMillis)
	fmt.Fprintf(w, "the plan again\t%.1f s: %d creates, %d updates, %d associations\n", f.PlanAgain.Seconds, f.PlanAgain.Creates, f.PlanAgain.Updates, f.PlanAgain.Associations)
	fmt.Fprintf(w, "\nPROCESS, FIRST SYNC\tpeak memory\tafter the second backfill\tCPU ms/record\n")
	for _, name := range slices.Sorted(maps.Keys(f.RSS)) {
		fmt.Fprintf(w, "%s\t%.0f MB\t%.0f MB\t%.3f\n", name, f.RSS[name], f.RSSAgain[name], f.CPU[name])
	}
}

func (f *Faults) counts() string {
	missing, doubled := 0, 0
	for _, object := range objects {
		missing, doubled = missing+f.Missing[object], doubled+f.Doubled[object]
	}
	return fmt.Sprintf("%d records missing, %d doubled", missing, doubled)
}
