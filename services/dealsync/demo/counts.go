package demo

import (
	"context"
	"net/http"
	"strings"
)

// counts are a double's counters: records changed through its API, records
// changed by people, webhooks that are still to be sent.
type counts struct {
	Writes   int64 `json:"writes"`
	Edits    int64 `json:"edits"`
	Pending  int64 `json:"webhooks_pending"`
	Requests int64 `json:"requests"`
	Calls    []struct {
		Route  string `json:"route"`
		Status int    `json:"status"`
		Count  int    `json:"count"`
	} `json:"calls"`
	// Objects count deeds by object ("deals"), and associations by both of theirs
	// ("deals/contacts").
	Objects map[string]map[string]int `json:"objects"`
}

// hooked reports whether somebody has asked for webhooks.
func (c *counts) hooked() bool {
	for _, call := range c.Calls {
		if strings.HasPrefix(call.Route, "POST") && call.Status < 300 &&
			(strings.Contains(call.Route, "subscriptions") || strings.Contains(call.Route, "webhooks")) {
			return true
		}
	}
	return false
}

// deeds are what was done through an account's API: records of a kind made and
// changed, associations made from them.
type deeds struct{ Created, Updated, Associated int }

func (c *counts) deeds(a *account, k *kind) deeds {
	d := deeds{Created: c.Objects[k.on(a.side)]["created"], Updated: c.Objects[k.on(a.side)]["updated"]}
	for _, t := range ties {
		if t.from == k {
			d.Associated += c.Objects[k.on(a.side)+"/"+t.to.on(a.side)]["associated"] + c.Objects[t.to.on(a.side)+"/"+k.on(a.side)]["associated"]
		}
	}
	return d
}

// writes are all of them.
func (c *counts) writes(a *account) int {
	n := int(c.Writes)
	for _, k := range kinds {
		n += c.deeds(a, k).Associated
	}
	return n
}

func (a *account) counts(ctx context.Context) (*counts, error) {
	c := &counts{}
	err := a.call(ctx, http.MethodGet, "/stats", nil, c)
	return c, err
}
