package hubspot

import (
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// Manifest is what a HubSpot account can do. The budget is that of an OAuth
// app: 110 calls per 10 s and account; searches have 5 per second of their own
// (usage-guidelines).
func Manifest() connector.Manifest {
	return connector.Manifest{
		App: "hubspot", Title: "HubSpot",
		About: "HubSpot is the CRM that the other apps' records are kept in step with.",
		// Default field mappings stand with each app: they name both sides.
		Shared: []connector.SharedObject{
			{Object: deal.Deals, Title: "deal", Ways: deal.BothWays},
			{Object: deal.Contacts, Title: "contact", Ways: deal.BothWays, Match: []connector.MatchField{
				{Rule: "email", Field: "email"},
			}},
			{Object: deal.Companies, Title: "company", Ways: deal.BothWays, Match: []connector.MatchField{
				{Rule: "domain", Field: "domain"}, {Rule: "name", Field: "name"},
			}},
		},
		Associations: associations(),
		SignIn:       []string{"oauth2", "token"},
		Scopes:       scopes,
		Stages:       true,
		UniqueKey:    true,
		EditTimes:    true,
		ReadBatch:    maxHistory,
		WriteBatch:   maxBatch,
		Parallel:     4,
		PollEvery:    5 * time.Minute,
		Budget:       connector.Budget{Calls: 110, Per: 10 * time.Second},
		SearchBudget: connector.Budget{Calls: 5, Per: time.Second},
		Webhooks:     true,
	}
}

func associations() []connector.Association {
	var all []connector.Association
	for i := range kinds {
		for _, to := range kinds[i].links {
			all = append(all, connector.Association{
				From: kinds[i].object, To: to, Field: linkField(to), Title: string(to), Many: true,
			})
		}
	}
	return all
}

// scopes are those of the APIs that the driver calls (working-with-oauth).
// Whoever syncs deals alone may leave out those of contacts and companies.
var scopes = []connector.Scope{
	{Name: "oauth", Reason: "Sign in, and read the account's currency and time zone."},
	{Name: "crm.objects.deals.read", Reason: "Read deals, and hear when they change."},
	{Name: "crm.objects.deals.write", Reason: "Create and update deals."},
	{Name: "crm.schemas.deals.read", Reason: "Read deal properties, pipelines and stages, to map them."},
	{Name: "crm.schemas.deals.write", Reason: "Add the property that links deals to their counterparts, and make pipelines when you ask for one."},
	{Name: "crm.objects.contacts.read", Reason: "Read contacts, and which deals and companies they belong to."},
	{Name: "crm.objects.contacts.write", Reason: "Create and update contacts, and associate deals with them."},
	{Name: "crm.schemas.contacts.read", Reason: "Read contact properties, to map them."},
	{Name: "crm.schemas.contacts.write", Reason: "Add the property that links contacts to their counterparts."},
	{Name: "crm.objects.companies.read", Reason: "Read companies, and which deals and contacts belong to them."},
	{Name: "crm.objects.companies.write", Reason: "Create and update companies, and associate deals and contacts with them."},
	{Name: "crm.schemas.companies.read", Reason: "Read company properties, to map them."},
	{Name: "crm.schemas.companies.write", Reason: "Add the property that links companies to their counterparts."},
	{Name: "crm.objects.owners.read", Reason: "Read the account's users, to map owners by their e-mail addresses."},
}
