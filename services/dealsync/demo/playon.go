package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

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
   %[5]s get pairs --status failing
   %[5]s suggest fields pipedrive-main --object contact
`, strings.TrimRight(place.HubSpot, "/"), strings.TrimRight(place.Pipedrive, "/"), hubspot, app, program)
}

// example finds a deal that is in both accounts; zeros when there is none.
func example(place Place) (hubspot, app int64) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var dumps [2][]*record
	for i, a := range accountsOf(place, http.DefaultClient) {
		var err error
		if dumps[i], err = a.dump(ctx, deals, 0); err != nil {
			return 0, 0
		}
	}
	b := bookOf(deals, dumps[0], dumps[1])
	for _, m := range b.marks() {
		if len(b[0][m]) > 0 && len(b[1][m]) > 0 && !b[0][m][0].Deleted && !b[1][m][0].Deleted && b[1][m][0].Fields["status"] == "open" {
			return b[0][m][0].ID, b[1][m][0].ID
		}
	}
	return 0, 0
}
