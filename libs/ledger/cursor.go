package ledger

import (
	"strconv"
	"strings"
)

// Kinds of cursors. The change-detector writes them; all but the poll's are a
// sync's and end with its name.
const (
	// PollCursor is where a connection's poll of an object is.
	PollCursor = "poll"
	// BackfillCursor is where a backfill of one side is.
	BackfillCursor = "backfill:"
	// OfferCursor, at the HubSpot connection, says under which settings a sync's
	// records were offered last: its run is the sync's revision and, where a filter
	// looks at today, the day.
	OfferCursor = "refresh:"
	// MatchCursor, at the HubSpot connection, says that all records of both sides
	// have been taken in, so that whoever matches them knows all candidates (R15).
	// It is there from that
	// moment on; its since_ms is the number of the backfills that it follows (never
	// before the sync's activated_ms), its cursor the match rules, and it is done
	// when all records have been offered again.
	MatchCursor = "matched:"
)

// Run names one run of a poll or backfill: its kind and its number, the moment
// at which it was asked for in Unix milliseconds.
func Run(kind string, number int64) string { return kind + "@" + strconv.FormatInt(number, 10) }

// SplitRun takes the name of a run apart; number is 0 where it has none.
func SplitRun(run string) (kind string, number int64) {
	i := strings.LastIndexByte(run, '@')
	if i < 0 {
		return run, 0
	}
	number, err := strconv.ParseInt(run[i+1:], 10, 64)
	if err != nil {
		number = 0
	}
	return run[:i], number
}
