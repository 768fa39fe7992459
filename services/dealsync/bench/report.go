package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what was measured.
type Report struct {
	Seed Seed

	// One event a webhook, a hundred, and one while Pipedrive is down.
	Ingest, IngestFull, IngestDown Ingest
	ToApp, ToHubSpot, Mixed        Saturation
	Latency                        Latency
	RSS, RSSFlood                  map[string]float64 // peak, MB, by process; after the flood of full webhooks
	Bus                            Bus
	FirstSync                      FirstSync
	Always                         struct {
		Mixed Saturation
		Bus   Bus
	}
}

// Seed is how the pairs came to be.
type Seed struct {
	Pairs     int     `json:"pairs"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_s"`
	CPU       float64 `json:"cpu_ms_per_pair"`
}

// Quantiles are in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// Ingest is how webhooks were taken.
type Ingest struct {
	Webhooks  int     `json:"webhooks"`
	Events    int     `json:"events_each"`
	PerSecond float64 `json:"per_s"`
	Quantiles
}

// Saturation is a run of edits that were all made at once.
type Saturation struct {
	Edits         int                `json:"edits"`
	Lost          int                `json:"lost"`
	PerSecond     float64            `json:"applied_per_s"`
	CPUPerEdit    float64            `json:"cpu_ms_per_edit"`
	CPUOfServices float64            `json:"cpu_ms_per_edit_without_doubles"` // and without the benchmark
	CPU           map[string]float64 `json:"cpu_ms_per_edit_by_process"`
	Calls         map[string]float64 `json:"api_calls_per_1000"`
	Messages      map[string]float64 `json:"messages_per_edit_by_stream"` // documents stored in buckets (KV_*) too
}

// Latency is from the edit in one app to our write's arrival in the other.
type Latency struct {
	Rate  int `json:"edits_per_s"`
	Edits int `json:"edits"`
	Lost  int `json:"lost"`
	Quantiles
}

// Bus is what the bus alone can do.
type Bus struct {
	Messages      int     `json:"messages"`
	Hops          int     `json:"hops"`
	PerSecond     float64 `json:"per_s"`
	CPUPerMessage float64 `json:"cpu_ms_per_message"`
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

func round3(f float64) float64 { return math.Round(f*1000) / 1000 }

func seconds(d time.Duration) float64 { return round(d.Seconds()) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return round3(a / b)
}

// Print writes tables for people and, as the last line, one JSON object.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if r.Seed.Pairs > 0 {
		r.edits(t)
	}
	if r.FirstSync.Deals > 0 {
		r.FirstSync.print(t)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	line, err := json.Marshal(r.figures())
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = fmt.Fprintf(w, "\n%s\n", line)
	return err
}

// edits are the tables of all but the first sync.
func (r *Report) edits(t io.Writer) {
	fmt.Fprintf(t, "%d pairs, created by a backfill at %.0f/s (CPU %.2f ms each); durability interval unless it says otherwise\n\n", r.Seed.Pairs, r.Seed.PerSecond, r.Seed.CPU)
	r.saturation(t)
	fmt.Fprintln(t)
	fmt.Fprintf(t, "FROM EDIT TO ARRIVAL\tp50\tp95\tp99\n%d edits/s\t%.1f ms\t%.1f ms\t%.1f ms\n\n", r.Latency.Rate, r.Latency.P50, r.Latency.P95, r.Latency.P99)
	fmt.Fprintf(t, "WEBHOOKS (signed HubSpot requests, %d senders)\taccepted/s\tp50\tp95\tp99\n", senders)
	for _, row := range []struct {
		name string
		Ingest
	}{{"one event each", r.Ingest}, {"a hundred events each", r.IngestFull}, {"one event each, Pipedrive down", r.IngestDown}} {
		fmt.Fprintf(t, "%s\t%.0f\t%.1f ms\t%.1f ms\t%.1f ms\n", row.name, row.PerSecond, row.P50, row.P95, row.P99)
	}
	fmt.Fprintf(t, "\nTHE BUS ALONE (%d hops, 1 KiB)\tmessages/s\tCPU ms/message\tapplied vs bus\n", hops)
	fmt.Fprintf(t, "interval\t%.0f\t%.3f\t%.3f\n", r.Bus.PerSecond, r.Bus.CPUPerMessage, ratio(r.Mixed.PerSecond, r.Bus.PerSecond))
	if r.Always.Bus.Messages > 0 {
		fmt.Fprintf(t, "always\t%.0f\t%.3f\t%.3f\n", r.Always.Bus.PerSecond, r.Always.Bus.CPUPerMessage, ratio(r.Always.Mixed.PerSecond, r.Always.Bus.PerSecond))
	}
	fmt.Fprintf(t, "\nPROCESS\tpeak memory\tafter a flood of full webhooks\tCPU ms/edit, both ways\n")
	for _, name := range slices.Sorted(maps.Keys(r.RSS)) {
		fmt.Fprintf(t, "%s\t%.0f MB\t%.0f MB\t%.3f\n", name, r.RSS[name], r.RSSFlood[name], r.Mixed.CPU[name])
	}
	fmt.Fprintln(t)
}

func (r *Report) saturation(w io.Writer) {
	fmt.Fprintln(w, strings.Join([]string{"ALL EDITS AT ONCE", "edits", "lost", "applied/s", "CPU ms/edit", "without doubles", "HubSpot calls/1000", "Pipedrive calls/1000"}, "\t"))
	for _, row := range []struct {
		name string
		Saturation
	}{
		{"HubSpot to Pipedrive", r.ToApp},
		{"Pipedrive to HubSpot", r.ToHubSpot},
		{"both ways", r.Mixed},
		{"both ways, always", r.Always.Mixed},
	} {
		if row.Edits > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\n", row.name, row.Edits, row.Lost, row.PerSecond,
				row.CPUPerEdit, row.CPUOfServices, row.Calls[appNames[hub]], row.Calls[appNames[app]])
		}
	}
}

// figures is the JSON object. Applied rate and processor time are those of
// edits going both ways at once; calls are those that one app gets for edits
// made in the other.
func (r *Report) figures() map[string]any {
	f := map[string]any{
		"ingest_per_s": r.Ingest.PerSecond, "ingest_p99_ms": r.Ingest.P99, "ingest_p99_ms_target_down": r.IngestDown.P99,
		"applied_per_s": r.Mixed.PerSecond, "latency_ms": r.Latency.Quantiles,
		"api_calls_per_1000": map[string]float64{
			appNames[hub]: r.ToHubSpot.Calls[appNames[hub]], appNames[app]: r.ToApp.Calls[appNames[app]],
		},
		"cpu_ms_per_edit": r.Mixed.CPUPerEdit, "cpu_ms_per_edit_without_doubles": r.Mixed.CPUOfServices,
		"rss_mb": r.RSS, "rss_mb_after_full_webhooks": r.RSSFlood, "bus_per_s": r.Bus.PerSecond, "applied_vs_bus": ratio(r.Mixed.PerSecond, r.Bus.PerSecond),
		"seed":       r.Seed,
		"saturation": map[string]Saturation{"hubspot_to_pipedrive": r.ToApp, "pipedrive_to_hubspot": r.ToHubSpot, "both": r.Mixed},
		"latency":    r.Latency, "ingest": map[string]Ingest{"one_event": r.Ingest, "full": r.IngestFull, "target_down": r.IngestDown},
		"bus": r.Bus,
	}
	if r.FirstSync.Deals > 0 {
		f["first_sync"] = r.FirstSync
	}
	if r.Always.Mixed.Edits > 0 {
		f["always"] = map[string]any{
			"applied_per_s": r.Always.Mixed.PerSecond, "bus_per_s": r.Always.Bus.PerSecond,
			"applied_vs_bus": ratio(r.Always.Mixed.PerSecond, r.Always.Bus.PerSecond), "saturation": r.Always.Mixed, "bus": r.Always.Bus,
		}
	}
	return f
}
