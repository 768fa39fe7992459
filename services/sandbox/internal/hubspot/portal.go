package hubspot

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Portal is one HubSpot account: its records, settings and people.
type Portal struct {
	id        int64
	srv       *Server
	objects   map[string]*object // by kind name
	owners    atomic.Pointer[[]*owner]
	money     atomic.Pointer[money]
	links     links
	lastDefID atomic.Int64 // of pipelines and stages made here
}

type owner struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Type      string `json:"type"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	UserID    *int64 `json:"userId"`
	AnyUserID int64  `json:"userIdIncludingInactive"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	Archived  bool   `json:"archived"`
	Teams     []team `json:"teams,omitempty"`
}

type team struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Primary bool   `json:"primary"`
}

const epoch = "1970-01-01T00:00:00Z"

// firstIDs keep the id ranges of the object types apart and as long as live ones.
var firstIDs = map[string]int64{"deals": 700000000001, "contacts": 500000000001, "companies": 600000000001}

func (s *Server) newPortal(id int64) *Portal {
	p := &Portal{id: id, srv: s, objects: map[string]*object{}}
	p.links.m = map[linkKey][]link{}
	p.lastDefID.Store(100000000)
	for _, k := range kinds {
		p.objects[k.name] = newObject(k, firstIDs[k.name], s.newView())
	}
	sales := &pipeline{ID: "default", Label: "Sales Pipeline", CreatedAt: epoch, UpdatedAt: epoch}
	for i, st := range [][3]string{
		{"appointmentscheduled", "Appointment Scheduled", "0.2"},
		{"qualifiedtobuy", "Qualified To Buy", "0.4"},
		{"presentationscheduled", "Presentation Scheduled", "0.6"},
		{"decisionmakerboughtin", "Decision Maker Bought-In", "0.8"},
		{"contractsent", "Contract Sent", "0.9"},
		{"closedwon", "Closed Won", "1.0"},
		{"closedlost", "Closed Lost", "0.0"},
	} {
		sales.Stages = append(sales.Stages, newStage(st[0], st[1], i, st[2], epoch))
	}
	partner := &pipeline{ID: "90000001", Label: "Partner Pipeline", DisplayOrder: 1, CreatedAt: epoch, UpdatedAt: epoch}
	for i, st := range [][3]string{
		{"90000011", "New Lead", "0.1"},
		{"90000012", "In Talks", "0.5"},
		{"90000013", "Agreed", "0.8"},
		{"90000014", "Won", "1.0"},
		{"90000015", "Lost", "0.0"},
	} {
		partner.Stages = append(partner.Stages, newStage(st[0], st[1], i, st[2], epoch))
	}
	p.objects["deals"].lines.Store(&[]*pipeline{sales, partner})
	p.setMoney(&money{codes: []string{"EUR", "GBP", "USD"}, zone: time.UTC})
	p.seedOwners()
	return p
}

// seedOwners puts three people there who have the same e-mail addresses in the
// Pipedrive double, and one who left.
func (p *Portal) seedOwners() {
	all := []*owner{}
	for i, n := range [][3]string{
		{"ada.miller@example.com", "Ada", "Miller"}, {"ben.schmidt@example.com", "Ben", "Schmidt"}, {"cleo.martin@example.com", "Cleo", "Martin"},
	} {
		user := int64(9586501 + i)
		all = append(all, &owner{
			ID: strconv.Itoa(41629771 + i), Email: n[0], Type: "PERSON", FirstName: n[1], LastName: n[2], UserID: &user, AnyUserID: user,
			CreatedAt: epoch, UpdatedAt: epoch, Teams: []team{{"368389", "Sales", true}},
		})
	}
	all = append(all, &owner{
		ID: "41629774", Email: "dan.former@example.com", Type: "PERSON", FirstName: "Dan", LastName: "Former", AnyUserID: 9586504,
		CreatedAt: epoch, UpdatedAt: epoch, Archived: true,
	})
	p.owners.Store(&all)
}

func (p *Portal) owner(id string) *owner {
	for _, o := range *p.owners.Load() {
		if o.ID == id {
			return o
		}
	}
	return nil
}

func (p *Portal) object(name string) *object {
	if k := findKind(name); k != nil {
		return p.objects[k.name]
	}
	return nil
}

// portals is the set of accounts, in a form that reads without waiting.
type portals struct {
	mu sync.RWMutex
	m  map[int64]*Portal
}

func (ps *portals) get(id int64) *Portal {
	ps.mu.RLock()
	defer ps.mu.RUnlock()
	return ps.m[id]
}

func (ps *portals) put(p *Portal) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.m[p.id] = p
}
