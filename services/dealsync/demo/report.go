package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Report is what a run measured.
type Report struct {
	Created       int            `json:"created"`  // deals made by Dealsync, both accounts
	Updated       int            `json:"updated"`  // deals changed by Dealsync, both accounts
	Excluded      map[string]int `json:"excluded"` // pairs that rest, by reason
	Conflicts     Conflicts      `json:"conflicts"`
	Echoes        int            `json:"echoes"` // own writes that came back and were dropped
	WritesPerEdit float64        `json:"writes_per_edit"`
	Latency       Latency        `json:"latency_ms"`
	Differences   int            `json:"differences"` // fields that differ between the two accounts
	Duplicates    int            `json:"duplicates"`  // records with one source, beyond the first
	Lost          int            `json:"lost"`        // edits of the script that never arrived
	details       []string
}

// Conflicts counts the verdicts of R7 by the side that won.
type Conflicts struct {
	Count    int            `json:"count"`
	Verdicts map[string]int `json:"verdicts"`
}

// Latency is the time from a person's edit to its arrival, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// Write writes the report as JSON.
func (r *Report) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// Check is nil when both accounts agree, nothing is doubled and nothing is lost.
func (r *Report) Check() error {
	if r.Differences == 0 && r.Duplicates == 0 && r.Lost == 0 {
		return nil
	}
	return fmt.Errorf("%d differences, %d duplicates, %d edits lost:\n  %s",
		r.Differences, r.Duplicates, r.Lost, strings.Join(r.details, "\n  "))
}

// rows are the report for people.
func (r *Report) rows() [][]string {
	return [][]string{
		{"created", fmt.Sprint(r.Created), "deals made by Dealsync, both accounts"},
		{"updated", fmt.Sprint(r.Updated), "deals changed by Dealsync, both accounts"},
		{"excluded", fmt.Sprint(sum(r.Excluded)), byName(r.Excluded)},
		{"conflicts", fmt.Sprint(r.Conflicts.Count), byName(r.Conflicts.Verdicts)},
		{"echoes dropped", fmt.Sprint(r.Echoes), "own writes that came back"},
		{"writes per edit", fmt.Sprintf("%.2f", r.WritesPerEdit), "after the first sync"},
		{"edit to arrival", fmt.Sprintf("%.0f / %.0f / %.0f ms", r.Latency.P50, r.Latency.P95, r.Latency.P99), "p50 / p95 / p99"},
		{"differences", fmt.Sprint(r.Differences), "fields of deals that sync"},
		{"duplicates", fmt.Sprint(r.Duplicates), ""},
		{"edits lost", fmt.Sprint(r.Lost), ""},
	}
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

func byName(m map[string]int) string {
	parts := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, m[name]))
	}
	return strings.Join(parts, ", ")
}
