package demo

import (
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// Short names for the two sides of the script.
const (
	inHubSpot = deal.HubSpot
	inApp     = deal.App
)

// scene is one thing that people do, and what should come of it.
type scene struct {
	title, expect string
	play          func(s *stageplay)
}

// script is played from top to bottom. Every scene takes deals of its own.
var script = []scene{
	{"A stage move in HubSpot", "the Pipedrive deal moves to the mapped stage", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.do(inHubSpot, d, "stage", "presentationscheduled")
		s.arrives(inApp, d, fields{"stage_id": 3})
	}},
	{"A stage move in Pipedrive", "the HubSpot deal moves to the mapped stage", func(s *stageplay) {
		d := s.deal(inApp)
		s.do(inApp, d, "stage", "3")
		s.arrives(inHubSpot, d, fields{"dealstage": "presentationscheduled"})
	}},
	{"Amounts", "each arrives on the other side, with its currency", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.edit(inHubSpot, d, fields{"amount": "12500.50"})
		s.arrives(inApp, d, fields{"value": "12500.5"})
		d = s.deal(inApp)
		s.edit(inApp, d, fields{"value": 13900, "currency": "USD"})
		s.arrives(inHubSpot, d, fields{"amount": 13900, "deal_currency_code": "USD"})
	}},
	{"A name and a date", "both arrive", func(s *stageplay) {
		d := s.deal(inApp)
		name := "Tamarind Travel, two coaches (" + d.mark + ")"
		s.edit(inApp, d, fields{"title": name})
		s.arrives(inHubSpot, d, fields{"dealname": name})
		s.edit(inHubSpot, d, fields{"closedate": "2027-03-31T00:00:00Z"})
		s.arrives(inApp, d, fields{"expected_close_date": "2027-03-31"})
	}},
	{"New deals on both sides", "each gets one counterpart", func(s *stageplay) {
		d := s.create(deals, inHubSpot, newHubSpotDeal(s, 4200))
		s.appears(inApp, &d)
		d = s.create(deals, inApp, fields{"title": s.stock.newName(inApp), "value": 5300, "currency": "EUR", "stage_id": 3})
		s.appears(inHubSpot, &d)
	}},
	{"A contact's phone number, on both sides", "each arrives on the other side", func(s *stageplay) {
		c := s.contact(inHubSpot)
		s.edit(inHubSpot, c, fields{"phone": "+44 20 7946 0971"})
		s.arrives(inApp, c, fields{"phone": "+44 20 7946 0971"})
		c = s.contact(inApp)
		s.edit(inApp, c, fields{"phone": "+44 20 7946 0972"})
		s.arrives(inHubSpot, c, fields{"phone": "+44 20 7946 0972"})
	}},
	{"A deal in Pipedrive gets another contact", "HubSpot's deal is associated with it, too; nothing is taken away there", func(s *stageplay) {
		d, c := s.deal(inApp), s.contact(inApp)
		s.associate(inApp, d, c)
		s.associated(inHubSpot, d, c)
	}},
	{"A new deal with a new contact in HubSpot", "both get a counterpart; once the contact has its own, the deal is associated", func(s *stageplay) {
		c := s.create(contacts, inHubSpot, fields{"email": "wanda.zeller@quincetree.example", "firstname": "Wanda", "lastname": "Zeller"})
		d := s.create(deals, inHubSpot, newHubSpotDeal(s, 6400), c)
		s.appears(inApp, &c)
		s.appears(inApp, &d)
		s.associated(inApp, d, c)
	}},
	{"A burst of edits on one deal", "the last value arrives; values in between need no write of their own", burst},
	{"A steady flow of edits on many deals", "every edit arrives", steady},
	{"A burst over many deals", "every edit arrives", wave},
	{"A conflict: one field, both sides, within five minutes", "HubSpot's edit stands on both sides, though the other is later", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.tally.conflict = d
		s.matures(inApp, d)
		s.edit(inHubSpot, d, fields{"amount": "21000"})
		s.arrives(inApp, d, fields{"value": 21000})
		s.edit(inApp, d, fields{"value": 19000})
		s.catchesUp(inApp, d, fields{"value": 21000})
		s.keeps(inHubSpot, d, fields{"amount": 21000})
	}},
	{"The same, more than five minutes apart", "no conflict: the later edit stands", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.editAt(inHubSpot, d, fields{"amount": "31000"}, 6*time.Minute)
		s.arrives(inApp, d, fields{"value": 31000})
		s.edit(inApp, d, fields{"value": 29000})
		s.arrives(inHubSpot, d, fields{"amount": 29000})
	}},
	{"A conflict with a blank", "the winner is blank, and a blank never wipes a value", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.matures(inApp, d)
		s.edit(inHubSpot, d, fields{"closedate": ""})
		s.arrives(inApp, d, fields{"expected_close_date": ""})
		s.edit(inApp, d, fields{"expected_close_date": "2027-06-30"})
		s.arrives(inHubSpot, d, fields{"closedate": "2027-06-30"})
	}},
	{"A delete, and a restore", "the counterpart stays and is left alone; after the restore it goes on", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.remove(inHubSpot, d)
		s.becomes(inApp, d, "excluded: deleted_in_hubspot")
		s.edit(inApp, d, fields{"value": 8800})
		s.restore(inHubSpot, d)
		s.catchesUp(inHubSpot, d, fields{"amount": 8800})
	}},
	{"A delete in Pipedrive", "HubSpot's deal stays, as a tombstone of the pair", func(s *stageplay) {
		d := s.deal(inApp)
		s.remove(inApp, d)
		s.becomes(inHubSpot, d, "excluded: deleted_in_app")
	}},
	{"A stage that is not mapped", "the pair rests, edits wait; back in a mapped stage it catches up", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.do(inHubSpot, d, "stage", "contractsent")
		s.becomes(inHubSpot, d, "excluded: stage_not_mapped")
		s.edit(inHubSpot, d, fields{"amount": "64000"})
		s.keeps(inApp, d, fields{"stage_id": 1})
		s.do(inHubSpot, d, "stage", "presentationscheduled")
		s.catchesUp(inApp, d, fields{"stage_id": 3, "value": 64000})
	}},
	{"A deal leaves the filter", "it stops syncing; worth enough again, it catches up", func(s *stageplay) {
		d := s.deal(inApp)
		s.edit(inApp, d, fields{"value": 450})
		s.becomes(inApp, d, "excluded: filter")
		s.edit(inApp, d, fields{"value": 2600})
		s.catchesUp(inHubSpot, d, fields{"amount": 2600})
	}},
	{"A small deal stays in Pipedrive", "it is excluded by the filter, by name", func(s *stageplay) {
		d := s.create(deals, inApp, fields{"title": s.stock.newName(inApp), "value": 120, "currency": "EUR", "stage_id": 1})
		s.becomes(inApp, d, "excluded: filter")
	}},
	{"Won in HubSpot, lost in Pipedrive", "both are closed on the other side", func(s *stageplay) {
		d := s.deal(inHubSpot)
		s.do(inHubSpot, d, "won", "")
		s.arrives(inApp, d, fields{"status": "won"})
		d = s.deal(inApp)
		s.do(inApp, d, "lost", "")
		s.arrives(inHubSpot, d, fields{"dealstage": "closedlost"})
	}},
}

// newHubSpotDeal is a deal that a person in HubSpot enters.
func newHubSpotDeal(s *stageplay, amount int) fields {
	return fields{
		"dealname": s.stock.newName(inHubSpot), "amount": fmt.Sprint(amount), "deal_currency_code": "EUR",
		"pipeline": "default", "dealstage": "qualifiedtobuy",
	}
}
