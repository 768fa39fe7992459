package filter

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// relativeDate is a value of a date or datetime condition that depends on the
// time: today or now, plus or minus a number of days, weeks, months or years.
// Without a word it counts from today.
var relativeDate = regexp.MustCompile(`^(today|now)?(?:([+-])([0-9]{1,4})([dwmy]))?$`)

// RelativeSyntax is how relative dates are written, for people.
const RelativeSyntax = "today, now, or either plus or minus a number of d, w, m or y, such as -30d, +2w, today-3m"

// relative is a relative date made ready.
type relative struct {
	now                 bool // counts from this moment, else from the start of today
	years, months, days int
}

func parseRelative(v string) (r relative, ok bool) {
	m := relativeDate.FindStringSubmatch(plain(v))
	if m == nil || m[0] == "" {
		return relative{}, false
	}
	r.now = m[1] == "now"
	n, _ := strconv.Atoi(m[3]) // up to four digits, or none
	if m[2] == "-" {
		n = -n
	}
	switch m[4] {
	case "d":
		r.days = n
	case "w":
		r.days = 7 * n
	case "m":
		r.months = n
	case "y":
		r.years = n
	}
	return r, true
}

// plain takes away what makes no difference in a relative date: case and spaces.
func plain(v string) string { return strings.ToLower(strings.ReplaceAll(v, " ", "")) }

// at is the moment that a relative date is, in the zone of now. A month after
// the 31st is the last day of a shorter month.
func (r relative) at(now time.Time) time.Time {
	year, month, day := now.Date()
	last := time.Date(year+r.years, month+time.Month(r.months)+1, 0, 0, 0, 0, 0, time.UTC)
	day = min(day, last.Day()) + r.days
	if !r.now {
		return deal.StartOfDay(last.Year(), last.Month(), day, now.Location())
	}
	return time.Date(last.Year(), last.Month(), day, now.Hour(), now.Minute(), now.Second(), now.Nanosecond(), now.Location())
}

// dated makes the wanted value of a condition on a date or datetime field. All
// values of date fields are compared as midnights in UTC, so that a date is the
// same wherever one stands; a date on a datetime field is the start of that day
// in the zone of now.
func dated(t deal.Type) func(string) (wanted[time.Time], error) {
	return func(v string) (wanted[time.Time], error) {
		if r, ok := parseRelative(v); ok {
			if t == deal.Datetime {
				return r.at, nil
			}
			return func(now time.Time) time.Time { return midnight(r.at(now)) }, nil
		}
		if day, err := time.Parse(time.DateOnly, v); err == nil {
			if t == deal.Date {
				return always(day), nil
			}
			return func(now time.Time) time.Time {
				return deal.StartOfDay(day.Year(), day.Month(), day.Day(), now.Location())
			}, nil
		}
		canonical, ok := deal.Canonical(t, v)
		at, err := parseTime(t)(canonical)
		if !ok || err != nil {
			return nil, fmt.Errorf("want YYYY-MM-DD%s, or a relative date: %s", clock(t), RelativeSyntax)
		}
		return always(at), nil
	}
}

// clock is what the absolute form has beside the date.
func clock(t deal.Type) string {
	if t == deal.Datetime {
		return " or a time such as 2026-01-31T09:00:00Z"
	}
	return ""
}

func midnight(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
}

// Canonical brings a condition's value into the form that is stored: that of
// its type, while relative dates and dates on a datetime field stay what they
// are, since only the time of the match makes moments of them.
func Canonical(t deal.Type, v string) (canonical string, ok bool) {
	if t == deal.Date || t == deal.Datetime {
		if _, ok := parseRelative(v); ok {
			return plain(v), true
		}
		if _, err := time.Parse(time.DateOnly, v); err == nil {
			return v, true
		}
	}
	return deal.Canonical(t, v)
}

// At is the group with its dates as they are at a moment, for a search by the
// app: relative ones, and days on datetime fields, in the zone of now.
func At(g Group, now time.Time) Group {
	made := Group{Any: g.Any}
	for _, c := range g.Conditions {
		made.Conditions = append(made.Conditions, c.at(now))
	}
	for _, sub := range g.Groups {
		made.Groups = append(made.Groups, At(sub, now))
	}
	return made
}

func (c Condition) at(now time.Time) Condition {
	if c.Type != deal.Date && c.Type != deal.Datetime {
		return c
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = v
		if want, err := dated(c.Type)(v); err == nil {
			values[i], _ = deal.Canonical(c.Type, want(now).UTC().Format(time.RFC3339Nano))
		}
	}
	c.Values = values
	return c
}
