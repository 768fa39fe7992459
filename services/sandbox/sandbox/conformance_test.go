package sandbox_test

import (
	"encoding/json"
	"testing"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// The smallest connector keeps what it declares, for both of its apps. (Those of
// the doubles are held to it where the whole product is tested, in services/e2e.)
func TestTheConnectorOfOurOwnAppsConforms(t *testing.T) {
	t.Parallel()
	for _, app := range []string{"sandbox-orders", "sandbox-directory"} {
		t.Run(app, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, &simpleHarness{setup(t), app}, connectortest.Features{UniqueKey: true, MergedFrom: true, Owners: true})
		})
	}
}

// simpleHarness is an account of one of the apps. Each has a sandbox of its own,
// so its records may be in the first account.
type simpleHarness struct {
	b   *testBundle
	app string
}

var simplePlural = map[deal.Object]string{deal.Deals: "orders", deal.Contacts: "contacts", deal.Companies: "companies"}

func (h *simpleHarness) Open(t *testing.T, o connectortest.Options) *connector.Connector {
	t.Helper()
	app, ok := apps.Lookup(h.app)
	if !ok {
		t.Fatalf("%s is not in the catalogue", h.app)
	}
	account := connector.Account{BaseURL: h.b.own, Tokens: connectortest.NewTokens("bearer", sandbox.SimpleToken), Fields: o.Fields}
	if o.Tokens != nil {
		account.Tokens = o.Tokens
	}
	c, err := connector.Open(app.Open, app.Manifest, account, connector.Options{Name: "acme/" + h.app, Limits: o.Limits})
	if err != nil {
		t.Fatalf("open %s: %v", h.app, err)
	}
	return c
}

func (h *simpleHarness) Sample(object deal.Object) connectortest.Sample {
	s := connectortest.Sample{WrongToken: connectortest.NewTokens("bearer", "guessed")}
	switch object {
	case deal.Deals:
		s.Base, s.Text, s.Other, s.Number, s.Date = deal.Fields{"title": "Conformance"}, "title", "notes", "amount", "due_date"
		s.Bad = deal.Fields{"channel": "no such channel"}
	case deal.Contacts:
		s.Base, s.Text, s.Other, s.Date = deal.Fields{"last_name": "Conformance"}, "last_name", "first_name", "birthday"
		s.Bad = deal.Fields{"birthday": "one day"}
	default:
		s.Base, s.Text, s.Other, s.Number = deal.Fields{"name": "Conformance"}, "name", "domain", "employees"
		s.Bad = deal.Fields{"employees": "many"}
	}
	return s
}

// on is the control API, whose failures fail the running test.
func (h *simpleHarness) on(t *testing.T, method, path string, body any) *reply {
	t.Helper()
	b := *h.b
	b.t = t
	return b.ctl(b.own, method, path, body)
}

func (h *simpleHarness) record(of connector.Reference) string {
	return "records/" + simplePlural[of.Object] + "/" + of.ID
}

func (h *simpleHarness) Create(t *testing.T, object deal.Object, f deal.Fields) string {
	t.Helper()
	return h.on(t, "POST", "records/"+simplePlural[object], map[string]any{"fields": f}).str("id")
}

func (h *simpleHarness) Edit(t *testing.T, of connector.Reference, f deal.Fields) {
	t.Helper()
	h.on(t, "PATCH", h.record(of), map[string]any{"fields": f})
}

func (h *simpleHarness) Delete(t *testing.T, of connector.Reference) {
	t.Helper()
	h.on(t, "DELETE", h.record(of), nil)
}

func (h *simpleHarness) Restore(t *testing.T, of connector.Reference) {
	t.Helper()
	h.on(t, "POST", h.record(of)+"/restore", nil)
}

func (h *simpleHarness) Merge(t *testing.T, object deal.Object, primary, other string) string {
	t.Helper()
	body := map[string]any{"primary": json.Number(primary), "other": json.Number(other)}
	return h.on(t, "POST", "records/"+simplePlural[object]+"/merge", body).str("id")
}

func (h *simpleHarness) Associate(t *testing.T, from, to connector.Reference) {
	t.Helper()
	h.on(t, "POST", h.record(from)+"/associations", map[string]any{"object": simplePlural[to.Object], "id": json.Number(to.ID)})
}

func (h *simpleHarness) Fail(t *testing.T, f connectortest.Fault) {
	t.Helper()
	if f.Count == 0 {
		h.on(t, "DELETE", "faults", nil)
		return
	}
	rule := map[string]any{"count": f.Count}
	if f.Creates != "" {
		rule["method"], rule["path"] = "POST", "/v1/"+simplePlural[f.Creates]
	}
	switch f.Kind {
	case connectortest.RateLimit:
		rule["mode"], rule["status"], rule["retry_after"] = "status", 429, 1
	case connectortest.Unavailable:
		rule["mode"], rule["status"], rule["html"] = "status", 502, true
	case connectortest.CommitThenSilence:
		rule["mode"], rule["hold_ms"] = "commit_timeout", 1
	}
	h.on(t, "POST", "faults", rule)
}

func (h *simpleHarness) Secret() connector.WebhookSecret { return connector.WebhookSecret{} }
