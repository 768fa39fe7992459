package demo

import (
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// Things that companies might buy.
var (
	goods = []string{
		"three ovens", "fleet renewal", "service plan", "roof panels", "cold store", "workshop tools", "room tablets", "claims portal",
		"oak staircase", "test kitchen", "route planner",
	}
	currencies = []string{"EUR", "EUR", "USD", "EUR", "GBP"}
)

// The stages of the seeds, one after the other. The script needs many deals at
// the start of the pipeline; a few stand in a stage that is not mapped.
var (
	hubspotStages = [][2]string{ // pipeline, stage
		{"default", "qualifiedtobuy"},
		{"default", "presentationscheduled"},
		{"default", "qualifiedtobuy"},
		{"default", "contractsent"},
		{"default", "qualifiedtobuy"},
		{"default", "presentationscheduled"},
		{"default", "qualifiedtobuy"},
		{"default", "qualifiedtobuy"},
		{"default", "closedwon"},
		{"90000001", "90000011"},
		{"default", "qualifiedtobuy"},
		{"default", "closedlost"},
		{"default", "qualifiedtobuy"},
	}
	pipedriveStages = [][2]any{ // stage, status
		{1, "open"},
		{3, "open"},
		{1, "open"},
		{5, "open"},
		{1, "open"},
		{3, "open"},
		{1, "open"},
		{1, "open"},
		{2, "won"},
		{6, "open"},
		{1, "open"},
		{3, "lost"},
		{1, "open"},
	}
)

// smallEvery is how often a seed in the app lies below the filter.
const smallEvery = 12

// appShift makes the two sides begin with different companies.
const appShift = 5

func dealShift(s deal.Side) int {
	if s == deal.App {
		return appShift
	}
	return 0
}

func dealSeeds(s deal.Side, n int, firstCompany, firstContact int64) seeds {
	f := columns{}
	for i := range n {
		amount := 1000 + (i*7919)%90000
		date := time.Now().UTC().AddDate(0, 0, 10+i%80).Format(time.DateOnly)
		if s == deal.HubSpot {
			st := hubspotStages[i%len(hubspotStages)]
			f.put("dealname", named(s, i))
			f.put("amount", fmt.Sprint(amount))
			f.put("deal_currency_code", currencies[i%len(currencies)])
			f.put("pipeline", st[0])
			f.put("dealstage", st[1])
			f.put("closedate", date+"T00:00:00Z")
			continue
		}
		st := pipedriveStages[i%len(pipedriveStages)]
		if i%smallEvery == smallEvery-1 {
			amount = 100 + (i*7)%900
		}
		f.put("title", named(s, i))
		f.put("value", amount)
		f.put("currency", currencies[i%len(currencies)])
		f.put("stage_id", st[0])
		f.put("status", st[1])
		f.put("expected_close_date", date)
	}
	return seeds{count: n, fields: f, shift: dealShift(s), to: map[tieTo]int64{
		{&ties[1], contactCount(s)}:     firstContact,
		{&ties[2], len(companiesOf(s))}: firstCompany,
	}}
}

// named is the name of a side's i-th deal: of a company that it is associated
// with, and with its mark.
func named(s deal.Side, i int) string {
	list := companiesOf(s)
	return fmt.Sprintf("%s, %s (%s-%03d)", list[(i+dealShift(s))%len(list)], goods[i%len(goods)], []string{"H", "A"}[index(s)], i+1)
}
