package configure

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/resolve"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// schemaResult is what an app said when it was asked.
type schemaResult struct {
	schema *connector.Schema
	err    error
}

// sync resolves a sync against what both apps have now.
func (p *change) sync(ctx context.Context, d *document.Document, apps map[string]string, revision uint64) {
	in := p.next[d.Metadata.Workspace]
	was := in.Syncs[d.Metadata.Name]
	hubspotName := d.Sync.HubSpotIn(apps)
	if was != nil && !p.sameRecords(d, was, hubspotName) {
		return
	}
	hubspot, ok := p.schema(ctx, d, "spec.hubspotConnection", in, hubspotName)
	app, appOK := p.schema(ctx, d, "spec.connection", in, d.Sync.Connection)
	if !ok || !appOK {
		return
	}
	resolved, problems := resolve.Sync(resolve.Input{
		Doc: d, HubSpotConnection: hubspotName, HubSpot: hubspot, App: app,
		HubSpotManifest: p.service.manifest(hubspotApp), AppManifest: p.service.manifest(in.Connections[d.Sync.Connection].Spec.App),
	})
	if len(problems) > 0 {
		p.found = append(p.found, problems...)
		return
	}
	p.keep(d, in, was, resolved, revision)
}

// keep puts a resolved sync into its workspace, if it says anything new. What
// was asked of the sync stays, and its associations until all syncs are known.
func (p *change) keep(d *document.Document, in *store.Workspace, was *store.Sync, resolved *configv1.Sync, revision uint64) {
	resolved.Revision, resolved.ActivatedMs = revision, time.Now().UnixMilli()
	action := created
	if was != nil {
		action = changed
		resolved.Paused, resolved.ActivatedMs = was.Resolved.GetPaused(), was.Resolved.GetActivatedMs()
		resolved.BackfillMs, resolved.Associations = was.Resolved.GetBackfillMs(), was.Resolved.GetAssociations()
		same := proto.CloneOf(resolved)
		same.Revision = was.Resolved.GetRevision()
		if proto.Equal(same, was.Resolved.Sync) && store.Equal(was.Spec, d.Sync) {
			p.note(d, unchanged)
			return
		}
	}
	in.Syncs[d.Metadata.Name] = &store.Sync{Spec: d.Sync, Resolved: store.Resolved{Sync: resolved}}
	p.note(d, action)
}

// sameRecords refuses what would make pairs of a sync mean other records.
func (p *change) sameRecords(d *document.Document, was *store.Sync, hubspot string) bool {
	ok := true
	for _, part := range []struct{ path, was, now string }{
		{"spec.connection", was.Resolved.GetAppConnection(), d.Sync.Connection},
		{"spec.hubspotConnection", was.Resolved.GetHubspotConnection(), hubspot},
		{"spec.object", was.Resolved.GetObject(), d.Sync.Object},
	} {
		if part.was != part.now {
			p.fail(d, part.path, "immutable", "%s: sync %s has %s and keeps it, its pairs belong to it; use another name for the sync", part.path, d.Metadata.Name, part.was)
			ok = false
		}
	}
	return ok
}

// schema asks a connection's app, once per apply.
func (p *change) schema(ctx context.Context, d *document.Document, path string, in *store.Workspace, name string) (*connector.Schema, bool) {
	key := in.Name + "/" + name + "/" + d.Sync.Object
	r := p.schemas[key]
	if r == nil {
		r = &schemaResult{}
		r.schema, r.err = p.ask(ctx, in, name, deal.Object(d.Sync.Object))
		p.schemas[key] = r
	}
	if r.err == nil {
		return r.schema, true
	}
	code, hint := "app_unreachable", "the app can't be reached, try again"
	switch fault.KindOf(r.err) {
	case fault.Auth:
		code, hint = "app_refused", "the app refuses the credentials of connection "+name
	case fault.Invalid, fault.NotFound, fault.Rejected, fault.Bug:
		code, hint = "app_failed", "the app can't be used"
	}
	p.fail(d, path, code, "%s: %s: %v", path, hint, r.err)
	return nil, false
}

// ask reads a schema through the connection as it is about to be. It is opened
// anew: a person has just changed it or the account, so nothing remembered will
// do.
func (p *change) ask(ctx context.Context, in *store.Workspace, name string, object deal.Object) (*connector.Schema, error) {
	c, err := p.service.openAccount(in.Name, name, in.Connections[name], nil)
	if err != nil {
		return nil, err
	}
	return readSchema(ctx, c.Schema, object)
}

// associate works out which associations the syncs of every workspace carry over
// (R16): an applied sync may give some to the others.
func (p *change) associate(revision uint64) {
	for name, w := range p.next {
		var all []*configv1.Sync
		for _, sync := range sorted(w.Syncs) {
			all = append(all, sync.Resolved.Sync)
		}
		for _, sync := range all {
			app := w.Connections[sync.GetAppConnection()].Spec.App
			lines := resolve.Associations(sync, all, p.service.manifest(hubspotApp), p.service.manifest(app))
			if proto.Equal(&configv1.Sync{Associations: lines}, &configv1.Sync{Associations: sync.GetAssociations()}) {
				continue
			}
			sync.Associations, sync.Revision = lines, revision
			p.touched[name] = true
		}
	}
}
