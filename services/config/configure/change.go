package configure

import (
	"context"
	"log/slog"
	"time"

	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Actions of an apply.
const (
	created   = "created"
	changed   = "changed"
	unchanged = "unchanged"
)

// change works out what documents change in a state. It is asked again when
// the state has moved on; what the apps said is asked only once.
type change struct {
	service  *Service
	docs     []*document.Document
	problems []document.Problem // of the documents themselves
	schemas  map[string]*schemaResult

	// Of the latest look:
	next    map[string]*store.Workspace
	touched map[string]bool
	applied []*configv1.Applied
	found   []document.Problem
}

// workOut gives the workspaces to store, or *refused with every problem that can
// be seen. Problems of the documents come before the apps are asked.
func (p *change) workOut(ctx context.Context, now *store.State) ([]*store.Workspace, error) {
	world := document.World{}
	for name, w := range now.Workspaces {
		world[name] = map[string]string{}
		for c, connection := range w.Connections {
			world[name][c] = connection.Spec.App
		}
	}
	world.Add(p.docs)
	p.found = append(p.problems[:len(p.problems):len(p.problems)], document.CheckReferences(p.docs, world, p.service.apps)...)
	if len(p.found) > 0 {
		return nil, &refused{p.found}
	}
	p.next, p.touched, p.applied = map[string]*store.Workspace{}, map[string]bool{}, nil
	for _, d := range p.docs {
		if name := d.InWorkspace(); p.next[name] == nil {
			clone, err := now.Workspaces[name].Clone(name)
			if err != nil {
				return nil, err
			}
			p.next[name] = clone
		}
	}
	for _, d := range p.docs {
		switch d.Kind {
		case document.KindWorkspace:
			p.workspace(d, now)
		case document.KindConnection:
			if err := p.connection(d, now.Revision+1); err != nil {
				return nil, err
			}
		}
	}
	if len(p.found) > 0 {
		return nil, &refused{p.found}
	}
	for _, d := range p.docs {
		if d.Kind == document.KindSync {
			p.sync(ctx, d, world[d.Metadata.Workspace], now.Revision+1)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(p.found) > 0 {
		return nil, &refused{p.found}
	}
	p.associate(now.Revision + 1)
	var changed []*store.Workspace
	for name := range p.touched {
		changed = append(changed, p.next[name])
	}
	return changed, nil
}

// note records what becomes of a document.
func (p *change) note(d *document.Document, action string) {
	if action != unchanged {
		p.touched[d.InWorkspace()] = true
	}
	p.applied = append(p.applied, &configv1.Applied{Kind: d.Kind, Workspace: d.InWorkspace(), Name: d.Metadata.Name, Action: action})
}

func (p *change) fail(d *document.Document, path, code, format string, args ...any) {
	p.found = append(p.found, d.Problem(path, code, format, args...))
}

// count counts the documents that changed something.
func (p *change) count() (n int) {
	for _, a := range p.applied {
		if a.GetAction() != unchanged {
			n++
		}
	}
	return n
}

func (p *change) workspace(d *document.Document, now *store.State) {
	w := p.next[d.Metadata.Name]
	switch was := now.Workspaces[d.Metadata.Name]; {
	case was == nil:
		p.note(d, created)
	case was.Title != d.Workspace.Title:
		p.note(d, changed)
	default:
		p.note(d, unchanged)
	}
	w.Title = d.Workspace.Title
}

func (p *change) connection(d *document.Document, revision uint64) error {
	in := p.next[d.Metadata.Workspace]
	was := in.Connections[d.Metadata.Name]
	if was != nil && was.Spec.App != d.Connection.App {
		p.fail(d, "spec.app", "immutable", "spec.app: connection %s is of %s and stays so, records are kept under it; use another name", d.Metadata.Name, was.Spec.App)
		return nil
	}
	secrets, same := p.secrets(d, was)
	if was != nil && same && store.Equal(was.Spec, d.Connection) {
		p.note(d, unchanged)
		return nil
	}
	next := &store.Connection{Spec: d.Connection, Revision: revision, ActivatedMs: time.Now().UnixMilli()}
	action := created
	if was != nil {
		action, next.ActivatedMs, next.Sealed = changed, was.ActivatedMs, was.Sealed
	}
	if !same {
		var err error
		if next.Sealed, err = p.service.seal(d.Metadata.Workspace, d.Metadata.Name, secrets); err != nil {
			return err
		}
	}
	in.Connections[d.Metadata.Name] = next
	p.note(d, action)
	return nil
}

// secrets are the document's secrets by path; same tells that they are the
// stored ones. Stored ones that can't be opened, because the key was lost, can
// be given anew.
func (p *change) secrets(d *document.Document, was *store.Connection) (secrets map[string]string, same bool) {
	var stored map[string]string
	if was != nil {
		var err error
		if stored, err = p.service.open(d.Metadata.Workspace, d.Metadata.Name, was.Sealed); err != nil {
			slog.Warn("config.secrets_lost", "workspace", d.Metadata.Workspace, "connection", d.Metadata.Name, "error", err.Error())
		}
	}
	secrets = map[string]string{}
	same = stored != nil
	for path, s := range d.Connection.Secrets() {
		switch {
		case s.Env != "" || s.File != "":
			p.fail(d, "spec."+path, "secret_unresolved", "spec.%s: env and file are read where the document is applied (dealsync apply); the service takes value or stored", path)
		case s.Stored && stored[path] == "":
			p.fail(d, "spec."+path, "secret_not_stored", "spec.%s: no secret is stored that can be opened; allowed: value, env, file", path)
		case s.Stored:
			secrets[path] = stored[path]
		default:
			secrets[path] = s.Value
		}
		same = same && secrets[path] == stored[path]
	}
	return secrets, same && len(secrets) == len(stored)
}
