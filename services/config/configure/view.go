package configure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/store"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// snapshot is the state as services see it, in the order of names.
func (s *Service) snapshot(state *store.State) *configv1.Snapshot {
	snap := &configv1.Snapshot{Revision: state.Revision}
	for name, w := range sorted(state.Workspaces) {
		snap.Workspaces = append(snap.Workspaces, &configv1.Workspace{Name: name, Title: w.Title})
		for c, connection := range sorted(w.Connections) {
			snap.Connections = append(snap.Connections, s.protoConnection(name, c, connection))
		}
		for _, sync := range sorted(w.Syncs) {
			snap.Syncs = append(snap.Syncs, sync.Resolved.Sync)
		}
	}
	return snap
}

func (s *Service) protoConnection(workspace, name string, c *store.Connection) *configv1.Connection {
	spec := c.Spec
	token := s.webhookToken(workspace, name)
	p := &configv1.Connection{
		Workspace: workspace, Name: name, App: spec.App, BaseUrl: spec.BaseURL, Version: spec.Version,
		Account: spec.Account, AppId: spec.AppID, UserId: spec.UserID,
		WebhookPath: token,
		WebhookUrl:  strings.TrimRight(s.cfg.PublicURL, "/") + "/webhooks/" + workspace + "/" + name + "/" + token,
		PollMs:      spec.Poll.Or(0).Milliseconds(),
		Revision:    c.Revision, ActivatedMs: c.ActivatedMs,
	}
	if l := spec.Limit; l != nil {
		p.CallsPerSecond = float64(l.Calls) / l.Per.Or(document.DefaultPer).Seconds()
	}
	return p
}

var webhookAlphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

// webhookToken is the part of a webhook address that can't be guessed: 160
// bits that only the sealing key gives.
func (s *Service) webhookToken(workspace, connection string) string {
	mac := hmac.New(sha256.New, []byte(strings.TrimSpace(s.cfg.Key.Reveal())))
	mac.Write([]byte("webhook\x00" + workspace + "\x00" + connection))
	return strings.ToLower(webhookAlphabet.EncodeToString(mac.Sum(nil)[:20]))
}
