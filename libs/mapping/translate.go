package mapping

import (
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// day and moment are the canonical forms of deal.Date and deal.Datetime.
const (
	day    = time.DateOnly
	moment = "2006-01-02T15:04:05.999Z07:00"
)

// translate brings a canonical value of one type into the canonical form of
// another. Blank stays blank. The reason is not empty when there is no such
// value; then nothing may be written.
//
// Between equal types and between date and datetime it is a lens: translating
// there, back and there again gives what the first step gave. Everything may
// become text, and text becomes nothing else.
func translate(from, to deal.Type, value string, zone *time.Location) (translated, reason string) {
	if value == "" {
		return "", ""
	}
	switch {
	case from == deal.Owner && to == deal.Owner:
		return "", fmt.Sprintf("the two accounts' users are not matched, so owner %q has no counterpart", value)
	case to == deal.Text && from != deal.Text:
		return value, ""
	case from == deal.Date && to == deal.Datetime:
		at, err := time.ParseInLocation(day, value, zone)
		if err != nil {
			return "", fmt.Sprintf("%q is not a date", value)
		}
		return at.UTC().Format(moment), ""
	case from == deal.Datetime && to == deal.Date:
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return "", fmt.Sprintf("%q is not a date with time", value)
		}
		return at.In(zone).Format(day), ""
	case from == to:
		v, ok := deal.Canonical(from, value)
		if !ok {
			return "", fmt.Sprintf("%q is not of type %s", value, from)
		}
		return v, ""
	default:
		return "", fmt.Sprintf("a %s cannot become a %s", from, to)
	}
}
