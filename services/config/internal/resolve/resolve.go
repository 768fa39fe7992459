// Package resolve turns a sync as written into a sync as the pipeline takes
// it: types, currencies and stages are looked up in the schemas that both apps
// have now, and what does not exist there is refused with what does. It makes
// no call of its own and stores nothing.
package resolve

import (
	"fmt"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/settings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Input is a sync as written and what it is resolved against.
type Input struct {
	Doc *document.Document
	// HubSpotConnection is the connection that the document names or implies.
	HubSpotConnection string
	// Manifests say what the apps can do, schemas what the accounts have.
	HubSpotManifest, AppManifest *connector.Manifest
	HubSpot, App                 *connector.Schema
}

// Sync resolves a sync. It is nil when there are problems. Revision, activation
// and pause are the caller's, and so are associations, which depend on the
// other syncs (Associations).
func Sync(in Input) (*configv1.Sync, []document.Problem) {
	spec := in.Doc.Sync
	r := &resolver{Input: in, spec: spec, title: in.AppManifest.Title}
	r.direction = r.syncDirection()
	if !r.stagesVisible() {
		return nil, r.problems
	}
	sync := &configv1.Sync{
		Workspace:         in.Doc.Metadata.Workspace,
		Name:              in.Doc.Metadata.Name,
		HubspotConnection: in.HubSpotConnection,
		AppConnection:     spec.Connection,
		Object:            spec.Object,
		Direction:         settings.DirectionOf(r.direction),
		Winner:            winner(spec.Conflict.Winner, r.direction),
		WindowMs:          spec.Conflict.Window.Or(document.DefaultWindow).Milliseconds(),
		Pipelines:         r.pipelines(),
		FilterApp:         r.filter("spec.filter.app", spec.Filter.App, r.title, in.App),
		FilterHubspot:     r.filter("spec.filter.hubspot", spec.Filter.HubSpot, "HubSpot", in.HubSpot),
		Fields:            r.fields(),
		TimeZone:          zone(spec.TimeZone, in.HubSpot),
		Match:             r.match(),
	}
	currencies(sync, in.HubSpot, in.App)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return sync, nil
}

type resolver struct {
	Input
	spec      *document.SyncSpec
	title     string // of the app
	direction deal.Ways
	problems  []document.Problem
}

func (r *resolver) fail(path, code, format string, args ...any) {
	r.problems = append(r.problems, r.Doc.Problem(path, code, format, args...))
}

// winner presets the source side of a one-way sync (R7); HubSpot is the
// default.
func winner(written string, direction deal.Ways) configv1.Winner {
	if direction == deal.ToHubSpot || written == "app" {
		return configv1.Winner_WINNER_APP
	}
	return configv1.Winner_WINNER_HUBSPOT
}

// zone is where a moment has a date: as written, else as HubSpot's account has
// it.
func zone(written string, hubspot *connector.Schema) string {
	for _, name := range []string{written, hubspot.Zone} {
		if _, err := time.LoadLocation(name); err == nil && name != "" {
			return name
		}
	}
	return "UTC"
}

// currencies are those of the two accounts (R18).
func currencies(sync *configv1.Sync, hubspot, app *connector.Schema) {
	sync.HubspotCurrency, sync.HubspotCurrencies = hubspot.Currency, hubspot.Currencies
	sync.AppCurrency, sync.AppCurrencies = app.Currency, app.Currencies
}

// maxListed is how many names a problem lists.
const maxListed = 40

// exists says what there is instead of what was asked for.
func exists(got string, ids, shown []string) string {
	if len(ids) == 0 {
		return "there is none"
	}
	hint := ""
	if n := document.Nearest(got, ids); n != "" {
		hint = fmt.Sprintf("did you mean %q? ", n)
	}
	if more := len(shown) - maxListed; more > 0 {
		return fmt.Sprintf("%sthere are: %s and %d more", hint, strings.Join(shown[:maxListed], ", "), more)
	}
	return hint + "there are: " + strings.Join(shown, ", ")
}

func labelled(id, label string) string {
	if label == "" || label == id {
		return id
	}
	return fmt.Sprintf("%s (%s)", id, label)
}
