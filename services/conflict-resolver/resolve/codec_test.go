package resolve

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

func TestPairsSurviveStorage(t *testing.T) {
	t.Parallel()
	fields := deal.Fields{"amount": "5", "currency": "EUR"}
	full := core.PairSide{
		Record: "1", Title: "Big one", Excluded: "filter", Detail: "value < 1000", Deleted: true, Seen: true, MadeMs: 77,
		Hold: "ambiguous_match", HoldDetail: "two have that address", Formerly: []string{"0"}, Told: []string{"contact"}, AskedMs: 78,
		Associations: []core.Reference{{Object: "contact", Record: "5"}}, Associate: []core.Reference{{Object: "company", Record: "6"}},
		Refused: []core.Refusal{{Reference: core.Reference{Object: "contact", Record: "7"}, Code: core.SlotTaken, Message: "it has 5"}},
		Flight: &core.Write{
			Side: deal.App, Op: core.Update, Record: "1", Units: []core.UnitWrite{{Unit: "amount", Fields: fields}},
			Associate: []core.Reference{{Object: "company", Record: "6"}},
			Version:   7, DecidedMs: 8, OriginMs: 9, Bulk: true,
		},
		Forgotten: map[string]int64{"amount": 2},
		Recent: []core.Sent{{
			Version: 3, From: 4, Until: 5, Wrote: map[string]uint64{"amount": 6}, Left: map[string]uint64{"amount": core.Untranslatable},
		}},
	}
	unit := core.UnitSide{
		Edit:    core.Edit{Own: 1, Other: core.Untranslatable, At: 3, Set: true},
		Held:    core.Held{Own: 4, At: 5, Unsure: true, Set: true},
		Aside:   &core.News{Own: fields, Other: deal.Fields{"value": "5"}, At: 6},
		Pending: fields,
	}
	p := core.Pair{
		Sync: "deals", Version: 7, HubSpot: core.PairSide{Record: "h"}, App: full,
		Units:  map[string]core.Unit{"amount": {HubSpot: unit, App: core.UnitSide{Edit: core.Edit{At: 9}}}},
		Status: core.Failing, Reason: "bad_value", Message: "too large", Rejected: map[string]uint64{"app/amount": 2},
		LastInput: "in", CreatedMs: 1, UpdatedMs: 2, BornOn: deal.HubSpot, FoldedInto: "other",
	}
	sc := scope{pair: "p", sync: &configv1.Sync{Workspace: "acme", Name: "deals", Object: "deal", AppConnection: "pd", HubspotConnection: "hs"}}
	data, err := proto.Marshal(sc.document(p))
	if err != nil {
		t.Fatal(err)
	}
	var doc ledgerv1.Pair
	if err := proto.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if got := pairOf(&doc); !reflect.DeepEqual(got, p) {
		t.Errorf("got  %+v\nwant %+v", got, p)
	}
	if f := doc.GetApp().GetFlight(); f.GetConnection() != "pd" || f.GetWorkspace() != "acme" || f.GetPair() != "p" || f.GetObject() != "deal" {
		t.Errorf("the write in flight is not addressed: %v", f)
	}
	if got := pairOf(nil); !reflect.DeepEqual(got, core.Pair{}) {
		t.Errorf("a pair that is not kept is %+v", got)
	}
}
