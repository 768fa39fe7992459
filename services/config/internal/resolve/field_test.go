package resolve_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"
	"github.com/dealsync/dealsync/services/config/internal/resolve"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// fields is a sync with these field lines, of accounts that have picklists,
// owners and associations besides.
func fields(t *testing.T, lines string) resolve.Input {
	t.Helper()
	in := input(t, stages+"  fields: ["+lines+"]\n")
	in.HubSpot.Fields = append(in.HubSpot.Fields,
		connector.Field{Name: "priority", Type: deal.Picklist, Options: []connector.Option{{ID: "low", Label: "Low"}, {ID: "high", Label: "High"}}},
		connector.Field{Name: "size", Type: deal.Picklist, Options: []connector.Option{{ID: "s"}, {ID: "l"}}},
		connector.Field{Name: "hubspot_owner_id", Type: deal.Owner},
		connector.Field{Name: "associations.contact", Type: deal.Reference},
	)
	in.App.Fields = append(in.App.Fields,
		connector.Field{Name: "heat", Type: deal.Picklist, Options: []connector.Option{{ID: "17", Label: "Cold"}, {ID: "18", Label: "Hot"}}},
		connector.Field{Name: "size", Type: deal.Picklist, Options: []connector.Option{{ID: "l"}, {ID: "s"}, {ID: "xl"}}},
		connector.Field{Name: "owner_id", Type: deal.Owner},
		connector.Field{Name: "person_id", Type: deal.Reference},
	)
	in.HubSpot.Owners = []connector.Owner{
		{ID: "31", Email: "Ann@acme.test", Active: true},
		{ID: "30", Email: "bob@acme.test", Active: true},
		{ID: "32", Email: "cid@acme.test"},
		{ID: "33", Active: true},
	}
	in.App.Owners = []connector.Owner{
		{ID: "1", Email: "bob@ACME.test", Active: true},
		{ID: "2", Email: "ann@acme.test", Active: true},
		{ID: "3", Email: "ann@acme.test"},
		{ID: "4", Email: "cid@acme.test", Active: true},
		{ID: "5", Active: true},
	}
	return in
}

func codes(problems []document.Problem) string {
	var list []string
	for _, p := range problems {
		list = append(list, p.Code)
	}
	return strings.Join(list, " ")
}

func TestR12WhatALineMayNotSayIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lines, codes, message string }{
		{
			"unequal options without lines name the command that proposes them", "{hubspot: priority, app: heat, direction: to_app}", "option_not_mapped",
			"spec.fields[0]: option low (Low) of HubSpot has no like in Pipedrive, high (High) of HubSpot has no like in Pipedrive; write options: [{hubspot: ..., app: ...}]; these propose them: dealsync suggest options main priority heat --object deal",
		},
		{
			"an option of the other way counts as well", "{hubspot: size, app: size}", "option_not_mapped",
			"spec.fields[0]: option xl of Pipedrive has no like in HubSpot; write options: [{hubspot: ..., app: ...}]; these propose them: dealsync suggest options main size size --object deal",
		},
		{
			"options that there are not", "{hubspot: priority, app: heat, options: [{hubspot: hihg, app: \"18\"}, {hubspot: low, app: cold}]}", "unknown_option unknown_option",
			`spec.fields[0].options[0].hubspot: HubSpot's priority has no option "hihg"; did you mean "high"? there are: low (Low), high (High)`,
		},
		{
			"options of what is no picklist", "{hubspot: dealname, app: heat, direction: to_hubspot, options: [{hubspot: a, app: \"17\"}]}", "not_a_picklist",
			"spec.fields[0].options: HubSpot's dealname is text, Pipedrive's heat is picklist; only two picklists have options to map",
		},
		{
			"a default owner of what is no owner", "{hubspot: dealname, app: title, defaultOwner: {app: \"1\"}}", "not_an_owner",
			"spec.fields[0].defaultOwner: HubSpot's dealname is text, Pipedrive's title is text; only two owner fields have one",
		},
		{
			"a default owner who is not active or not there", "{hubspot: hubspot_owner_id, app: owner_id, defaultOwner: {hubspot: cid@acme.test, app: \"9\"}}", "unknown_owner unknown_owner",
			`spec.fields[0].defaultOwner.hubspot: HubSpot has no active user with the id or e-mail address "cid@acme.test"; there are: 31 (Ann@acme.test), 30 (bob@acme.test), 33`,
		},
		{
			"associations as a field (R16)", "{hubspot: associations.contact, app: title}, {hubspot: dealname, app: person_id}", "reference_in_fields reference_in_fields",
			"spec.fields[0].hubspot: associations.contact holds associated records; associations are carried over by themselves when their records sync too; remove this line",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := resolve.Sync(fields(t, c.lines))
			if got := codes(problems); got != c.codes {
				t.Fatalf("codes %q, want %q: %v", got, c.codes, problems)
			}
			if problems[0].Message != c.message {
				t.Errorf("got  %s\nwant %s", problems[0].Message, c.message)
			}
		})
	}
}

func TestR12OptionsAreThoseThatAreWritten(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string][]*configv1.OptionLine{
		"{hubspot: size, app: size, direction: to_app}": nil,
		"{hubspot: priority, app: heat, options: [{hubspot: high, app: \"18\"}, {hubspot: high, app: \"17\"}]}": {
			{Hubspot: "high", App: "18"}, {Hubspot: "high", App: "17"},
		},
	} {
		sync, problems := resolve.Sync(fields(t, lines))
		if problems != nil {
			t.Fatal(problems)
		}
		if diff := cmp.Diff(want, sync.GetFields()[0].GetOptions(), protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", lines, diff)
		}
	}
}

func TestR18OwnersAreMappedByEmail(t *testing.T) {
	t.Parallel()
	in := fields(t, "{hubspot: hubspot_owner_id, app: owner_id, defaultOwner: {hubspot: \"33\", app: BOB@acme.test}}")
	sync, problems := resolve.Sync(in)
	if problems != nil {
		t.Fatal(problems)
	}
	line := sync.GetFields()[0]
	want := []*configv1.OwnerLine{
		{Hubspot: "31", App: "2", Email: "ann@acme.test"}, {Hubspot: "30", App: "1", Email: "bob@acme.test"}, {App: "4", Email: "cid@acme.test"},
	}
	if diff := cmp.Diff(want, line.GetOwners(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if line.GetDefaultHubspotOwner() != "33" || line.GetDefaultAppOwner() != "1" {
		t.Errorf("default owners: %v", line)
	}

	if again, changed := resolve.Renewed(sync, in.HubSpot, in.App); changed || !proto.Equal(again, sync) {
		t.Errorf("nothing changed, yet: %v", again)
	}
	in.HubSpot.Owners[2].Active = true
	in.App.Currencies = []string{"EUR", "USD"}
	renewed, changed := resolve.Renewed(sync, in.HubSpot, in.App)
	if !changed || renewed.GetFields()[0].GetOwners()[2].GetHubspot() != "32" || len(renewed.GetAppCurrencies()) != 2 {
		t.Errorf("a new owner and currency: %v", renewed)
	}
	in.HubSpot.Owners, in.App.Currencies = nil, nil
	if kept, changed := resolve.Renewed(renewed, in.HubSpot, in.App); changed {
		t.Errorf("what is not told stays: %v", kept)
	}
}

func TestR12AnOwnerInATextIsKnownByAddress(t *testing.T) {
	t.Parallel()
	sync, problems := resolve.Sync(fields(t, "{hubspot: hubspot_owner_id, app: title, direction: to_app}"))
	if problems != nil {
		t.Fatal(problems)
	}
	want := []*configv1.OwnerLine{{Hubspot: "31", Email: "ann@acme.test"}, {Hubspot: "30", Email: "bob@acme.test"}}
	if diff := cmp.Diff(want, sync.GetFields()[0].GetOwners(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestR12DefaultsComeFromTheManifestAndGoTheSyncsWay(t *testing.T) {
	t.Parallel()
	for direction, want := range map[string]string{
		"both": "dealname both, amount to_hubspot, closedate both", "to_hubspot": "dealname to_hubspot, amount to_hubspot, closedate to_hubspot", "to_app": "dealname to_app, closedate to_app",
	} {
		sync, problems := resolve.Sync(input(t, stages+"  direction: "+direction+"\n"))
		if problems != nil {
			t.Fatal(problems)
		}
		var got []string
		for _, l := range sync.GetFields() {
			got = append(got, l.GetHubspot().GetName()+" "+strings.ToLower(strings.TrimPrefix(l.GetDirection().String(), "DIRECTION_")))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s", direction, text)
		}
	}
}

func TestTheTimeZoneIsWrittenOrTheAccounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, account, want string }{
		{"", "", "UTC"},
		{"", "America/New_York", "America/New_York"},
		{"", "Eastern", "UTC"},
		{"  timeZone: Europe/Berlin\n", "America/New_York", "Europe/Berlin"},
	} {
		in := input(t, stages+c.written)
		in.HubSpot.Zone = c.account
		if sync, problems := resolve.Sync(in); problems != nil || sync.GetTimeZone() != c.want {
			t.Errorf("%q with %q: %v %v", c.written, c.account, sync.GetTimeZone(), problems)
		}
	}
}
