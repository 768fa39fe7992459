package configure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/settings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// hubspotApp is the catalogue name of the app that every sync has on one side.
const hubspotApp = "hubspot"

// catalogue is the apps of this build, and what documents must know of them
// (R2).
func catalogue() (map[string]connector.Manifest, document.Catalogue) {
	manifests, known := map[string]connector.Manifest{}, document.Catalogue{}
	for _, app := range apps.List() {
		entry := document.App{Title: app.Manifest.Title}
		for _, object := range app.Manifest.Objects() {
			entry.Objects = append(entry.Objects, string(object))
		}
		manifests[app.Manifest.App], known[app.Manifest.App] = app.Manifest, entry
	}
	return manifests, known
}

// manifest is what the catalogue says of an app; empty when it has none such.
func (s *Service) manifest(app string) *connector.Manifest {
	m := s.manifests[app]
	return &m
}

// ListApps lists the catalogue by name (R2).
func (s *Service) ListApps(_ context.Context, req *configv1.ListAppsRequest) (*configv1.ListAppsResponse, error) {
	size, err := pageSize(req.GetPageSize())
	if err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.ListAppsResponse{}
	for name, m := range sorted(s.manifests) {
		if name <= req.GetPageToken() || !mentions(&m, req.GetSearch()) {
			continue
		}
		if len(resp.Apps) == size {
			resp.NextPageToken = resp.GetApps()[size-1].GetName()
			break
		}
		resp.Apps = append(resp.Apps, protoApp(&m))
	}
	return resp, nil
}

// GetApp is one entry of the catalogue.
func (s *Service) GetApp(_ context.Context, req *configv1.GetAppRequest) (*configv1.GetAppResponse, error) {
	m, ok := s.manifests[req.GetApp()]
	if !ok {
		return nil, rpcError(fault.New(fault.NotFound, "unknown_app", "the catalogue has no app %q; %s",
			req.GetApp(), document.Allowed(req.GetApp(), slices.Sorted(maps.Keys(s.manifests)))))
	}
	return &configv1.GetAppResponse{App: protoApp(&m)}, nil
}

func mentions(m *connector.Manifest, search string) bool {
	return strings.Contains(strings.ToLower(m.App+"\n"+m.Title+"\n"+m.About), strings.ToLower(search))
}

func protoApp(m *connector.Manifest) *configv1.App {
	app := &configv1.App{
		Name: m.App, Title: m.Title, About: m.About, SignIn: m.SignIn, Stages: m.Stages, Webhooks: m.Webhooks, Limit: limitOf(m),
	}
	for i := range m.Shared {
		app.Objects = append(app.Objects, protoShared(&m.Shared[i]))
	}
	for _, s := range m.Scopes {
		app.Scopes = append(app.Scopes, &configv1.Scope{Name: s.Name, Reason: s.Reason})
	}
	for _, a := range m.Associations {
		app.Associations = append(app.Associations, &configv1.AppAssociation{
			From: string(a.From), To: string(a.To), Field: a.Field, Title: a.Title, Many: a.Many,
		})
	}
	return app
}

func protoShared(shared *connector.SharedObject) *configv1.SharedObject {
	object := &configv1.SharedObject{Object: string(shared.Object), Title: shared.Title, Direction: settings.DirectionOf(shared.Ways)}
	for _, f := range shared.Fields {
		ways := f.Ways
		if ways == deal.NoWay {
			ways = deal.BothWays
		}
		object.Fields = append(object.Fields, &configv1.DefaultField{Hubspot: f.HubSpot, App: f.App, Direction: settings.DirectionOf(ways)})
	}
	for _, rule := range shared.Match {
		object.Match = append(object.Match, rule.Rule)
	}
	return object
}

// limitOf puts the declared rate limit into words.
func limitOf(m *connector.Manifest) string {
	var parts []string
	say := func(b connector.Budget, what string) {
		if b.Calls > 0 {
			parts = append(parts, fmt.Sprintf("%d %s in every %s", b.Calls, what, b.Per))
		}
		if b.Daily > 0 {
			parts = append(parts, fmt.Sprintf("%d %s a day", b.Daily, what))
		}
	}
	say(m.Budget, "calls")
	say(m.SearchBudget, "searches")
	return strings.Join(parts, ", ")
}
