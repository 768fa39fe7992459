// Package resolve turns a sync as written into a sync as the pipeline takes
// it: types, currencies and stages are looked up in the schemas that both apps
// have now, and what does not exist there is refused with what does. It makes
// no call of its own and stores nothing.
package resolve

import (
	"fmt"
	"strings"

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
	// AppTitle names the app in problems.
	AppTitle string
	// Defaults are the field mappings when the document has none.
	Defaults     []document.Field
	HubSpot, App *connector.Schema
}

// Sync resolves a sync. It is nil when there are problems. Revision, activation
// and pause are the caller's.
func Sync(in Input) (*configv1.Sync, []document.Problem) {
	spec := in.Doc.Sync
	r := &resolver{Input: in, spec: spec, direction: wayOf(spec.Direction, deal.BothWays)}
	sync := &configv1.Sync{
		Workspace:         in.Doc.Metadata.Workspace,
		Name:              in.Doc.Metadata.Name,
		HubspotConnection: in.HubSpotConnection,
		AppConnection:     spec.Connection,
		Object:            spec.Object,
		Direction:         protoDirection(r.direction),
		Winner:            winner(spec.Conflict.Winner, r.direction),
		WindowMs:          spec.Conflict.Window.Or(document.DefaultWindow).Milliseconds(),
		Pipelines:         r.pipelines(),
		FilterApp:         r.filter("spec.filter.app", spec.Filter.App, in.AppTitle, in.App),
		FilterHubspot:     r.filter("spec.filter.hubspot", spec.Filter.HubSpot, "HubSpot", in.HubSpot),
		Fields:            r.fields(),
		HubspotCurrency:   in.HubSpot.Currency,
		AppCurrency:       in.App.Currency,
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return sync, nil
}

type resolver struct {
	Input
	spec      *document.SyncSpec
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
