package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/configure"
)

// PlayOn tells how to go on by hand. The commands work as they stand: they name
// a deal that is paired. program is how the command line was called.
func PlayOn(out io.Writer, place Place, program string) {
	if place.Config != configure.Defaults().Listen {
		program += " --server " + place.Config
	}
	hubspot, app := example(place)
	fmt.Fprintf(out, `
It keeps running; Ctrl-C ends it. The accounts:
   HubSpot    %[1]s/_sandbox/records/deals
   Pipedrive  %[2]s/_sandbox/records/deals
Play on from another terminal:
   curl -X PATCH %[1]s/_sandbox/records/deals/%[3]d -d '{"fields":{"amount":"4321"}}'
   curl %[2]s/_sandbox/records/deals/%[4]d
   %[5]s journal %[3]d
   %[5]s get pairs --status excluded
`, strings.TrimRight(place.HubSpot, "/"), strings.TrimRight(place.Pipedrive, "/"), hubspot, app, program)
}

// example finds a deal that is in both accounts; zeros when there is none.
func example(place Place) (hubspot, app int64) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := parseRules(documents)
	if err != nil {
		return 0, 0
	}
	var b books
	for i, a := range []account{
		{side: deal.HubSpot, name: "HubSpot", url: place.HubSpot, client: http.DefaultClient},
		{side: deal.App, name: "Pipedrive", url: place.Pipedrive, client: http.DefaultClient},
	} {
		dump, err := a.dump(ctx, 0)
		if err != nil {
			return 0, 0
		}
		b[i] = bookOf(a.side, dump)
	}
	for _, c := range takeStock(b, r).born[0] {
		return c.ids[0], c.ids[1]
	}
	return 0, 0
}
