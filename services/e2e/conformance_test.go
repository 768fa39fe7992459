package e2e

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// Both connectors keep what they declare of every object that they share (R1,
// R2, R14, R16, N2, N6, N7), against the doubles of their apps.
func TestConnectorsConform(t *testing.T) {
	t.Parallel()
	hubspot, pipedrive := accounts(t, nil)
	t.Run("hubspot", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, newHubSpotHarness(hubspot, ""), hubspotFeatures)
	})
	t.Run("pipedrive", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, newPipedriveHarness(pipedrive), connectortest.Features{Webhooks: true, Owners: true})
	})
}

// The former paths of the HubSpot API are served too, until September 2027.
func TestTheHubSpotConnectorConformsOnVersion3(t *testing.T) {
	t.Parallel()
	hubspot, _ := accounts(t, nil)
	connectortest.Run(t, newHubSpotHarness(hubspot, "v3"), hubspotFeatures)
}

var hubspotFeatures = connectortest.Features{
	UniqueKey: true, EditTimes: true, Webhooks: true, MergedFrom: true, Owners: true, Pipelines: true, Search: true,
}

// harness is what the harnesses of both doubles share.
type harness struct {
	crm     *crm
	app     string
	account connector.Account
	// names are the app's names of the objects, in its addresses.
	names map[deal.Object]string
}

func (h *harness) Open(t *testing.T, o connectortest.Options) *connector.Connector {
	t.Helper()
	app, ok := apps.Lookup(h.app)
	if !ok {
		t.Fatalf("no app %s in the catalogue", h.app)
	}
	account := h.account
	account.BaseURL = h.crm.url
	if o.Tokens != nil {
		account.Tokens = o.Tokens
	}
	account.Fields = o.Fields
	c, err := connector.Open(app.Open, app.Manifest, account, connector.Options{Name: "acme/" + h.app, Limits: o.Limits})
	if err != nil {
		t.Fatalf("open %s: %v", h.app, err)
	}
	return c
}

// on is the control API, whose failures fail the running test.
func (h *harness) on(t *testing.T) *crm { return &crm{t, h.crm.url, "deals"} }

// record is the control address of a record, or with what comes after it.
func (h *harness) record(of connector.Reference, tail string) string {
	return "/records/" + h.names[of.Object] + "/" + of.ID + tail
}

func (h *harness) create(t *testing.T, object deal.Object, f fields) string {
	t.Helper()
	var out struct {
		ID json.Number `json:"id"`
	}
	h.on(t).call("POST", "/records/"+h.names[object], map[string]any{"fields": f}, &out)
	return out.ID.String()
}

func (h *harness) edit(t *testing.T, of connector.Reference, f fields) {
	t.Helper()
	h.on(t).call("PATCH", h.record(of, ""), map[string]any{"fields": f}, nil)
}

func (h *harness) Delete(t *testing.T, of connector.Reference) {
	t.Helper()
	h.on(t).call("DELETE", h.record(of, ""), nil, nil)
}

func (h *harness) Restore(t *testing.T, of connector.Reference) {
	t.Helper()
	h.on(t).call("POST", h.record(of, "/restore"), nil, nil)
}

func (h *harness) Merge(t *testing.T, object deal.Object, primary, other string) string {
	t.Helper()
	var out struct {
		ID json.Number `json:"id"`
	}
	h.on(t).call("POST", "/records/"+h.names[object]+"/merge", map[string]any{"primary": number(t, primary), "other": number(t, other)}, &out)
	return out.ID.String()
}

func (h *harness) Associate(t *testing.T, from, to connector.Reference) {
	t.Helper()
	h.on(t).call("POST", h.record(from, "/associations"), map[string]any{"object": h.names[to.Object], "id": number(t, to.ID)}, nil)
}

// fail switches a fault on; a count of 0 ends all faults.
func (h *harness) fail(t *testing.T, f connectortest.Fault, method, creates string) {
	t.Helper()
	if f.Count == 0 {
		h.on(t).call("DELETE", "/faults", nil, nil)
		return
	}
	rule := map[string]any{"count": f.Count}
	if f.Creates != "" {
		rule["method"], rule["path"] = method, creates
	}
	switch f.Kind {
	case connectortest.RateLimit:
		rule["mode"], rule["status"], rule["retry_after"] = "status", 429, 1
	case connectortest.Unavailable:
		rule["mode"], rule["status"], rule["html"] = "status", 502, true
	case connectortest.CommitThenSilence:
		rule["mode"], rule["hold_ms"] = "commit_timeout", 1
	}
	h.on(t).fault(rule)
}

func number(t *testing.T, id string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatalf("record id %q: %v", id, err)
	}
	return n
}

type hubspotHarness struct{ harness }

func newHubSpotHarness(c *crm, version string) *hubspotHarness {
	return &hubspotHarness{harness{
		crm: c, app: "hubspot",
		account: connector.Account{
			Version: version, AppID: strconv.Itoa(sandbox.HubSpotAppID), Tokens: connectortest.NewTokens("bearer", sandbox.HubSpotToken),
		},
		names: map[deal.Object]string{deal.Deals: "deals", deal.Contacts: "contacts", deal.Companies: "companies"},
	}}
}

func (h *hubspotHarness) Sample(object deal.Object) connectortest.Sample {
	s := map[deal.Object]connectortest.Sample{
		deal.Deals: {
			Base: deal.Fields{"dealname": "Conformance", "pipeline": "default", "dealstage": "appointmentscheduled"},
			Text: "dealname", Other: "description", Number: "amount", Date: "closedate",
			Stages: []deal.Fields{
				{"pipeline": "default", "dealstage": "contractsent"}, {"pipeline": "default", "dealstage": "closedlost"},
			},
			Bad:   deal.Fields{"dealstage": "no such stage"},
			Found: deal.Fields{"amount": "4711.25", "closedate": "2031-05-06T00:00:00Z"},
		},
		deal.Contacts: {
			Base: deal.Fields{"lastname": "Conformance"}, Text: "lastname", Other: "jobtitle",
			Bad: deal.Fields{"lifecyclestage": "no such stage"}, Unique: "email",
			Found: deal.Fields{"lifecyclestage": "evangelist"},
		},
		deal.Companies: {
			Base: deal.Fields{"name": "Conformance"}, Text: "name", Other: "city", Number: "numberofemployees",
			Bad: deal.Fields{"annualrevenue": "much"}, Found: deal.Fields{"annualrevenue": "4711"},
		},
	}[object]
	s.WrongToken = connectortest.NewTokens("bearer", "guessed")
	return s
}

func (h *hubspotHarness) Create(t *testing.T, object deal.Object, f deal.Fields) string {
	t.Helper()
	return h.create(t, object, typed(f, nil))
}

func (h *hubspotHarness) Edit(t *testing.T, of connector.Reference, f deal.Fields) {
	t.Helper()
	h.edit(t, of, typed(f, nil))
}

func (h *hubspotHarness) Fail(t *testing.T, f connectortest.Fault) {
	t.Helper()
	path := "/crm/objects/2026-09/"
	if h.account.Version == "v3" {
		path = "/crm/v3/objects/"
	}
	h.fail(t, f, "POST", path+h.names[f.Creates]+"/batch/upsert")
}

func (h *hubspotHarness) Secret() connector.WebhookSecret {
	return connector.WebhookSecret{Secret: sandbox.HubSpotClientSecret, DeveloperKey: sandbox.HubSpotDeveloperKey}
}

type pipedriveHarness struct{ harness }

func newPipedriveHarness(c *crm) *pipedriveHarness {
	return &pipedriveHarness{harness{
		crm: c, app: "pipedrive",
		account: connector.Account{
			UserID: strconv.Itoa(sandbox.PipedriveUser), Tokens: connectortest.NewTokens("x-api-token", sandbox.PipedriveToken),
		},
		names: map[deal.Object]string{deal.Deals: "deals", deal.Contacts: "persons", deal.Companies: "organizations"},
	}}
}

func (h *pipedriveHarness) Sample(object deal.Object) connectortest.Sample {
	s := map[deal.Object]connectortest.Sample{
		deal.Deals: {
			Base: deal.Fields{"title": "Conformance", "stage": "1/1"},
			Text: "title", Other: "lost_reason", Number: "value", Date: "expected_close_date",
			Stages: []deal.Fields{{"stage": "1/2"}, {"stage": "1/lost"}},
			Bad:    deal.Fields{"stage": "1/987654"},
		},
		deal.Contacts: {
			Base: deal.Fields{"name": "Conformance"}, Text: "name", Other: "phone",
			Bad: deal.Fields{"owner_id": "987654"}, DeletedUnlisted: true,
		},
		deal.Companies: {
			Base: deal.Fields{"name": "Conformance"}, Text: "name", Other: "domain",
			Bad: deal.Fields{"owner_id": "987654"}, DeletedUnlisted: true,
		},
	}[object]
	s.WrongToken = connectortest.NewTokens("x-api-token", "guessed")
	return s
}

func (h *pipedriveHarness) Create(t *testing.T, object deal.Object, f deal.Fields) string {
	t.Helper()
	return h.create(t, object, typed(f, pipedriveTypes))
}

func (h *pipedriveHarness) Edit(t *testing.T, of connector.Reference, f deal.Fields) {
	t.Helper()
	h.edit(t, of, typed(f, pipedriveTypes))
}

func (h *pipedriveHarness) Fail(t *testing.T, f connectortest.Fault) {
	t.Helper()
	h.fail(t, f, "POST", "/api/v2/"+h.names[f.Creates])
}

func (h *pipedriveHarness) Secret() connector.WebhookSecret {
	return connector.WebhookSecret{User: "dealsync", Secret: "a password for deliveries"}
}

// typed are the values as a person's client sends them.
func typed(f deal.Fields, types func(fields, string, string) bool) fields {
	out := fields{}
	for name, v := range f {
		if types == nil || !types(out, name, v) {
			out[name] = v
		}
	}
	return out
}

func pipedriveTypes(out fields, name, v string) bool {
	switch name {
	case "value":
		out[name] = json.Number(v)
	case "phone", "email":
		out[name+"s"] = []any{map[string]any{"value": v, "primary": true}}
	case "domain":
		out["website"] = "https://" + v
	case "stage":
		pipeline, stage, _ := strings.Cut(v, "/")
		if stage == "won" || stage == "lost" {
			out["status"] = stage
			break
		}
		out["pipeline_id"], out["stage_id"] = json.Number(pipeline), json.Number(stage)
	default:
		return false
	}
	return true
}
