package deal

import "time"

// StartOfDay is the first moment of a day in a zone. Where the clocks skip
// midnight that is when they go on, and a day that a zone left out altogether
// begins with the next one.
func StartOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	at := time.Date(year, month, day, 0, 0, 0, 0, zone)
	// In a gap time.Date may answer with either side's offset; the earlier one
	// lies in the day before, up to an hour of it or, at the date line, a day.
	wanted := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	got := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	if got.Before(wanted) {
		if _, end := at.ZoneBounds(); !end.IsZero() {
			return end
		}
	}
	return at
}
