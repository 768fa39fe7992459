package window

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// values are the part of an edit that the scripts do not look into.
type values struct {
	Own   deal.Fields `json:"own,omitempty"`
	Other deal.Fields `json:"other,omitempty"`
}

func encode(e Edit) string {
	b, _ := json.Marshal(values{e.Own, e.Other}) // maps of strings always encode
	return string(b)
}

// decode reads what the scripts stored for a unit.
func decode(unit, stored string) (e Edit, closes time.Time, err error) {
	parts := strings.SplitN(stored, " ", 3)
	if len(parts) != 3 {
		return e, closes, corrupt(unit, fmt.Errorf("%d parts", len(parts)))
	}
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	end, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return e, closes, corrupt(unit, fmt.Errorf("times %q and %q", parts[0], parts[1]))
	}
	var v values
	if err := json.Unmarshal([]byte(parts[2]), &v); err != nil {
		return e, closes, corrupt(unit, err)
	}
	return Edit{Unit: unit, Own: v.Own, Other: v.Other, At: time.UnixMicro(at).UTC()}, time.UnixMicro(end).UTC(), nil
}

func corrupt(unit string, err error) error {
	return fault.Wrap(fault.Bug, "window_corrupt", fmt.Errorf("window of unit %s: %w", unit, err))
}

// openEdits are the edits of a pair that are open at now, by unit and side.
func openEdits(pair string, held map[string]string, now string) ([]OpenWindow, error) {
	at, err := strconv.ParseInt(now, 10, 64)
	if err != nil {
		return nil, corrupt("", err)
	}
	var windows []OpenWindow
	for field, stored := range held {
		side, unit, _ := strings.Cut(field, "|")
		e, closes, err := decode(unit, stored)
		if err != nil {
			return nil, fmt.Errorf("pair %s: %w", pair, err)
		}
		if closes.UnixMicro() > at {
			windows = append(windows, OpenWindow{Pair: pair, Side: sideOf(side), Edit: e, Closes: closes})
		}
	}
	slices.SortFunc(windows, func(a, b OpenWindow) int {
		if c := strings.Compare(a.Unit, b.Unit); c != 0 {
			return c
		}
		return int(a.Side) - int(b.Side)
	})
	return windows, nil
}

func sideOf(name string) deal.Side {
	for _, s := range []deal.Side{deal.HubSpot, deal.App} {
		if s.String() == name {
			return s
		}
	}
	return deal.NoSide
}
