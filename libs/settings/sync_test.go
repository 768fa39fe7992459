package settings_test

import (
	"slices"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func TestR13TheSidesThatEditsComeFromAreScanned(t *testing.T) {
	t.Parallel()
	match := []*configv1.MatchRule{{Name: "email"}}
	for name, c := range map[string]struct {
		sync *configv1.Sync
		want []deal.Side
	}{
		"both ways":                      {&configv1.Sync{}, []deal.Side{deal.HubSpot, deal.App}},
		"to HubSpot only":                {&configv1.Sync{Direction: configv1.Direction_DIRECTION_TO_HUBSPOT}, []deal.Side{deal.App}},
		"to the app only":                {&configv1.Sync{Direction: configv1.Direction_DIRECTION_TO_APP}, []deal.Side{deal.HubSpot}},
		"one way, with records to match": {&configv1.Sync{Direction: configv1.Direction_DIRECTION_TO_APP, Match: match}, []deal.Side{deal.HubSpot, deal.App}},
	} {
		if got := settings.Scanned(c.sync); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestR16WhatOthersAreAssociatedWithComesFirst(t *testing.T) {
	t.Parallel()
	var order []string
	for _, y := range settings.ParentsFirst([]*configv1.Sync{
		{Name: "a", Object: "deal"}, {Name: "b", Object: "contact"}, {Name: "c", Object: "deal"}, {Name: "d", Object: "company"},
	}) {
		order = append(order, y.GetName())
	}
	if want := []string{"d", "b", "a", "c"}; !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
}
