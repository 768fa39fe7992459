package document

import (
	"maps"
	"slices"
	"strings"
)

// World is what documents refer to: the workspaces and, in each, the app of
// every connection. It holds what is stored together with what is being
// applied.
type World map[string]map[string]string

// Add puts the documents into the world.
func (w World) Add(docs []*Document) {
	for _, d := range docs {
		if name := d.Metadata.Name; d.Kind == KindWorkspace && name != "" && w[name] == nil {
			w[name] = map[string]string{}
		}
	}
	for _, d := range docs {
		if in := w[d.Metadata.Workspace]; d.Kind == KindConnection && in != nil {
			in[d.Metadata.Name] = d.Connection.App
		}
	}
}

// CheckReferences finds what documents refer to and is not there, and objects
// that an app does not share (R2).
func CheckReferences(docs []*Document, w World, apps Catalogue) (problems []Problem) {
	for _, d := range docs {
		if d.Kind == KindWorkspace || d.Metadata.Workspace == "" {
			continue
		}
		in, ok := w[d.Metadata.Workspace]
		switch {
		case !ok:
			problems = append(problems, d.Problem("metadata.workspace", "unknown_workspace", "metadata.workspace: there is no workspace %q; %s",
				d.Metadata.Workspace, Allowed(d.Metadata.Workspace, slices.Sorted(maps.Keys(w)))))
		case d.Kind == KindSync:
			problems = append(problems, d.sound(d.checkAppConnection(in, apps))...)
			problems = append(problems, d.sound(d.checkHubSpotConnection(in))...)
		}
	}
	Sort(problems)
	return problems
}

func (d *Document) checkAppConnection(in map[string]string, apps Catalogue) []Problem {
	s := d.Sync
	app, ok := in[s.Connection]
	others := connections(in, func(app string) bool { return !isHubSpot(app) })
	switch {
	case !ok:
		return []Problem{d.Problem("spec.connection", "unknown_connection", "spec.connection: workspace %s has no connection %q; %s",
			d.Metadata.Workspace, s.Connection, Allowed(s.Connection, others))}
	case app == "hubspot":
		return []Problem{d.Problem("spec.connection", "wrong_app", "spec.connection: %q is a HubSpot connection, a sync needs one of an app; %s",
			s.Connection, Allowed(s.Connection, others))}
	case !apps[app].Shares(s.Object):
		return []Problem{d.Problem("spec.object", "object_not_shared", "spec.object: %s does not share %s; it shares: %s",
			apps[app].Title, s.Object, strings.Join(apps[app].Objects, ", "))}
	}
	return nil
}

func (d *Document) checkHubSpotConnection(in map[string]string) []Problem {
	name := d.Sync.HubSpotConnection
	all := connections(in, isHubSpot)
	switch {
	case name == "" && len(all) == 1, slices.Contains(all, name):
		return nil
	case name == "" && len(all) == 0:
		return []Problem{d.Problem("spec", "unknown_connection", "workspace %s has no HubSpot connection; a sync needs one", d.Metadata.Workspace)}
	case name == "":
		return []Problem{d.Problem("spec", "missing_required", "spec.hubspotConnection is missing: workspace %s has several; %s", d.Metadata.Workspace, Allowed("", all))}
	case in[name] != "":
		return []Problem{d.Problem("spec.hubspotConnection", "wrong_app", "spec.hubspotConnection: %q is a connection of %s; %s", name, in[name], Allowed("", all))}
	}
	return []Problem{d.Problem("spec.hubspotConnection", "unknown_connection", "spec.hubspotConnection: workspace %s has no connection %q; %s",
		d.Metadata.Workspace, name, Allowed(name, all))}
}

// HubSpotIn is the sync's HubSpot connection, by default the workspace's only
// one; "" when that is not clear, which CheckReferences refuses.
func (s *SyncSpec) HubSpotIn(in map[string]string) string {
	if s.HubSpotConnection != "" {
		return s.HubSpotConnection
	}
	if all := connections(in, isHubSpot); len(all) == 1 {
		return all[0]
	}
	return ""
}

func isHubSpot(app string) bool { return app == "hubspot" }

func connections(in map[string]string, keep func(app string) bool) []string {
	var list []string
	for name, app := range in {
		if keep(app) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}
