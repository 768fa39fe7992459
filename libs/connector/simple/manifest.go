package simple

import (
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

const (
	maxIDs  = 100
	maxPage = 500
)

// Orders is an app whose deals have no stages (R10).
func Orders() connector.Manifest {
	m := manifest("sandbox-orders", "Sandbox Orders", "The sandbox's order book: orders without stages, and who they are for.")
	m.Shared = []connector.SharedObject{
		{
			Object: deal.Deals, Title: "order", Ways: deal.BothWays,
			Fields: []connector.DefaultField{
				{HubSpot: "dealname", App: "title"},
				{HubSpot: "amount", App: "amount"},
				{HubSpot: "closedate", App: "due_date"},
			},
		},
		contacts(),
	}
	m.Associations = []connector.Association{{From: deal.Deals, To: deal.Contacts, Field: "contact", Title: "contact"}}
	return m
}

// Directory is an app without deals (R2).
func Directory() connector.Manifest {
	m := manifest("sandbox-directory", "Sandbox Directory", "The sandbox's directory of contacts and companies; it has no deals.")
	m.Shared = []connector.SharedObject{
		contacts(),
		{
			Object: deal.Companies, Title: "company", Ways: deal.BothWays,
			Fields: []connector.DefaultField{
				{HubSpot: "name", App: "name"},
				{HubSpot: "domain", App: "domain"},
				{HubSpot: "city", App: "city"},
			},
			Match: []connector.MatchField{{Rule: "domain", Field: "domain"}, {Rule: "name", Field: "name"}},
		},
	}
	m.Associations = []connector.Association{{From: deal.Contacts, To: deal.Companies, Field: "company", Title: "company"}}
	return m
}

// manifest is what both apps have in common.
func manifest(app, title, about string) connector.Manifest {
	return connector.Manifest{
		App: app, Title: title, About: about,
		SignIn:     []string{"token"},
		UniqueKey:  true,
		ReadBatch:  maxIDs,
		WriteBatch: 1,
		Parallel:   8,
		PollEvery:  10 * time.Second,
		Budget:     connector.Budget{Calls: 50, Per: time.Second},
	}
}

func contacts() connector.SharedObject {
	return connector.SharedObject{
		Object: deal.Contacts, Title: "contact", Ways: deal.BothWays,
		Fields: []connector.DefaultField{
			{HubSpot: "email", App: "email"},
			{HubSpot: "firstname", App: "first_name"},
			{HubSpot: "lastname", App: "last_name"},
			{HubSpot: "phone", App: "phone"},
		},
		Match: []connector.MatchField{{Rule: "email", Field: "email"}},
	}
}
