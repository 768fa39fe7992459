// Package demo shows a whole installation at work: it fills two accounts, sets
// syncs of companies, contacts and deals up, plays edits on both sides as people
// would make them, and measures what arrives. It works from outside only: through the control APIs of the
// account doubles, the admin API and the metrics page. It never looks into a
// service, and no figure that it prints is anything but measured.
package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Place is where a running installation is reached.
type Place struct {
	HubSpot   string // base URL of the HubSpot double
	Pipedrive string // base URL of the Pipedrive double
	Config    string // address of the config service
	Metrics   string // URL of the metrics page
}

// Options say how the demo is shown.
type Options struct {
	Deals    int       // seeded on each side; companies and contacts are always the same
	Out      io.Writer // where it is told
	Terminal bool      // Out is a terminal: lines may be redrawn
	Colour   bool      // Out shows colours
	// Patience is how long an edit may take before it counts as lost; 0: 10 s.
	Patience time.Duration
}

// defaultPatience is far beyond what an edit takes, so that only a lost one
// reaches it.
const defaultPatience = 10 * time.Second

// demo is one run.
type demo struct {
	place    Place
	opt      Options
	out      *printer
	syncs    []*configv1.Document // what syncs, with the suggested stages
	rules    rules
	plan     *configv1.Plan
	accounts [2]*account // by index
	admin    configv1.AdminServiceClient
	stock    *stock
	base     [2]*counts // the doubles' counters when the first sync was done
	tally    tally
}

// Run plays the demo against a fresh installation and reports what it measured.
// The error says why it could not be played to its end; what went wrong with
// the deals is in the report.
func Run(ctx context.Context, place Place, opt Options) (*Report, error) {
	conn, err := grpc.NewClient(place.Config, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("config service address %q: %w", place.Config, err)
	}
	defer func() { _ = conn.Close() }()
	if opt.Patience == 0 {
		opt.Patience = defaultPatience
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	d := &demo{
		place: place, opt: opt, out: &printer{w: opt.Out, colour: opt.Colour, redraw: opt.Terminal},
		accounts: accountsOf(place, client),
		admin:    configv1.NewAdminServiceClient(conn),
	}
	for _, act := range []func(context.Context) error{d.seed, d.connect, d.foresee, d.firstSync, d.play, d.explain, d.again} {
		if err := act(ctx); err != nil {
			return nil, err
		}
	}
	return d.result(ctx)
}

// accountNames and sides are the two accounts by index.
var (
	accountNames = [2]string{"HubSpot", "Pipedrive"}
	sides        = [2]deal.Side{deal.HubSpot, deal.App}
)

func accountsOf(place Place, client *http.Client) (list [2]*account) {
	for i, url := range []string{place.HubSpot, place.Pipedrive} {
		list[i] = &account{side: sides[i], name: accountNames[i], url: url, client: client}
	}
	return list
}

// on is the account of a side.
func (d *demo) on(s deal.Side) *account { return d.accounts[index(s)] }

// index is a side's place in a pair of things.
func index(s deal.Side) int {
	if s == deal.App {
		return 1
	}
	return 0
}

// until asks check again and again until it is content; the last answer says
// what was missing when ctx ended.
func until(ctx context.Context, every time.Duration, check func() (done bool, err error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		done, err := check()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
