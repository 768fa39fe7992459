package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func TestTheFieldsOfAConnectionAreThoseThatItsSyncsUse(t *testing.T) {
	t.Parallel()
	line := func(hubspot, app *configv1.FieldSpec) []*configv1.FieldLine {
		return []*configv1.FieldLine{{Hubspot: hubspot, App: app}}
	}
	filter := func(name string) *configv1.Group {
		return &configv1.Group{Conditions: []*configv1.Condition{{Field: name}}}
	}
	s := settings.NewSnapshot(&configv1.Snapshot{Syncs: []*configv1.Sync{
		{
			Workspace: "acme", Name: "one", HubspotConnection: "hub", AppConnection: "pipe", Object: "deal",
			Fields: line(
				&configv1.FieldSpec{Name: "amount", Currency: "deal_currency_code"}, &configv1.FieldSpec{Name: "value", Currency: "currency"},
			),
			FilterHubspot: &configv1.Filter{Group: &configv1.Group{Groups: []*configv1.Group{filter("region")}}},
			FilterApp:     &configv1.Filter{Group: filter("label_ids")},
		},
		{
			Workspace: "acme", Name: "two", HubspotConnection: "hub", AppConnection: "crm", Object: "deal",
			Fields: line(&configv1.FieldSpec{Name: "dealname"}, &configv1.FieldSpec{Name: "name"}),
		},
		{
			Workspace: "acme", Name: "people", HubspotConnection: "hub", AppConnection: "pipe", Object: "contact",
			Fields: line(&configv1.FieldSpec{Name: "phone"}, &configv1.FieldSpec{Name: "phones"}),
			Associations: []*configv1.AssociationLine{{
				Hubspot: &configv1.AssociationEnd{Field: "associations.company"}, App: &configv1.AssociationEnd{Field: "org_id"},
			}},
			Match: []*configv1.MatchRule{{Name: "email", HubspotField: "email", AppField: "mail"}},
		},
		{
			Workspace: "other", Name: "one", HubspotConnection: "hub", AppConnection: "pipe", Object: "deal",
			Fields: line(&configv1.FieldSpec{Name: "secret"}, &configv1.FieldSpec{Name: "secret"}),
		},
	}})
	for _, tc := range []struct {
		connection string
		object     deal.Object
		want       []string
	}{
		{"hub", deal.Deals, []string{"amount", "deal_currency_code", "dealname", "region"}},
		{"pipe", deal.Deals, []string{"currency", "label_ids", "value"}},
		{"crm", deal.Deals, []string{"name"}},
		{"none", deal.Deals, nil},
		{"hub", deal.Contacts, []string{"associations.company", "email", "phone"}},
		{"pipe", deal.Contacts, []string{"mail", "org_id", "phones"}},
		{"hub", deal.Companies, nil},
	} {
		if diff := cmp.Diff(tc.want, s.FieldsOf("acme", tc.connection, tc.object)); diff != "" {
			t.Errorf("%ss of %s (-want +got):\n%s", tc.object, tc.connection, diff)
		}
	}
}
