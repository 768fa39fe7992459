package configure_test

import (
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

func TestB2AnOutlookIsTheConfigurationThatWouldBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	b.apps.set(func() {
		b.apps.records["hubspot/contact"] = []connector.Record{{ID: "1", Fields: deal.Fields{"email": "ann@acme.test"}}}
	})
	// The documents name the new sync alone; it gives the stored one an association.
	seen, err := r.service.Outlook(t.Context(), request(contacts).GetDocuments())
	if err != nil || seen.Problems != 0 || seen.Versions["acme"] == "" {
		t.Fatalf("%+v %v", seen, err)
	}
	if len(seen.Applied) != 1 || seen.Applied[0].GetAction() != "created" || len(seen.Syncs) != 1 || seen.Syncs[0].GetName() != "pipedrive-contacts" {
		t.Errorf("changes: %v, syncs: %v", seen.Applied, seen.Syncs)
	}
	c, err := seen.Open(seen.Syncs[0], deal.HubSpot)
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.Scan(t.Context(), connector.ScanRequest{Object: deal.Contacts})
	if err != nil || len(page.Records) != 1 {
		t.Errorf("records: %v %v", page, err)
	}
	if s := r.snapshot(t); s.GetRevision() != 1 || len(s.GetSyncs()) != 1 {
		t.Errorf("stored: %v", s)
	}
	if bad, err := r.service.Outlook(t.Context(), request(strings.Replace(contacts, "object: contact", "object: contacts", 1)).GetDocuments()); err != nil || bad.Problems != 1 {
		t.Errorf("problems: %+v %v", bad, err)
	}
}
