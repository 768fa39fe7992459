package hubspot

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

var eventKinds = []string{"creation", "deletion", "merge", "restore", "propertyChange", "associationChange"}

// splitType reads "deal.creation", or the generic "object.creation" together
// with the object type of the subscription.
func splitType(s *subscription) (what string, k *kind) {
	name, what, _ := strings.Cut(s.EventType, ".")
	if !slices.Contains(eventKinds, what) {
		return what, nil
	}
	if name == "object" {
		return what, findKind(s.ObjectTypeID)
	}
	for _, k := range kinds {
		if k.singular == name {
			return what, k
		}
	}
	return what, nil
}

func (s *Server) webhookRoutes(mux *http.ServeMux) {
	for _, base := range []string{"/webhooks/v3", "/webhooks/2026-03", "/app-webhooks/2026-09", "/app-webhooks/2025-09"} {
		for _, r := range []struct {
			pattern string
			h       func(*hooks, http.ResponseWriter, *http.Request) *apiError
		}{
			{"GET %s/{appId}/settings", getSettings},
			{"PUT %s/{appId}/settings", putSettings},
			{"DELETE %s/{appId}/settings", deleteSettings},
			{"GET %s/{appId}/subscriptions", listSubs},
			{"POST %s/{appId}/subscriptions", createSub},
			{"GET %s/{appId}/subscriptions/{sub}", getSub},
			{"PATCH %s/{appId}/subscriptions/{sub}", patchSub},
			{"PUT %s/{appId}/subscriptions/{sub}", patchSub},
			{"DELETE %s/{appId}/subscriptions/{sub}", deleteSub},
			{"POST %s/{appId}/subscriptions/batch/update", batchSubs},
		} {
			mux.HandleFunc(fmt.Sprintf(r.pattern, base), func(w http.ResponseWriter, req *http.Request) {
				if err := s.admin(w, req, r.h); err != nil {
					wire.Reply(w, err.status, err.body())
				}
			})
		}
	}
}

// admin finds the app and checks the developer key.
func (s *Server) admin(w http.ResponseWriter, r *http.Request, h func(*hooks, http.ResponseWriter, *http.Request) *apiError) *apiError {
	if r.URL.Query().Get("hapikey") != s.hapikey {
		return fail(401, "INVALID_AUTHENTICATION", "The API key provided is invalid. View or manage your API key here: https://app.hubspot.com/l/api-key/")
	}
	for _, hk := range s.hooks {
		if strconv.FormatInt(hk.app.ID, 10) == r.PathValue("appId") {
			return h(hk, w, r)
		}
	}
	return fail(404, "", "There is no app %s", r.PathValue("appId"))
}

type hookSettings struct {
	TargetURL  string `json:"targetUrl"`
	Throttling struct {
		Max    int    `json:"maxConcurrentRequests"`
		Period string `json:"period,omitempty"`
	} `json:"throttling"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt,omitempty"`
}

func (h *hooks) settings() hookSettings {
	var out hookSettings
	h.mu.RLock()
	defer h.mu.RUnlock()
	out.TargetURL, out.Throttling.Max, out.Throttling.Period = h.target, h.limit, h.period
	out.CreatedAt, out.UpdatedAt = h.createdAt, h.updatedAt
	return out
}

func getSettings(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	out := h.settings()
	if out.TargetURL == "" {
		return fail(404, "", "The app %d has no webhook settings", h.app.ID)
	}
	if !strings.HasPrefix(r.URL.Path, "/webhooks/v3/") {
		out.Throttling.Period = ""
	}
	wire.ReplyValue(w, http.StatusOK, out)
	return nil
}

func putSettings(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	var in hookSettings
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := h.configure(in.TargetURL, in.Throttling.Max, in.Throttling.Period); err != nil {
		return err
	}
	return getSettings(h, w, r)
}

func decode(r *http.Request, v any) *apiError { return (&call{r: r}).body(v) }

// configure sets where events go to. http is allowed on this machine only.
func (h *hooks) configure(target string, limit int, period string) *apiError {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return invalid("targetUrl %q must be an https URL", target)
	}
	if limit <= 5 {
		return invalid("maxConcurrentRequests must be over 5, not %d", limit)
	}
	if period == "" {
		period = "SECONDLY"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := crm.ISO(h.srv.clock.Milli())
	if h.createdAt == "" {
		h.createdAt = now
	}
	h.target, h.limit, h.period, h.updatedAt = target, limit, period, now
	h.engine.SetLimit(limit)
	h.reindex()
	return nil
}

func deleteSettings(h *hooks, w http.ResponseWriter, _ *http.Request) *apiError {
	h.mu.Lock()
	h.target, h.createdAt = "", ""
	h.reindex()
	h.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func listSubs(h *hooks, w http.ResponseWriter, _ *http.Request) *apiError {
	h.mu.RLock()
	out := make([]subscription, 0, len(h.subs))
	for _, s := range h.subs {
		out = append(out, *s)
	}
	h.mu.RUnlock()
	slices.SortFunc(out, func(a, b subscription) int { return int(a.id - b.id) })
	wire.ReplyValue(w, http.StatusOK, map[string]any{"results": out})
	return nil
}

func createSub(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	var in subscription
	if err := decode(r, &in); err != nil {
		return err
	}
	s, err := h.subscribe(in)
	if err != nil {
		return err
	}
	wire.ReplyValue(w, http.StatusCreated, s)
	return nil
}

// subscribe adds a subscription; it is paused unless asked otherwise.
func (h *hooks) subscribe(in subscription) (subscription, *apiError) {
	what, k := splitType(&in)
	if k == nil {
		return in, invalid("Invalid eventType %q", in.EventType)
	}
	if (what == "propertyChange") != (in.PropertyName != "") {
		return in, invalid("propertyName is required for propertyChange subscriptions, and only for them")
	}
	if in.PropertyName == "hs_lastmodifieddate" || in.PropertyName == "num_unique_conversion_events" {
		return in, invalid("Property %q cannot be subscribed to", in.PropertyName)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) >= maxSubs {
		return in, invalid("Couldn't create another subscription. You've reached the maximum number allowed per application (1000).")
	}
	for _, s := range h.subs {
		if s.EventType == in.EventType && s.PropertyName == in.PropertyName && s.ObjectTypeID == in.ObjectTypeID {
			return in, fail(409, catConflict, "A subscription for %s %s already exists: %s", in.EventType, in.PropertyName, s.ID)
		}
	}
	h.lastSub++
	in.id, in.ID = h.lastSub, strconv.FormatInt(h.lastSub, 10)
	in.CreatedAt = crm.ISO(h.srv.clock.Milli())
	in.UpdatedAt = in.CreatedAt
	kept := in
	h.subs[in.id] = &kept
	h.reindex()
	return in, nil
}

// change replaces one subscription by what f makes of a copy; f nil removes it.
func (h *hooks) change(id string, f func(*subscription)) (subscription, *apiError) {
	n, _ := strconv.ParseInt(id, 10, 64) // not a number: no such subscription
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.subs[n]
	if s == nil {
		return subscription{}, notFound()
	}
	next := *s
	if f == nil {
		delete(h.subs, n)
	} else {
		f(&next)
		next.UpdatedAt = crm.ISO(h.srv.clock.Milli())
		h.subs[n] = &next
	}
	h.reindex()
	return next, nil
}

func getSub(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	n, _ := strconv.ParseInt(r.PathValue("sub"), 10, 64) // not a number: no such subscription
	h.mu.RLock()
	s := h.subs[n]
	h.mu.RUnlock()
	if s == nil {
		return notFound()
	}
	wire.ReplyValue(w, http.StatusOK, s)
	return nil
}

func patchSub(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	var in struct {
		Active bool `json:"active"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	s, err := h.change(r.PathValue("sub"), func(s *subscription) { s.Active = in.Active })
	if err != nil {
		return err
	}
	wire.ReplyValue(w, http.StatusOK, s)
	return nil
}

func deleteSub(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	if _, err := h.change(r.PathValue("sub"), nil); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func batchSubs(h *hooks, w http.ResponseWriter, r *http.Request) *apiError {
	var in struct {
		Inputs []struct {
			ID     int64 `json:"id"`
			Active bool  `json:"active"`
		} `json:"inputs"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	now := crm.ISO(h.srv.clock.Milli())
	out := []subscription{}
	for _, i := range in.Inputs {
		s, err := h.change(strconv.FormatInt(i.ID, 10), func(s *subscription) { s.Active = i.Active })
		if err != nil {
			return err
		}
		out = append(out, s)
	}
	wire.ReplyValue(w, http.StatusOK, map[string]any{"status": "COMPLETE", "results": out, "startedAt": now, "completedAt": now})
	return nil
}
