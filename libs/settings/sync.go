package settings

import (
	"cmp"
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// WinnerOf is the side whose edit stands in a conflict (R7); HubSpot is the
// default.
func WinnerOf(y *configv1.Sync) deal.Side {
	if y.GetWinner() == configv1.Winner_WINNER_APP {
		return deal.App
	}
	return deal.HubSpot
}

// Scanned are the sides whose records a backfill reads (R13): those that edits
// come from. What the receiving side of a one-way sync holds begins no pair, so
// it is read only where records of the other side may match it (R15).
func Scanned(y *configv1.Sync) (sides []deal.Side) {
	ways := WaysOf(y.GetDirection())
	for _, side := range []deal.Side{deal.HubSpot, deal.App} {
		if ways.To(side.Other()) || len(y.GetMatch()) > 0 {
			sides = append(sides, side)
		}
	}
	return sides
}

// ParentsFirst are syncs in the order of deal.Family: those whose records others
// are associated with come first.
func ParentsFirst(syncs []*configv1.Sync) []*configv1.Sync {
	family := deal.Family()
	return slices.SortedStableFunc(slices.Values(syncs), func(a, b *configv1.Sync) int {
		return cmp.Compare(slices.Index(family, deal.Object(a.GetObject())), slices.Index(family, deal.Object(b.GetObject())))
	})
}

// EndOf is how a side keeps an association.
func EndOf(line *configv1.AssociationLine, side deal.Side) *configv1.AssociationEnd {
	if side == deal.HubSpot {
		return line.GetHubspot()
	}
	return line.GetApp()
}
