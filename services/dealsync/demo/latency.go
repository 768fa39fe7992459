package demo

import (
	"math"
	"slices"
	"time"
)

// percentile is the smallest of the times that at least share of them do not
// exceed (nearest rank); 0 when there are none.
func percentile(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
