package pipedrive

import (
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// Manifest is what a Pipedrive company can do. The budget is the burst limit of
// an API token on the smallest plan; connections with a larger one say so. The
// daily limit depends on plan and seats, which the API does not tell: it is
// known only by being reached (core-api-concepts-rate-limiting).
func Manifest() connector.Manifest {
	return connector.Manifest{
		App: "pipedrive", Title: "Pipedrive",
		About:        "A sales CRM that is built around pipelines and their stages.",
		Shared:       shared(),
		Associations: associations(),
		SignIn:       []string{"oauth2", "token"},
		Scopes:       scopes(),
		Stages:       true,
		ReadBatch:    maxIDs,
		WriteBatch:   1,
		Parallel:     32,
		PollEvery:    10 * time.Minute,
		Budget:       connector.Budget{Calls: 20, Per: 2 * time.Second},
		Webhooks:     true,
	}
}

// shared are the objects with the field mappings that a sync has by default
// (R12) and the fields by which existing records are paired (R15).
func shared() []connector.SharedObject {
	return []connector.SharedObject{
		{
			Object: deal.Deals, Title: "deal", Ways: deal.BothWays,
			Fields: []connector.DefaultField{
				{HubSpot: "dealname", App: "title"},
				{HubSpot: "amount", App: "value"},
				{HubSpot: "closedate", App: "expected_close_date"},
			},
		},
		{
			Object: deal.Contacts, Title: "person", Ways: deal.BothWays,
			Fields: []connector.DefaultField{
				{HubSpot: "email", App: emailField},
				{HubSpot: "firstname", App: firstNameField},
				{HubSpot: "lastname", App: lastNameField},
				{HubSpot: "phone", App: phoneField},
			},
			Match: []connector.MatchField{{Rule: "email", Field: emailField}},
		},
		{
			Object: deal.Companies, Title: "organization", Ways: deal.BothWays,
			Fields: []connector.DefaultField{
				{HubSpot: "name", App: nameField},
				{HubSpot: "domain", App: domainField},
			},
			Match: []connector.MatchField{{Rule: "domain", Field: domainField}, {Rule: "name", Field: nameField}},
		},
	}
}

// associations (R16): a deal has one person and one organization, a person has
// one organization. Further people of a deal are its participants.
func associations() []connector.Association {
	var all []connector.Association
	for _, k := range kinds {
		for _, s := range k.slots {
			all = append(all, connector.Association{From: k.object, To: s.to, Field: s.field, Title: s.title})
		}
	}
	return all
}

// scopes are set with the app in Pipedrive's Developer Hub and shown to who
// signs in.
func scopes() []connector.Scope {
	return []connector.Scope{
		{Name: "base", Reason: "See who signed in, and the account's currency and time zone."},
		{Name: "deals:full", Reason: "Read deals, pipelines and stages, and create and update deals."},
		{Name: "contacts:full", Reason: "Read, create and update people and organizations, and link them with deals."},
		{Name: "deal-fields:full", Reason: "Read the fields of deals, and add one that marks synced deals."},
		{Name: "contact-fields:full", Reason: "Read the fields of people and organizations, and add one that marks the synced ones."},
		{Name: "users:read", Reason: "Find owners by their e-mail address."},
		{Name: "admin", Reason: "Be told of changes at once, by webhooks."},
	}
}
