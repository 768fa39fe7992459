package core

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

// What happens to records, not to their values: holds, merges, associations.

// prepare sets the stage for a history with such things.
func (w *world) prepare(born deal.Side) {
	if w.cfg.Holds {
		c := w.sides[born]
		c.held = true
		w.after(w.rng.Int64N(120_000), func() {
			c.held = false
			w.notify(born, "", stamped{}, deal.Others)
		})
	}
	if w.cfg.Contacts {
		w.policy.Associations = map[string]Ends{"contact": {HubSpotMany: true, AppMany: w.cfg.AppMany}}
		for n := range w.contacts {
			w.after(w.rng.Int64N(300_000), func() { w.pairContact(n) })
		}
	}
}

// pairContact gives a contact its counterpart, and wakes who waits for it.
func (w *world) pairContact(n int) {
	w.contacts[n] = true
	for _, s := range sides {
		if w.sides[s].exists {
			w.offer(s, nil, deal.UnknownOrigin, Reread)
		}
	}
}

// mergeRecord merges a side's record into a new one, which takes its values over.
func (w *world) mergeRecord(s deal.Side) {
	c := w.sides[s]
	old := &Image{Record: c.record, MergedFrom: c.formerly, Deleted: true, Cause: Webhook, DetectedMs: w.now}
	c.formerly = append(append([]string(nil), c.formerly...), c.record)
	c.record = fmt.Sprintf("%s-%d", s, len(c.formerly)+1)
	old.MergedInto = c.record
	w.say("%s merged into %s", old.Record, c.record)
	for range 1 + w.rng.IntN(4)/3 {
		w.after(w.delay(), func() { w.resolve(Input{Side: s, Image: old}) })
	}
	w.notify(s, "", stamped{}, deal.Others)
}

// missed reports whether a write goes to a record that was merged away; some
// apps send it on to the survivor.
func (w *world) missed(c *crm, wr Write) bool {
	return wr.Op == Update && wr.Record != c.record && w.rng.IntN(2) == 0
}

// relate is a person who associates a record with a contact.
func (w *world) relate(s deal.Side) {
	c, n := w.sides[s], w.rng.IntN(len(w.contacts))
	if c.contacts[n] || w.single(c) && c.contacts != [3]bool{} {
		return
	}
	w.edits++
	c.contacts[n] = true
	w.say("person associates %s with contact %d", s, n)
	w.notify(s, "", stamped{}, deal.Others)
}

func (w *world) single(c *crm) bool { return c.side == deal.App && !w.cfg.AppMany }

func contactID(s deal.Side, n int) string { return fmt.Sprintf("%s-c%d", s, n) }

func (w *world) associations(c *crm) []Association {
	var list []Association
	for n, has := range c.contacts {
		if !has {
			continue
		}
		a := Association{Object: "contact", Own: contactID(c.side, n)}
		if w.contacts[n] {
			a.Other = contactID(c.side.Other(), n)
		}
		list = append(list, a)
	}
	return list
}

// putContacts is the app that makes the associations of a write.
func (w *world) putContacts(c *crm, wr Write, o *Outcome) {
	o.Associated, o.NotAssociated = nil, nil
	for _, r := range wr.Associate {
		var n int
		if _, err := fmt.Sscanf(r.Record, c.side.String()+"-c%d", &n); err != nil {
			w.broken = "an association with an unknown record " + r.Record
			return
		}
		if w.single(c) && !c.contacts[n] && c.contacts != [3]bool{} { // a person was faster
			o.NotAssociated = append(o.NotAssociated, Refusal{Reference: r, Code: SlotTaken})
			continue
		}
		if !c.contacts[n] {
			c.contacts[n] = true
			w.say("ours associates %s with contact %d", c.side, n)
			w.notify(c.side, "", stamped{}, deal.Ours)
		}
		o.Associated = append(o.Associated, r)
	}
}

// judgeContacts: what one side has the other has too, as far as it can keep it.
func (w *world) judgeContacts() string {
	h, a := w.sides[deal.HubSpot], w.sides[deal.App]
	both := fmt.Sprintf("contacts of hubspot %v, of the app %v (R16)", h.contacts, a.contacts)
	for n := range w.contacts {
		if a.contacts[n] && !h.contacts[n] && w.policy.Direction.To(deal.HubSpot) {
			return "HubSpot lacks an association: " + both
		}
		if h.contacts[n] && !a.contacts[n] && w.policy.Direction.To(deal.App) && (w.cfg.AppMany || a.contacts == [3]bool{}) {
			return "the app lacks an association: " + both
		}
	}
	return ""
}

// withRecords adds to a seed's history what happens to records.
func withRecords(seed uint64) func(*simConfig) {
	return func(cfg *simConfig) {
		cfg.Holds, cfg.Merges, cfg.Contacts, cfg.AppMany = seed%2 == 0, seed%3 > 0, seed%5 > 0, seed%7 > 3
	}
}

// TestHistoriesOfRecords plays thousands of random histories in which records
// are held, merged and associated while their values change.
func TestHistoriesOfRecords(t *testing.T) {
	t.Parallel()
	from, n := setting(t, "SIM_FROM", 1), setting(t, "SIM_SEEDS", 3000)
	failed := 0
	for seed := from; seed < from+n && failed < 20; seed++ {
		problem, w := simulate(seed, false, withRecords(seed))
		if problem == "" {
			continue
		}
		if failed++; failed == 1 {
			t.Errorf("seed %d: %s\n%s", seed, problem, explain(seed, withRecords(seed)))
		} else {
			t.Errorf("seed %d: %s %s", seed, problem, strings.TrimSpace(fmt.Sprintf("%+v", w.cfg)))
		}
	}
}
