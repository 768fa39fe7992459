package e2e

import (
	"strings"
	"testing"
	"time"
)

// R18: amount and currency travel as one; a currency that the other account does
// not have is a failure with a name, which its correction ends.
func TestR18_AmountAndCurrencyTravelAsOne(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, func(s *spec) { s.Window = "10ms" }, nil)
		hubspot := x.hubspot.create(fields{"dealname": "Money", "amount": "1000000.01", "deal_currency_code": "USD", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
		app := x.counterpart(hubspot)
		x.holds(x.pipedrive, app, fields{"value": "1000000.01", "currency": "USD"})
		x.pipedrive.edit(app, fields{"currency": "GBP"}) // the currency alone is an edit of both
		x.holds(x.hubspot, hubspot, fields{"amount": "1000000.01", "deal_currency_code": "GBP"})

		x.pipedrive.put("/settings", map[string]any{"currency": map[string]any{"code": "JPY", "decimal_points": 0, "active": true}})
		x.pipedrive.edit(app, fields{"value": 500, "currency": "JPY", "title": "Yen"})
		p := x.becomes(app, "failing: currency_unknown")
		if !strings.Contains(p.Pair.Message, `"JPY"`) || !strings.Contains(p.Pair.Message, "enable it there") {
			t.Errorf("the failure does not say what to do: %q", p.Pair.Message)
		}
		x.holds(x.hubspot, hubspot, fields{"dealname": "Yen", "amount": "1000000.01", "deal_currency_code": "GBP"}) // the rest travels (N6)

		x.pipedrive.edit(app, fields{"currency": "EUR"})
		x.holds(x.hubspot, hubspot, fields{"amount": "500", "deal_currency_code": "EUR"})
		x.becomes(app, "in_sync")
	})
}

// R18: owners map by e-mail, with a default owner for those without a
// counterpart; without one it is a failure with a name, and ends when a user with
// the address is added.
func TestR18_OwnersMapByEmail(t *testing.T) {
	t.Parallel()
	in := alone(t, func(in *installation) error { return startAllInOneWith(in, "DEALSYNC_CONFIG_REFRESH_EVERY=500ms") })
	lines := func(more string) [][]string {
		return [][]string{{"dealname", "title"}, {"hubspot_owner_id", "owner_id", "", more}}
	}
	owned := func(x *tenant, name, owner string) int64 {
		return x.hubspot.create(fields{"dealname": name, "hubspot_owner_id": owner, "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
	}
	// newOwner adds a HubSpot owner and gives the id.
	newOwner := func(x *tenant, email string) (id string) {
		x.t.Helper()
		x.hubspot.put("/settings", map[string]any{"owner": map[string]any{"email": email, "firstName": "Eva", "lastName": "New"}})
		x.eventually("the owner is there", func() error {
			var out struct {
				Owners []struct {
					ID    string `json:"id"`
					Email string `json:"email"`
				} `json:"owners"`
			}
			x.cli.do(&out, "get", "owners", "hubspot-main", "--refresh")
			for _, o := range out.Owners {
				if o.Email == email {
					id = o.ID
					return nil
				}
			}
			return errorf("no owner %s: %v", email, out.Owners)
		})
		return id
	}
	t.Run("without a default owner", func(t *testing.T) {
		t.Parallel()
		x := newTenant(t, in, func(s *spec) {
			s.Fields, s.Window = [][]string{{"dealname", "title"}, {"hubspot_owner_id", "owner_id"}}, "10ms"
		}, nil)
		ada := owned(x, "Ada's", "41629771")
		app := x.counterpart(ada)
		x.holds(x.pipedrive, app, fields{"owner_id": "501"})
		x.pipedrive.edit(app, fields{"owner_id": 502})
		x.holds(x.hubspot, ada, fields{"hubspot_owner_id": "41629772"})

		eva := newOwner(x, "eva@example.com")
		evas := owned(x, "Eva's", eva)
		p := x.becomes(evas, "failing: owner_unknown")
		if !strings.Contains(p.Pair.Message, eva) || !strings.Contains(p.Pair.Message, "default owner") {
			t.Errorf("the failure does not say what to do: %q", p.Pair.Message)
		}
		x.holds(x.pipedrive, x.counterpart(evas), fields{"title": "Eva's"}) // the rest travels (N6)
		x.holds(x.hubspot, evas, fields{"hubspot_owner_id": eva})           // and the app's own default does not come back
		x.pipedrive.put("/settings", map[string]any{"user": map[string]any{"email": "EVA@example.com", "name": "Eva New", "active": true}})
		x.becomes(evas, "in_sync")
		x.eventually("the new user owns the deal", func() error {
			if got := x.pipedrive.show(x.counterpart(evas)).Fields["owner_id"]; got == "501" || got == "599" {
				return errorf("owner %s", got)
			}
			return nil
		})
	})
	t.Run("with a default owner", func(t *testing.T) {
		t.Parallel()
		x := newTenant(t, in, func(s *spec) { s.Fields = lines("defaultOwner: {app: ben.schmidt@example.com}") }, nil)
		max := newOwner(x, "max@example.com")
		x.holds(x.pipedrive, x.counterpart(owned(x, "Max's", max)), fields{"owner_id": "502"})
	})
}
