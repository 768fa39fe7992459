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
	Objects       map[string]Object `json:"objects"` // by HubSpot's word: companies, contacts, deals
	Associations  Associations      `json:"associations"`
	Plan          PlanReview        `json:"plan"`
	Held          map[string]int    `json:"held"`     // pairs that wait for a person after the first sync, by reason
	Excluded      map[string]int    `json:"excluded"` // deals that rest, by reason
	Conflicts     Conflicts         `json:"conflicts"`
	Echoes        int               `json:"echoes"` // own writes that came back and were dropped
	WritesPerEdit float64           `json:"writes_per_edit"`
	Latency       Latency           `json:"latency_ms"`
	Lost          int               `json:"lost"` // edits of the script that never arrived
	Again         SecondBackfill    `json:"second_backfill"`
	details       []string
}

// Object is what came of the records of one kind, in both accounts.
type Object struct {
	Created     int `json:"created"`     // by Dealsync
	Updated     int `json:"updated"`     // by Dealsync
	Differences int `json:"differences"` // fields that differ between the two accounts
	Duplicates  int `json:"duplicates"`  // records with one source, beyond the first
}

// Associations is what came of those between records that sync.
type Associations struct {
	Made    int `json:"made"`    // by Dealsync
	Missing int `json:"missing"` // that one account has and the other should have
	Doubled int `json:"doubled"` // of one record with two that are the same
}

// Conflicts counts the verdicts of R7 on deals by the side that won.
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

// Check is nil when both accounts agree, nothing is doubled, missing or lost,
// and the second backfill wrote nothing.
func (r *Report) Check() error {
	var wrong []string
	count := func(n int, what string) {
		if n != 0 {
			wrong = append(wrong, fmt.Sprint(n, " ", what))
		}
	}
	for _, k := range kinds {
		count(r.Objects[k.many()].Differences, "differences of "+k.many())
		count(r.Objects[k.many()].Duplicates, "duplicates of "+k.many())
	}
	count(r.Associations.Missing, "associations missing")
	count(r.Associations.Doubled, "associations doubled")
	count(r.Lost, "edits lost")
	count(r.Again.Writes, "writes of a second backfill")
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s:\n  %s", strings.Join(wrong, ", "), strings.Join(r.details, "\n  "))
}

// objectRows are the figures by kind for people.
func (r *Report) objectRows() [][]string {
	rows := [][]string{{"", "created", "updated", "differences", "duplicates"}}
	for _, k := range kinds {
		o := r.Objects[k.many()]
		rows = append(rows, append([]string{k.many()}, numbers(int64(o.Created), int64(o.Updated), int64(o.Differences), int64(o.Duplicates))...))
	}
	return rows
}

// rows are the other figures for people.
func (r *Report) rows() [][]string {
	return [][]string{
		{"associations", fmt.Sprintf("%d made, %d missing, %d doubled", r.Associations.Made, r.Associations.Missing, r.Associations.Doubled), ""},
		{"held", fmt.Sprint(sum(r.Held)), byName(r.Held)},
		{"deals excluded", fmt.Sprint(sum(r.Excluded)), byName(r.Excluded)},
		{"conflicts", fmt.Sprint(r.Conflicts.Count), "won by: " + byName(r.Conflicts.Verdicts)},
		{"echoes dropped", fmt.Sprint(r.Echoes), "own writes that came back"},
		{"writes per edit", fmt.Sprintf("%.2f", r.WritesPerEdit), "after the first sync"},
		{"edit to arrival", fmt.Sprintf("%.0f / %.0f / %.0f ms", r.Latency.P50, r.Latency.P95, r.Latency.P99), "p50 / p95 / p99"},
		{"edits lost", fmt.Sprint(r.Lost), ""},
		{"second backfill", fmt.Sprintf("%d writes", r.Again.Writes), fmt.Sprintf("%d records read", r.Again.Read)},
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
