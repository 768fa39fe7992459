package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// Names that nobody bears, and things that they might buy.
var (
	buyers = []string{
		"Bluewater Bakery", "Copperfield Cycles", "Dandelion Dental", "Elmstreet Energy", "Foxglove Foods", "Gullwing Garages",
		"Harbourlight Hotels", "Inkwell Insurance", "Juniper Joinery", "Kingfisher Kitchens", "Larkspur Logistics", "Millstone Media",
		"Nightjar Networks", "Orchard Optics",
	}
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
		{"default", "appointmentscheduled"},
		{"default", "qualifiedtobuy"},
		{"default", "appointmentscheduled"},
		{"default", "presentationscheduled"},
		{"default", "appointmentscheduled"},
		{"default", "decisionmakerboughtin"},
		{"default", "appointmentscheduled"},
		{"default", "contractsent"},
		{"default", "closedwon"},
		{"90000001", "90000011"},
		{"default", "appointmentscheduled"},
		{"default", "closedlost"},
		{"default", "qualifiedtobuy"},
	}
	pipedriveStages = [][2]any{ // stage, status
		{1, "open"},
		{2, "open"},
		{1, "open"},
		{3, "open"},
		{1, "open"},
		{4, "open"},
		{1, "open"},
		{5, "open"},
		{2, "won"},
		{6, "open"},
		{1, "open"},
		{3, "lost"},
		{2, "open"},
	}
)

// smallEvery is how often a seed in the app lies below the filter.
const smallEvery = 12

// seed fills both accounts before any sync exists. No webhook tells of it:
// these are the deals that were there all along.
func (d *demo) seed(ctx context.Context) error {
	d.out.heading("Two accounts with deals of their own")
	for _, a := range d.accounts {
		var out struct {
			Count int `json:"count"`
		}
		if err := a.call(ctx, http.MethodPost, "/records/deals/bulk", seedBody(a.side, d.opt.Deals), &out); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		d.out.line("%-10s %d deals  %s", a.name, out.Count, a.url)
	}
	d.out.note("Some stand in a stage that will not be mapped, some in Pipedrive are worth less than the sync's filter asks for.")
	return nil
}

// seedBody makes n deals, some hours apart, over the last weeks.
func seedBody(s deal.Side, n int) map[string]any {
	columns := map[string][]any{}
	put := func(name string, v any) { columns[name] = append(columns[name], v) }
	for i := range n {
		amount := 1000 + (i*7919)%90000
		date := time.Now().UTC().AddDate(0, 0, 10+i%80).Format(time.DateOnly)
		if s == deal.HubSpot {
			st := hubspotStages[i%len(hubspotStages)]
			put("dealname", named(s, i))
			put("amount", fmt.Sprint(amount))
			put("deal_currency_code", currencies[i%len(currencies)])
			put("pipeline", st[0])
			put("dealstage", st[1])
			put("closedate", date+"T00:00:00Z")
			continue
		}
		st := pipedriveStages[i%len(pipedriveStages)]
		if i%smallEvery == smallEvery-1 {
			amount = 100 + (i*7)%900
		}
		put("title", named(s, i))
		put("value", amount)
		put("currency", currencies[i%len(currencies)])
		put("stage_id", st[0])
		put("status", st[1])
		put("expected_close_date", date)
	}
	const apart = 3 * time.Hour
	return map[string]any{
		"count": n, "silent": true, "rotate": columns,
		"at": ago(48*time.Hour + time.Duration(n)*apart), "at_step": apart.Milliseconds(),
	}
}

// named is the name of a side's i-th deal, with its mark. The two sides do not
// begin with the same buyer.
func named(s deal.Side, i int) string {
	letter, shift := "H", 0
	if s == deal.App {
		letter, shift = "A", 5
	}
	return fmt.Sprintf("%s, %s (%s-%03d)", buyers[(i+shift)%len(buyers)], goods[i%len(goods)], letter, i+1)
}
