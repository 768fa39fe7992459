package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// String shows values to people.
func (f fields) String() string {
	parts := make([]string, 0, len(f))
	for _, name := range slices.Sorted(maps.Keys(f)) {
		parts = append(parts, fmt.Sprintf("%s = %s", name, orBlank(fmt.Sprint(f[name]))))
	}
	return strings.Join(parts, ", ")
}

func orBlank(v string) string {
	if v == "" {
		return "(blank)"
	}
	return v
}

// counterparts are the names of mapped fields on the other side.
var counterparts = map[string]string{
	"amount": "value", "value": "amount", "closedate": "expected_close_date", "expected_close_date": "closedate", "phone": "phone",
}

// other is the same in the other side's names.
func (f fields) other() fields {
	o := fields{}
	for name, v := range f {
		o[counterparts[name]] = v
	}
	return o
}

// in reports whether a record holds all the values.
func (f fields) in(r *record) bool {
	for name, want := range f {
		if !same(string(r.Fields[name]), fmt.Sprint(want)) {
			return false
		}
	}
	return true
}

// stored is the time from begun until the record got the last of the values,
// by its own history; the double keeps whole milliseconds.
func (r *record) stored(f fields, begun time.Time) time.Duration {
	var at int64
	for name, want := range f {
		for i := len(r.History) - 1; i >= 0; i-- {
			if h := r.History[i]; h.Field == name && same(string(h.Value), fmt.Sprint(want)) {
				at = max(at, h.At)
				break
			}
		}
	}
	return since(begun, at)
}

// since is the time from begun to a moment in Unix milliseconds. A moment in
// the same millisecond is no time at all.
func since(begun time.Time, ms int64) time.Duration {
	return max(0, time.UnixMilli(ms).Sub(begun.Truncate(time.Millisecond)))
}

// short is a whole number of minutes or seconds.
func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// stateOf is a pair's status with its reason, as lists of pairs count it.
func stateOf(p *ledgerv1.Pair) string {
	if p.GetReason() == "" {
		return p.GetStatus()
	}
	return p.GetStatus() + ": " + p.GetReason()
}
