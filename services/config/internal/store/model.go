package store

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// State is the whole configuration at a revision. It and all that it holds is
// shared: never modify it, clone a workspace first.
type State struct {
	// Revision grows by one with every change.
	Revision   uint64
	Workspaces map[string]*Workspace

	head     head
	sequence uint64
}

// Version names what is stored of a workspace: another one after every change of
// it, whatever becomes of other workspaces; "" when there is none.
func (s *State) Version(workspace string) string { return s.head.Workspaces[workspace].Bundle }

// Workspace is all that is configured in one workspace.
type Workspace struct {
	Name        string                 `json:"name"`
	Title       string                 `json:"title,omitempty"`
	Connections map[string]*Connection `json:"connections,omitempty"`
	Syncs       map[string]*Sync       `json:"syncs,omitempty"`
}

// Connection is a connection as written, its secrets sealed apart.
type Connection struct {
	Spec *document.ConnectionSpec `json:"spec"`
	// Sealed are the secrets by path, as JSON, sealed (N8).
	Sealed      string `json:"sealed"`
	Revision    uint64 `json:"revision"`
	ActivatedMs int64  `json:"activated_ms"`
}

// Sync is a sync as written and as it was resolved.
type Sync struct {
	Spec     *document.SyncSpec `json:"spec"`
	Resolved Resolved           `json:"resolved"`
}

// Resolved is a resolved sync, kept as JSON in the contract's own form.
type Resolved struct{ *configv1.Sync }

// MarshalJSON writes the contract's JSON.
func (r Resolved) MarshalJSON() ([]byte, error) { return protojson.Marshal(r.Sync) }

// UnmarshalJSON reads it; fields of a newer version are ignored.
func (r *Resolved) UnmarshalJSON(raw []byte) error {
	r.Sync = &configv1.Sync{}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, r.Sync)
}

// Clone is a copy that may be modified; a nil workspace gives an empty one.
func (w *Workspace) Clone(name string) (*Workspace, error) {
	clone := &Workspace{Name: name}
	if w != nil {
		raw, err := json.Marshal(w)
		if err != nil {
			return nil, fmt.Errorf("clone workspace %s: %w", name, err)
		}
		if err := json.Unmarshal(raw, clone); err != nil {
			return nil, fmt.Errorf("clone workspace %s: %w", name, err)
		}
	}
	if clone.Connections == nil {
		clone.Connections = map[string]*Connection{}
	}
	if clone.Syncs == nil {
		clone.Syncs = map[string]*Sync{}
	}
	return clone, nil
}

// Equal reports whether two values are the same when stored.
func Equal(a, b any) bool {
	left, err1 := json.Marshal(a)
	right, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(left, right)
}
