package resolve_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/resolve"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// of is a sync of another object than deals, which have no stages.
func of(t *testing.T, object deal.Object) resolve.Input {
	t.Helper()
	in := input(t, "  fields: [{hubspot: name, app: name}]\n")
	in.Doc.Sync.Object = string(object)
	text := func(names ...string) *connector.Schema {
		s := &connector.Schema{Object: object}
		for _, n := range names {
			s.Fields = append(s.Fields, connector.Field{Name: n, Type: deal.Text})
		}
		return s
	}
	in.HubSpot, in.App = text("name", "email", "domain"), text("name", "mail", "site")
	return in
}

func TestR15RulesAreThoseThatBothSidesHave(t *testing.T) {
	t.Parallel()
	off := false
	for _, c := range []struct {
		name   string
		object deal.Object
		change func(*resolve.Input)
		want   []*configv1.MatchRule
	}{
		{"contacts by e-mail", deal.Contacts, nil, []*configv1.MatchRule{{Name: "email", HubspotField: "email", AppField: "mail"}}},
		{"companies by domain, then name", deal.Companies, nil, []*configv1.MatchRule{
			{Name: "domain", HubspotField: "domain", AppField: "site"}, {Name: "name", HubspotField: "name", AppField: "name"},
		}},
		{"a field that the account lacks is no rule", deal.Companies, func(in *resolve.Input) { in.App.Fields = in.App.Fields[:1] }, []*configv1.MatchRule{
			{Name: "name", HubspotField: "name", AppField: "name"},
		}},
		{"switched off", deal.Contacts, func(in *resolve.Input) { in.Doc.Sync.Match = &off }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := of(t, c.object)
			if c.change != nil {
				c.change(&in)
			}
			sync, problems := resolve.Sync(in)
			if problems != nil {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, sync.GetMatch(), protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if sync, problems := resolve.Sync(input(t, stages)); problems != nil || sync.GetMatch() != nil {
		t.Errorf("deals are matched (R14): %v %v", sync.GetMatch(), problems)
	}
}

func TestR16AssociationsAreThoseOfSyncsBetweenTheSameConnections(t *testing.T) {
	t.Parallel()
	sync := func(name, object, app string) *configv1.Sync {
		return &configv1.Sync{Workspace: "acme", Name: name, Object: object, HubspotConnection: "hubspot", AppConnection: app}
	}
	deals := sync("deals", "deal", "main")
	all := []*configv1.Sync{
		sync("companies", "company", "other"), sync("contacts-a", "contact", "main"), sync("contacts-b", "contact", "main"), deals, sync("more-companies", "company", "main"),
	}
	person := &configv1.AssociationLine{
		Object: "contact", Sync: "contacts-a",
		Hubspot: &configv1.AssociationEnd{Field: "associations.contact", Title: "contact", Many: true},
		App:     &configv1.AssociationEnd{Field: "person_id", Title: "person"},
	}
	organization := &configv1.AssociationLine{
		Object: "company", Sync: "more-companies",
		Hubspot: &configv1.AssociationEnd{Field: "associations.company", Title: "company", Many: true},
		App:     &configv1.AssociationEnd{Field: "org_id", Title: "organization"},
	}
	for _, c := range []struct {
		name string
		of   *configv1.Sync
		with []*configv1.Sync
		want []*configv1.AssociationLine
	}{
		{"deals have both", deals, all, []*configv1.AssociationLine{person, organization}},
		{"what does not sync is not associated", deals, all[:4], []*configv1.AssociationLine{person}},
		{"deals alone have none", deals, []*configv1.Sync{deals}, nil},
		{"nor what the app does not associate", all[1], all, nil},
	} {
		got := resolve.Associations(c.of, c.with, hubspotApp(), otherApp())
		if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestAFilterThatStandsAloneIsResolved_R11(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"{field: value, op: gte, value: 1000}": "",
		"":                                     "",
		`{"all": [{"field": "title", "op": "eq", "value": "a"}]}`: "",
		"{field: valeu, op: gte, value: 1000}":                    "unknown_field",
		"{field: person_id, op: eq, value: 1}":                    "reference_in_filter",
		"{field: value, op: gte, value: lots}":                    "bad_filter",
		"{field: value}":                                          "bad_filter",
		"[]":                                                      "wrong_type",
		"{field: ":                                                "yaml_syntax",
	} {
		doc, problems := document.ParseTerm([]byte(content))
		if problems == nil {
			_, problems = resolve.Filter(doc, deal.Deals, "Pipedrive", fields(t, "{hubspot: dealname, app: title}").App)
		}
		if got := codes(problems); got != want {
			t.Errorf("%q: %q, want %q: %v", content, got, want, problems)
		}
	}
}
