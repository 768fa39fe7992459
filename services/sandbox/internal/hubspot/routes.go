package hubspot

import (
	"net/http"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// route is one call in both path families: legacy stands before the tail in
// the v3/v4 form, dated in the other.
type route struct {
	method, legacy, dated, tail string
	h                           handler
}

// areas are the parts of the API that can be denied to an account, by the
// beginning of their legacy path.
var areas = map[string]string{
	"/crm/v3/objects": "records", "/crm/v4/objects": "associations", "/crm/v4/associations": "associations",
	"/crm/v3/pipelines": "pipelines", "/crm/v3/properties": "properties", "/crm/v3/owners": "owners", "/account-info/v3": "account",
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	const (
		obj3, objV = "/crm/v3/objects", "/crm/objects/{v}"
		obj4       = "/crm/v4/objects"
		as4, asV   = "/crm/v4/associations", "/crm/associations/{v}"
		pip3, pipV = "/crm/v3/pipelines", "/crm/pipelines/{v}"
		pro3, proV = "/crm/v3/properties", "/crm/properties/{v}"
	)
	for _, r := range []route{
		{"GET", obj3, objV, "/{type}", listRecords},
		{"POST", obj3, objV, "/{type}", createRecord},
		{"GET", obj3, objV, "/{type}/{id}", getRecord},
		{"PATCH", obj3, objV, "/{type}/{id}", updateRecord},
		{"DELETE", obj3, objV, "/{type}/{id}", archiveRecord},
		{"POST", obj3, objV, "/{type}/merge", mergeRecords},
		{"POST", obj3, objV, "/{type}/batch/read", batchRead},
		{"POST", obj3, objV, "/{type}/batch/create", batchCreate},
		{"POST", obj3, objV, "/{type}/batch/update", batchUpdate},
		{"POST", obj3, objV, "/{type}/batch/upsert", batchUpsert},
		{"POST", obj3, objV, "/{type}/batch/archive", batchArchive},

		{"GET", obj4, objV, "/{type}/{id}/associations/{to}", listLinks},
		{"PUT", obj4, objV, "/{type}/{id}/associations/default/{to}/{toID}", putDefaultLink},
		{"PUT", obj4, objV, "/{type}/{id}/associations/{to}/{toID}", putLink},
		{"DELETE", obj4, objV, "/{type}/{id}/associations/{to}/{toID}", deleteLink},
		{"POST", as4, asV, "/{type}/{to}/batch/read", batchReadLinks},
		{"POST", as4, asV, "/{type}/{to}/batch/create", batchCreateLinks},
		{"POST", as4, asV, "/{type}/{to}/batch/associate/default", batchDefaultLinks},
		{"POST", as4, asV, "/{type}/{to}/batch/archive", batchArchiveLinks},
		{"POST", as4, asV, "/{type}/{to}/batch/labels/archive", batchArchiveLabels},
		{"GET", as4, asV, "/{type}/{to}/labels", listLabels},
		{"POST", as4, asV, "/{type}/{to}/labels", createLabel},
		{"PUT", as4, asV, "/{type}/{to}/labels", updateLabel},
		{"DELETE", as4, asV, "/{type}/{to}/labels/{typeID}", deleteLabel},

		{"GET", pip3, pipV, "/{type}", listPipelines},
		{"POST", pip3, pipV, "/{type}", createPipeline},
		{"GET", pip3, pipV, "/{type}/{pid}", getPipeline},
		{"PATCH", pip3, pipV, "/{type}/{pid}", patchPipeline},
		{"PUT", pip3, pipV, "/{type}/{pid}", replacePipeline},
		{"DELETE", pip3, pipV, "/{type}/{pid}", deletePipeline},
		{"GET", pip3, pipV, "/{type}/{pid}/stages", listStages},
		{"POST", pip3, pipV, "/{type}/{pid}/stages", createStage},
		{"GET", pip3, pipV, "/{type}/{pid}/stages/{sid}", getStage},
		{"PATCH", pip3, pipV, "/{type}/{pid}/stages/{sid}", patchStage},
		{"PUT", pip3, pipV, "/{type}/{pid}/stages/{sid}", replaceStage},
		{"DELETE", pip3, pipV, "/{type}/{pid}/stages/{sid}", deleteStage},

		{"GET", pro3, proV, "/{type}", listProperties},
		{"POST", pro3, proV, "/{type}", createProperty},
		{"GET", pro3, proV, "/{type}/{name}", getProperty},
		{"PATCH", pro3, proV, "/{type}/{name}", patchProperty},
		{"DELETE", pro3, proV, "/{type}/{name}", deleteProperty},
		{"POST", pro3, proV, "/{type}/batch/create", batchCreateProperties},
		{"POST", pro3, proV, "/{type}/batch/read", batchReadProperties},
		{"POST", pro3, proV, "/{type}/batch/archive", batchArchiveProperties},
		{"GET", pro3, proV, "/{type}/groups", listGroups},
		{"POST", pro3, proV, "/{type}/groups", createGroup},

		{"GET", "/crm/v3/owners", "/crm/owners/{v}", "", listOwners},
		{"GET", "/crm/v3/owners", "/crm/owners/{v}", "/{$}", listOwners},
		{"GET", "/crm/v3/owners", "/crm/owners/{v}", "/{oid}", getOwner},
		{"GET", "/account-info/v3", "/account-info/{v}", "/details", accountDetails},
	} {
		h := s.authed(areas[r.legacy], false, r.h)
		mux.Handle(r.method+" "+r.legacy+r.tail, h)
		mux.Handle(r.method+" "+r.dated+r.tail, h)
	}
	search := s.authed("records", true, searchRecords)
	mux.Handle("POST /crm/v3/objects/{type}/search", search)
	mux.Handle("POST /crm/objects/{v}/{type}/search", search)
	s.oauthRoutes(mux)
	s.webhookRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		wire.Reply(w, http.StatusNotFound, fail(404, "", "resource not found").body())
	})
	return mux
}
