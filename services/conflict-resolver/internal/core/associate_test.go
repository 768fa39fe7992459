package core

import (
	"slices"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/deal"
)

// associated gives the pair's policy a contact line: many on HubSpot's side, one
// on the app's, as deals of most apps have it.
func (b *pairTest) associated() {
	b.policy.Associations = map[string]Ends{"contact": {HubSpotMany: true}}
}

// with lists an image's contacts: "own=other", or "own" while it has no counterpart.
func with(contacts ...string) option {
	return func(i *Image) {
		for _, c := range contacts {
			own, other, _ := strings.Cut(c, "=")
			i.Associations = append(i.Associations, Association{"contact", own, other})
		}
	}
}

// shows brings an image that changes no value of side s.
func (b *pairTest) shows(s deal.Side, opts ...option) Decision {
	b.t.Helper()
	u := b.pair.Units["amount"]
	return b.says(s, "amount", "1", u.On(s).Held.At, append(opts, because(Poll))...)
}

// wantAssociate checks what the last step's only write is to associate; "" is no write.
func (b *pairTest) wantAssociate(s deal.Side, want ...string) *Write {
	b.t.Helper()
	var got []string
	var w *Write
	for i := range b.last.Writes {
		if w = &b.last.Writes[i]; w.Side != s {
			b.t.Fatalf("a write to %s", w.Side)
		}
		for _, r := range w.Associate {
			got = append(got, r.Record)
		}
	}
	if !slices.Equal(got, want) {
		b.t.Fatalf("associates %q, want %q", got, want)
	}
	return w
}

// settles answers an association write: all of it, but what is refused.
func (b *pairTest) settles(s deal.Side, refused ...string) Decision {
	b.t.Helper()
	f := b.pair.On(s).Flight
	o := &Outcome{Version: f.Version, Record: s.String() + "-1", SentMs: b.now, AnsweredMs: b.now, Units: f.Units}
	for _, r := range f.Associate {
		if slices.Contains(refused, r.Record) {
			o.NotAssociated = append(o.NotAssociated, Refusal{r, "not_found", "no such person"})
		} else {
			o.Associated = append(o.Associated, r)
		}
	}
	return b.resolve(Input{ID: "out", Side: s, Outcome: o})
}

func (b *pairTest) wantTold(event, reason string) {
	b.t.Helper()
	for _, e := range b.last.Journal {
		if e.Event == event && e.Reason == reason {
			return
		}
	}
	b.t.Fatalf("the journal does not tell %s %q: %+v", event, reason, b.last.Journal)
}

func TestR16(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(b *pairTest)
	}{
		{"an association travels alone, without values, and settles", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			w := b.wantAssociate(deal.App, "a5")
			if len(w.Units) != 0 || w.Op != Update {
				b.t.Fatalf("write %+v", w)
			}
			b.wantStatus(Pending, "")
			before := b.pair.Units["amount"]
			b.settles(deal.App)
			b.wantTold("associated", "")
			b.wantRest()
			if u := b.pair.Units["amount"]; u.App.Held != before.App.Held || u.HubSpot.Held != before.HubSpot.Held || len(b.pair.App.Recent) != 1 {
				b.t.Error("an association disturbed what is known of values")
			}
			b.shows(deal.App, with("a5=h5"))
			b.wantUnchanged()
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantUnchanged()
		}},
		{"it is told also when news of it is faster than the answer", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.shows(deal.App, with("a5=h5"))
			b.settles(deal.App)
			b.wantTold("associated", "")
			b.wantRest()
		}},
		{"it waits until the contact has a counterpart", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5"))
			b.wantAssociate(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App, "a5")
		}},
		{"it travels with values when there are some", func(b *pairTest) {
			b.shows(deal.App)
			b.says(deal.HubSpot, "amount", "2", b.now, with("h5=a5"))
			if w := b.wantAssociate(deal.App, "a5"); len(w.Units) != 1 {
				b.t.Fatalf("write %+v", w)
			}
		}},
		{"it waits behind a write in flight", func(b *pairTest) {
			b.shows(deal.App)
			b.says(deal.HubSpot, "amount", "2", b.now)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App)
			b.answer(deal.App)
			b.wantAssociate(deal.App, "a5")
		}},
		{"a single slot that is taken stays, which is told once", func(b *pairTest) {
			b.shows(deal.App, with("a9"))
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App)
			b.wantTold("not_associated", SlotTaken)
			b.wantRest()
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantUnchanged()
		}},
		{"of two for a single slot one is written and the other told", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5", "h6=a6"))
			b.wantAssociate(deal.App, "a5")
			b.settles(deal.App)
			b.wantAssociate(deal.App)
			b.wantTold("not_associated", SlotTaken)
			b.wantRest()
		}},
		{"nothing is written over a slot that nobody has told of", func(b *pairTest) {
			b.pair.App.MadeMs, b.pair.App.Seen = 0, true
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App)
			if len(b.last.Refresh) != 1 || b.last.Refresh[0].Side != deal.App {
				b.t.Fatalf("want the app's record asked for, got %+v", b.last.Refresh)
			}
			b.shows(deal.App)
			b.wantAssociate(deal.App, "a5")
		}},
		{"a side with many takes all that are missing", func(b *pairTest) {
			b.policy.Associations["contact"] = Ends{HubSpotMany: true, AppMany: true}
			b.shows(deal.App, with("a6=h6"))
			b.wantAssociate(deal.HubSpot, "h6")
			b.shows(deal.HubSpot, with("h5=a5", "h6=a6", "h7=a7"))
			b.wantAssociate(deal.App, "a5", "a7")
		}},
		{"a refused one fails no pair and is not tried again before there is news", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.settles(deal.App, "a5")
			b.wantTold("not_associated", "not_found")
			b.wantRest()
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantUnchanged()
			b.shows(deal.HubSpot)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App, "a5")
		}},
		{"a resync tries a refused one again", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.settles(deal.App, "a5")
			b.resolve(Input{ID: "r", Resync: true})
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App, "a5")
		}},
		{"removing one is not carried over and not undone", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.settles(deal.App)
			b.shows(deal.App) // a person has taken it away
			b.wantAssociate(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App)
			b.shows(deal.App, with("a5=h5")) // and has thought better of it
			b.wantAssociate(deal.App)
			b.wantRest()
		}},
		{"a one-way sync carries them its way only", func(b *pairTest) {
			b.policy.Direction = deal.ToApp
			b.shows(deal.App, with("a6=h6"))
			b.wantAssociate(deal.HubSpot)
			b.policy.Associations["contact"] = Ends{AppMany: true}
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App, "a5")
		}},
		{"an excluded record gets none, and gets them when it comes back", func(b *pairTest) {
			b.shows(deal.App, excluded("filter"))
			b.shows(deal.HubSpot, with("h5=a5"))
			b.wantAssociate(deal.App)
			b.shows(deal.App)
			b.wantAssociate(deal.App, "a5")
		}},
		{"an association that the whole write was refused for is tried once more alone", func(b *pairTest) {
			b.shows(deal.App)
			b.says(deal.HubSpot, "amount", "2", b.now, with("h5=a5"))
			b.reject(deal.App)
			if w := b.wantAssociate(deal.App, "a5"); len(w.Units) != 0 {
				b.t.Fatalf("write %+v", w)
			}
			b.reject(deal.App)
			b.wantAssociate(deal.App)
			b.wantStatus(Failing, "bad_value")
		}},
		{"an update that says nothing of one ends it too", func(b *pairTest) {
			b.shows(deal.App)
			b.shows(deal.HubSpot, with("h5=a5"))
			b.answer(deal.App)
			b.wantAssociate(deal.App)
			b.wantRest()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.paired("amount", "1")
			b.associated()
			tt.do(b)
		})
	}
}

func TestR16ACreateCarriesAssociations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.associated()
	b.says(deal.HubSpot, "amount", "1", b.now, with("h5=a5"))
	if w := b.wantAssociate(deal.App, "a5"); w.Op != Create {
		t.Fatalf("write %+v", w)
	}
	b.answer(deal.App) // an earlier try had made the record: nothing is told of associations
	b.wantAssociate(deal.App, "a5")
	b.settles(deal.App)
	b.wantRest()
}
