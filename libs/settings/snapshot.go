package settings

import (
	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Snapshot is the whole configuration at one revision, indexed. It is never
// modified.
type Snapshot struct {
	raw         *configv1.Snapshot
	connections map[key]*configv1.Connection
	syncs       map[key]*configv1.Sync
	byObject    map[objectKey][]*configv1.Sync
	fields      map[objectKey][]string
}

type objectKey struct {
	key
	object string
}

// NewSnapshot indexes a snapshot as the config service sends it.
func NewSnapshot(raw *configv1.Snapshot) *Snapshot {
	s := &Snapshot{
		raw:         raw,
		connections: map[key]*configv1.Connection{},
		syncs:       map[key]*configv1.Sync{},
		byObject:    map[objectKey][]*configv1.Sync{},
		fields:      map[objectKey][]string{},
	}
	for _, c := range raw.GetConnections() {
		s.connections[key{c.GetWorkspace(), c.GetName()}] = c
	}
	for _, y := range raw.GetSyncs() {
		s.syncs[key{y.GetWorkspace(), y.GetName()}] = y
		for _, connection := range []string{y.GetHubspotConnection(), y.GetAppConnection()} {
			at := objectKey{key{y.GetWorkspace(), connection}, y.GetObject()}
			s.byObject[at] = append(s.byObject[at], y)
		}
	}
	for at, syncs := range s.byObject {
		s.fields[at] = fieldsOf(syncs, at.connection)
	}
	return s
}

// Revision grows with every change.
func (s *Snapshot) Revision() uint64 { return s.raw.GetRevision() }

// Connections are all connections of all workspaces.
func (s *Snapshot) Connections() []*configv1.Connection { return s.raw.GetConnections() }

// Syncs are all syncs of all workspaces.
func (s *Snapshot) Syncs() []*configv1.Sync { return s.raw.GetSyncs() }

// Connection finds a connection; nil when there is none.
func (s *Snapshot) Connection(workspace, name string) *configv1.Connection {
	return s.connections[key{workspace, name}]
}

// Sync finds a sync; nil when there is none.
func (s *Snapshot) Sync(workspace, name string) *configv1.Sync { return s.syncs[key{workspace, name}] }

// SyncsOf are the syncs of an object in which a connection is either side.
func (s *Snapshot) SyncsOf(workspace, connection string, object deal.Object) []*configv1.Sync {
	return s.byObject[objectKey{key{workspace, connection}, string(object)}]
}

// FieldsOf are the fields of a connection's object that some sync maps, filters
// by, pairs existing records by or makes associations from, sorted. Callers never
// modify them.
func (s *Snapshot) FieldsOf(workspace, connection string, object deal.Object) []string {
	return s.fields[objectKey{key{workspace, connection}, string(object)}]
}

// SideOf is the side that a connection has in a sync.
func SideOf(sync *configv1.Sync, connection string) deal.Side {
	switch connection {
	case sync.GetHubspotConnection():
		return deal.HubSpot
	case sync.GetAppConnection():
		return deal.App
	default:
		return deal.NoSide
	}
}

// ConnectionOf is the connection that a sync has on a side.
func ConnectionOf(sync *configv1.Sync, side deal.Side) string {
	if side == deal.HubSpot {
		return sync.GetHubspotConnection()
	}
	return sync.GetAppConnection()
}
