package deal_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones below are known on every machine

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
)

func zone(t interface{ Fatal(args ...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestADayBeginsWhenTheZoneSaysSo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, zone, day, want string
	}{
		{"at midnight", "Europe/Berlin", "2026-05-13", "2026-05-13T00:00:00+02:00"},
		{"on the day that the clocks change as well", "Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00"},
		{"at one where the clocks skip midnight", "America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"},
		{"at one in Cairo too", "Africa/Cairo", "2026-04-24", "2026-04-24T01:00:00+03:00"},
		{"with the next one where it was left out", "Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := time.Parse(time.DateOnly, tc.day)
			if err != nil {
				t.Fatal(err)
			}
			if got := deal.StartOfDay(d.Year(), d.Month(), d.Day(), zone(t, tc.zone)).Format(time.RFC3339); got != tc.want {
				t.Errorf("%s begins at %s, want %s", tc.day, got, tc.want)
			}
		})
	}
}

// A millisecond before the start it is another day, and at the start it is the
// day, whatever the clocks do.
func TestTheStartIsTheFirstMomentOfTheDay(t *testing.T) {
	t.Parallel()
	zones := []string{
		"UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe",
		"Asia/Kathmandu", "America/St_Johns", "America/Asuncion", "America/Santiago",
	}
	rapid.Check(t, func(rt *rapid.T) {
		z := zone(rt, rapid.SampledFrom(zones).Draw(rt, "zone"))
		day := time.UnixMilli(rapid.Int64Range(3e11, 4e12).Draw(rt, "moment")).In(z)
		start := deal.StartOfDay(day.Year(), day.Month(), day.Day(), z)
		if got, want := start.In(z).Format(time.DateOnly), day.Format(time.DateOnly); got != want {
			rt.Fatalf("%s begins at %s", want, start.In(z))
		}
		if before := start.Add(-time.Millisecond).In(z); before.Day() == day.Day() {
			rt.Fatalf("%s is before the start of its day", before)
		}
	})
}
