package pipedrive

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

var (
	hookActions = []string{"create", "change", "delete", "*"}
	hookObjects = []string{
		"activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage", "user", "*",
		"deal_installment", "deal_product", "board", "phase", "project", "task",
	}
)

func hookErrors(status int, name, text string) *apiError {
	return &apiError{status: status, raw: fmt.Sprintf(`{"status":"error","success":false,"errors":{%q:[%q]}}`, name, text)}
}

func (c *call) hookReply(status int, data any) *apiError {
	out := map[string]any{"status": "ok", "success": true}
	if data != nil {
		out["data"] = data
	}
	wire.ReplyValue(c.w, status, out)
	return nil
}

func listHooks(c *call) *apiError {
	h := c.s.hooks
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]json.RawMessage, 0, len(h.list))
	for _, w := range h.list {
		w.mu.Lock()
		out = append(out, wire.AppendValue(nil, w))
		w.mu.Unlock()
	}
	return c.hookReply(200, out)
}

type hookInput struct {
	URL          string  `json:"subscription_url"`
	EventAction  string  `json:"event_action"`
	EventObject  string  `json:"event_object"`
	Name         string  `json:"name"`
	UserID       int64   `json:"user_id"`
	AuthUser     *string `json:"http_auth_user"`
	AuthPassword *string `json:"http_auth_password"`
	Version      string  `json:"version"`
}

func createHook(c *call) *apiError {
	var in hookInput
	if err := c.body(&in); err != nil {
		return hookErrors(400, "body", err.text)
	}
	if err := c.s.checkHook(c.r.Context(), &in); err != nil {
		return err
	}
	if in.UserID == 0 {
		in.UserID = c.g.User
	}
	if c.s.user(in.UserID) == nil {
		return hookErrors(400, "user_id", "not found")
	}
	h := c.s.hooks
	h.mu.RLock()
	n := 0
	for _, w := range h.list {
		if w.OwnerID == c.g.User {
			n++
		}
	}
	h.mu.RUnlock()
	if n >= maxPerUser {
		return &apiError{status: 422, raw: `{"status":"error","success":false,"errors":{"webhooks":["limit of 40 webhooks per user reached"]}}`}
	}
	w := &webhook{
		CompanyID: c.g.Account, OwnerID: c.g.User, UserID: in.UserID, EventAction: in.EventAction, EventObject: in.EventObject,
		URL: in.URL, Version: "2.0", IsActive: 1, AddTime: c.s.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Type: "general",
		AuthUser: in.AuthUser, AuthPassword: in.AuthPassword, AdminID: c.g.User, Name: in.Name,
	}
	if c.oauth {
		w.Type = "application"
	}
	h.add(w)
	w.mu.Lock()
	shown := json.RawMessage(wire.AppendValue(nil, w))
	w.mu.Unlock()
	return c.hookReply(http.StatusCreated, shown)
}

func (s *Server) checkHook(ctx context.Context, in *hookInput) *apiError {
	u, err := url.Parse(in.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.HasSuffix(u.Hostname(), ".pipedrive.com"):
		return hookErrors(400, "subscription_url", "invalid or non-reachable URL")
	case !slices.Contains(hookActions, in.EventAction):
		return hookErrors(400, "event_action", "invalid value")
	case !slices.Contains(hookObjects, in.EventObject):
		return hookErrors(400, "event_object", "invalid value")
	case in.Name == "":
		return hookErrors(400, "name", "required")
	case in.Version != "" && in.Version != "2.0":
		return hookErrors(400, "version", "only 2.0 is supported")
	}
	if s.checkURL.Load() && !reachable(ctx, in.URL) {
		return hookErrors(400, "subscription_url", "invalid or non-reachable URL")
	}
	return nil
}

// reachable says whether anything answers at a URL, without a redirect.
func reachable(ctx context.Context, target string) bool {
	client := &http.Client{
		Timeout:       5 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, target, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode < 300 || res.StatusCode >= 400
}

func deleteHook(c *call) *apiError {
	id, err := c.id()
	if err != nil || !c.s.hooks.remove(id) {
		return hookErrors(404, "id", "not found")
	}
	return c.hookReply(200, nil)
}
