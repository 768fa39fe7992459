package pipedrive

import (
	"net/http"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	v2 := func(pattern string, ru rule, h handler) {
		method, path := split(pattern)
		mux.Handle(method+" /api/v2"+path, s.authed(ru, h))
	}
	v1 := func(pattern string, ru rule, h handler) {
		method, path := split(pattern)
		mux.Handle(method+" /v1"+path, s.authed(ru, h))
		mux.Handle(method+" /api/v1"+path, s.authed(ru, h))
	}
	for _, e := range s.entities() {
		read, full := []string{e.scope + ":read", e.scope + ":full"}, []string{e.scope + ":full"}
		v2("GET /"+e.plural, rule{cost: 10, scopes: read}, func(c *call) *apiError { return c.listRecords(e, false) })
		v2("POST /"+e.plural, rule{cost: 5, scopes: full}, func(c *call) *apiError { return c.createRecord(e) })
		v2("GET /"+e.plural+"/search", rule{cost: 20, search: true, scopes: append(read, "search:read")}, func(c *call) *apiError { return c.search(e) })
		v2("GET /"+e.plural+"/{id}", rule{cost: 1, scopes: read}, func(c *call) *apiError { return c.getRecord(e) })
		v2("PATCH /"+e.plural+"/{id}", rule{cost: 5, scopes: full}, func(c *call) *apiError { return c.updateRecord(e) })
		v2("DELETE /"+e.plural+"/{id}", rule{cost: 3, scopes: full}, func(c *call) *apiError { return c.deleteRecord(e) })
		v1("PUT /"+e.plural+"/{id}/merge", rule{cost: 40, scopes: full}, func(c *call) *apiError { return c.mergeRecords(e) })
		s.fieldRoutes(v2, e)
	}
	deals := []string{"deals:read", "deals:full"}
	v2("GET /deals/archived", rule{cost: 20, scopes: deals}, func(c *call) *apiError { return c.listRecords(s.deals, true) })
	v1("GET /deals/{id}/changelog", rule{cost: 20, scopes: deals}, changelog)
	v1("GET /deals/{id}/permittedUsers", rule{cost: 10, scopes: deals}, permittedUsers)

	settings, admin := []string{"deals:read", "deals:full", "admin"}, []string{"admin"}
	v2("GET /pipelines", rule{cost: 5, scopes: settings}, listPipelines)
	v2("POST /pipelines", rule{cost: 5, scopes: admin}, createPipeline)
	v2("GET /pipelines/{id}", rule{cost: 1, scopes: settings}, getPipeline)
	v2("PATCH /pipelines/{id}", rule{cost: 5, scopes: admin}, patchPipeline)
	v2("DELETE /pipelines/{id}", rule{cost: 3, scopes: admin}, deletePipeline)
	v2("GET /stages", rule{cost: 5, scopes: settings}, listStages)
	v2("POST /stages", rule{cost: 5, scopes: admin}, createStage)
	v2("GET /stages/{id}", rule{cost: 1, scopes: settings}, getStage)
	v2("PATCH /stages/{id}", rule{cost: 5, scopes: admin}, patchStage)
	v2("DELETE /stages/{id}", rule{cost: 3, scopes: admin}, deleteStage)

	people := []string{"base", "users:read", "admin"}
	v1("GET /users", rule{cost: 20, scopes: []string{"users:read", "admin"}}, listUsers)
	v1("GET /users/me", rule{cost: 2, scopes: people}, me)
	v1("GET /users/find", rule{cost: 40, scopes: []string{"users:read", "admin"}}, findUsers)
	v1("GET /users/{id}", rule{cost: 2, scopes: []string{"users:read", "admin"}}, getUser)
	v1("GET /currencies", rule{cost: 20, scopes: people}, listCurrencies)
	v1("GET /userSettings", rule{cost: 2, scopes: people}, userSettings)
	v1("GET /webhooks", rule{cost: 10, scopes: admin}, listHooks)
	v1("POST /webhooks", rule{cost: 10, scopes: admin}, createHook)
	v1("DELETE /webhooks/{id}", rule{cost: 6, scopes: admin}, deleteHook)
	s.oauthRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		wire.Reply(w, http.StatusNotFound, fail(404, "Resource not found").body())
	})
	return mux
}

func split(pattern string) (method, path string) {
	for i := range pattern {
		if pattern[i] == ' ' {
			return pattern[:i], pattern[i+1:]
		}
	}
	return "", pattern
}
