package detect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// two waits for a change of each of two records; a repeat is no other.
func (b *bundle) two(t *testing.T) map[string]*eventv1.Change {
	t.Helper()
	heard := map[string]*eventv1.Change{}
	for len(heard) < 2 {
		c := b.next(t).change
		heard[c.GetRecord()] = c
	}
	return heard
}

func TestAMergeIsToldOfBothRecords_R17(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	b.hold(t, "43", at(0), map[string]string{"title": "Ship", "value": "1"})
	b.app.put("43", at(60), deal.Fields{"title": "Ship", "value": "2"})
	b.webhook(t, connector.Event{Object: deal.Deals, ID: "42", Action: connector.Merged, At: at(60), MergedInto: "43"})
	heard := b.two(t)
	if c := heard["42"]; !c.GetDeleted() || c.GetMergedInto() != "43" {
		t.Errorf("change = %v, want it merged away", c)
	}
	survivor := heard["43"]
	if diff := cmp.Diff([]string{"42"}, survivor.GetMergedFrom()); diff != "" || survivor.GetFields()["value"].GetValue() != "2" {
		t.Errorf("value %v, merged from (-want +got), want the survivor read:\n%s", survivor.GetFields()["value"], diff)
	}
	if calls := b.app.calls(); len(calls) != 1 {
		t.Errorf("calls = %v, want one read", calls)
	}
	b.webhook(t, connector.Event{Object: deal.Deals, ID: "42", Action: connector.Deleted, At: at(61)})
	b.webhook(t, edit("43", at(90), "title", "Yacht"))
	if c := b.next(t).change; c.GetRecord() != "43" || c.GetFields()["title"].GetValue() != "Yacht" {
		t.Errorf("change = %v, want nothing of a deletion that is known as a merge", c)
	}
	if c := b.copy(t, "42"); c.GetMergedInto() != "43" {
		t.Errorf("copy = %v, want it to remember its survivor", c)
	}
}

func TestASurvivorTellsOfWhatItAbsorbed_R17(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(t, "42", at(0), map[string]string{"title": "Boat", "value": "1"})
	b.hold(t, "43", at(0), map[string]string{"title": "Ship", "value": "1"})
	b.app.pages = [][]string{{"43"}}
	b.app.put("43", at(60), deal.Fields{"title": "Ship", "value": "1"})
	r := b.app.records["43"]
	r.MergedFrom = []string{"42", "unheard of"}
	b.app.records["43"] = r
	b.begin(t, ledger.PollCursor, &ledgerv1.Cursor{SinceMs: at(5).UnixMilli()})
	heard := b.two(t)
	if c := heard["42"]; !c.GetDeleted() || c.GetMergedInto() != "43" {
		t.Errorf("change = %v, want it merged away", c)
	}
	if diff := cmp.Diff([]string{"42", "unheard of"}, heard["43"].GetMergedFrom()); diff != "" {
		t.Errorf("merged from (-want +got):\n%s", diff)
	}
	b.pollEnds(t)
	if c := b.copy(t, "42"); !c.GetDeleted() || c.GetMergedInto() != "43" {
		t.Errorf("copy = %v", c)
	}
}

func TestMergesInACircleEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, id := range []string{"1", "2"} {
		b.hold(t, id, at(0), map[string]string{"title": id})
	}
	b.app.records["1"] = connector.Record{ID: "1", Deleted: true, MergedInto: "2", Modified: at(60)}
	b.app.records["2"] = connector.Record{ID: "2", Deleted: true, MergedInto: "1", Modified: at(60)}
	b.webhook(t, connector.Event{Object: deal.Deals, ID: "1", Action: connector.Merged, At: at(60), MergedInto: "2"})
	b.two(t)
}
