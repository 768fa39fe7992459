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

// Both connectors keep what they declare (R1, R2, N2, N6, N7), against the
// doubles of their apps.
func TestConnectorsConform(t *testing.T) {
	t.Parallel()
	hubspot, pipedrive := accounts(t, nil)
	t.Run("hubspot", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, &hubspotHarness{harness{crm: hubspot, app: "hubspot", account: connector.Account{
			AppID: strconv.Itoa(sandbox.HubSpotAppID), Tokens: connectortest.NewTokens("bearer", sandbox.HubSpotToken),
		}}}, connectortest.Features{UniqueKey: true, EditTimes: true, Deletes: true, Webhooks: true})
	})
	t.Run("pipedrive", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, &pipedriveHarness{harness{crm: pipedrive, app: "pipedrive", account: connector.Account{
			UserID: strconv.Itoa(sandbox.PipedriveUser), Tokens: connectortest.NewTokens("x-api-token", sandbox.PipedriveToken),
		}}}, connectortest.Features{Deletes: true, Webhooks: true})
	})
}

// The former paths of the HubSpot API are served too, until September 2027.
func TestTheHubSpotConnectorConformsOnVersion3(t *testing.T) {
	t.Parallel()
	hubspot, _ := accounts(t, nil)
	connectortest.Run(t, &hubspotHarness{harness{crm: hubspot, app: "hubspot", account: connector.Account{
		Version: "v3", AppID: strconv.Itoa(sandbox.HubSpotAppID), Tokens: connectortest.NewTokens("bearer", sandbox.HubSpotToken),
	}}}, connectortest.Features{UniqueKey: true, EditTimes: true, Deletes: true, Webhooks: true})
}

// harness is what the harnesses of both doubles share.
type harness struct {
	crm     *crm
	app     string
	account connector.Account
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
	c, err := connector.Open(app.Open, app.Manifest, account, connector.Options{Name: "acme/" + h.app, Limits: o.Limits})
	if err != nil {
		t.Fatalf("open %s: %v", h.app, err)
	}
	return c
}

// on is the control API, whose failures fail the running test.
func (h *harness) on(t *testing.T) *crm { return &crm{t, h.crm.url} }

func (h *harness) Delete(t *testing.T, id string) {
	t.Helper()
	h.on(t).remove(number(t, id))
}

func (h *harness) Restore(t *testing.T, id string) {
	t.Helper()
	h.on(t).restore(number(t, id))
}

func (h *harness) Merge(t *testing.T, primary, other string) string {
	t.Helper()
	var out struct {
		ID json.Number `json:"id"`
	}
	h.on(t).call("POST", "/records/deals/merge", map[string]any{"primary": number(t, primary), "other": number(t, other)}, &out)
	return out.ID.String()
}

// fail switches a fault on; a count of 0 ends all faults.
func (h *harness) fail(t *testing.T, f connectortest.Fault, method, creates string) {
	t.Helper()
	if f.Count == 0 {
		h.on(t).call("DELETE", "/faults", nil, nil)
		return
	}
	rule := map[string]any{"count": f.Count}
	if f.Creates {
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

func (h *hubspotHarness) Sample() connectortest.Sample {
	stage := func(id string) deal.Fields { return deal.Fields{"pipeline": "default", "dealstage": id} }
	return connectortest.Sample{
		Base: deal.Fields{"dealname": "Conformance", "pipeline": "default", "dealstage": "appointmentscheduled"},
		Text: "dealname", Number: "amount", Date: "closedate",
		Stages:     [2]deal.Fields{stage("contractsent"), stage("closedlost")},
		Bad:        deal.Fields{"dealstage": "no such stage"},
		WrongToken: connectortest.NewTokens("bearer", "guessed"),
	}
}

func (h *hubspotHarness) Create(t *testing.T, f deal.Fields) string {
	t.Helper()
	return strconv.FormatInt(h.on(t).create(typed(f, nil)), 10)
}

func (h *hubspotHarness) Edit(t *testing.T, id string, f deal.Fields) {
	t.Helper()
	h.on(t).edit(number(t, id), typed(f, nil))
}

func (h *hubspotHarness) Fail(t *testing.T, f connectortest.Fault) {
	t.Helper()
	path := "/crm/objects/2026-09/deals/batch/upsert"
	if h.account.Version == "v3" {
		path = "/crm/v3/objects/deals/batch/upsert"
	}
	h.fail(t, f, "POST", path)
}

func (h *hubspotHarness) Secret() connector.WebhookSecret {
	return connector.WebhookSecret{Secret: sandbox.HubSpotClientSecret, DeveloperKey: sandbox.HubSpotDeveloperKey}
}

type pipedriveHarness struct{ harness }

func (h *pipedriveHarness) Sample() connectortest.Sample {
	stage := func(id string) deal.Fields { return deal.Fields{"stage": id} }
	return connectortest.Sample{
		Base: deal.Fields{"title": "Conformance", "stage": "1/1"},
		Text: "title", Number: "value", Date: "expected_close_date",
		Stages:     [2]deal.Fields{stage("1/2"), stage("1/lost")},
		Bad:        deal.Fields{"stage": "1/987654"},
		WrongToken: connectortest.NewTokens("x-api-token", "guessed"),
	}
}

func (h *pipedriveHarness) Create(t *testing.T, f deal.Fields) string {
	t.Helper()
	return strconv.FormatInt(h.on(t).create(typed(f, pipedriveTypes)), 10)
}

func (h *pipedriveHarness) Edit(t *testing.T, id string, f deal.Fields) {
	t.Helper()
	h.on(t).edit(number(t, id), typed(f, pipedriveTypes))
}

func (h *pipedriveHarness) Fail(t *testing.T, f connectortest.Fault) {
	t.Helper()
	h.fail(t, f, "POST", "/api/v2/deals")
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
