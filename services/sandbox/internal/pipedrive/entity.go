package pipedrive

import (
	"sync"
	"sync/atomic"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// kindOf says which JSON a native field takes.
type kindOf int

const (
	text kindOf = iota
	integer
	number
	boolean
	date    // "2026-01-31"
	instant // RFC 3339
	ints    // [1,2]
	raw     // an object or a list that has its own check
)

// native is a field that every account has.
type native struct {
	name     string
	kind     kindOf
	writable bool
	nullable bool
	hookOnly bool // shown in webhooks only
	apiOnly  bool // shown in the API only
	optional bool // in the API only on request, by include_fields
}

// entity is one object type: its records and their fields.
type entity struct {
	name, plural, title string
	scope               string // prefix of the OAuth scopes
	natives             []native
	byName              map[string]*native
	table               *crm.Table
	view                *crm.View
	fields              *fieldSet
}

var dealFields = []native{
	{name: "id", kind: integer},
	{name: "title", writable: true},
	{name: "value", kind: number, writable: true},
	{name: "currency", writable: true},
	{name: "status", writable: true},
	{name: "stage_id", kind: integer, writable: true},
	{name: "pipeline_id", kind: integer, writable: true},
	{name: "owner_id", kind: integer, writable: true},
	{name: "creator_user_id", kind: integer},
	{name: "person_id", kind: integer, writable: true, nullable: true},
	{name: "org_id", kind: integer, writable: true, nullable: true},
	{name: "add_time", kind: instant},
	{name: "update_time", kind: instant},
	{name: "stage_change_time", kind: instant},
	{name: "close_time", kind: instant, writable: true, nullable: true},
	{name: "won_time", kind: instant, writable: true, nullable: true},
	{name: "lost_time", kind: instant, writable: true, nullable: true},
	{name: "first_won_time", kind: instant, hookOnly: true, optional: true},
	{name: "local_won_date", kind: date, apiOnly: true},
	{name: "local_lost_date", kind: date, apiOnly: true},
	{name: "local_close_date", kind: date, apiOnly: true},
	{name: "lost_reason", writable: true, nullable: true},
	{name: "expected_close_date", kind: date, writable: true, nullable: true},
	{name: "probability", kind: number, writable: true, nullable: true},
	{name: "label_ids", kind: ints, writable: true},
	{name: "visible_to", kind: integer, writable: true},
	{name: "is_deleted", kind: boolean, writable: true, apiOnly: true},
	{name: "is_archived", kind: boolean, writable: true, apiOnly: true},
	{name: "archive_time", kind: instant, writable: true, nullable: true, apiOnly: true},
	{name: "origin"},
	{name: "origin_id"},
	{name: "channel", kind: integer},
	{name: "channel_id", writable: true, nullable: true},
	{name: "source_lead_id", apiOnly: true},
	{name: "acv", kind: number, apiOnly: true},
	{name: "arr", kind: number, apiOnly: true},
	{name: "mrr", kind: number, apiOnly: true},
}

var personFields = []native{
	{name: "id", kind: integer},
	{name: "name", writable: true},
	{name: "first_name"},
	{name: "last_name"},
	{name: "owner_id", kind: integer, writable: true},
	{name: "org_id", kind: integer, writable: true, nullable: true},
	{name: "add_time", kind: instant, writable: true},
	{name: "update_time", kind: instant},
	{name: "emails", kind: raw, writable: true},
	{name: "phones", kind: raw, writable: true},
	{name: "is_deleted", kind: boolean, apiOnly: true},
	{name: "visible_to", kind: integer, writable: true},
	{name: "label_ids", kind: ints, writable: true},
	{name: "picture_id", kind: integer, apiOnly: true},
}

var orgFields = []native{
	{name: "id", kind: integer},
	{name: "name", writable: true},
	{name: "owner_id", kind: integer, writable: true},
	{name: "add_time", kind: instant, writable: true},
	{name: "update_time", kind: instant},
	{name: "address", kind: raw, writable: true, nullable: true},
	{name: "website", writable: true, nullable: true},
	{name: "linkedin", writable: true, nullable: true},
	{name: "industry", kind: integer, writable: true, nullable: true},
	{name: "annual_revenue", kind: number, writable: true, nullable: true},
	{name: "employee_count", kind: integer, writable: true, nullable: true},
	{name: "is_deleted", kind: boolean, apiOnly: true},
	{name: "visible_to", kind: integer, writable: true},
	{name: "label_ids", kind: ints, writable: true},
}

func newEntity(name, plural, title, scope string, natives []native, view *crm.View) *entity {
	e := &entity{name: name, plural: plural, title: title, scope: scope, natives: natives, byName: map[string]*native{}, view: view}
	for i := range natives {
		e.byName[natives[i].name] = &natives[i]
	}
	e.table = crm.NewTable(1, view.Push)
	e.fields = &fieldSet{}
	e.fields.clear()
	return e
}

// clear brings the entity back to the start.
func (e *entity) clear() {
	e.table.Clear(1)
	e.view.Clear()
	e.fields.clear()
}

// fieldSet holds the custom fields of an entity.
type fieldSet struct {
	mu   sync.Mutex // for writers
	m    atomic.Pointer[map[string]*field]
	list atomic.Pointer[[]*field] // in order of creation
}

func (f *fieldSet) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.m.Store(&map[string]*field{})
	f.list.Store(&[]*field{})
}

func (f *fieldSet) get(code string) *field { return (*f.m.Load())[code] }

func (f *fieldSet) all() []*field {
	return *f.list.Load()
}

// put adds or replaces a field; a nil value removes it.
func (f *fieldSet) put(code string, fd *field) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := make(map[string]*field, len(*f.m.Load())+1)
	var list []*field
	found := false
	for _, old := range f.all() {
		switch {
		case old.Code != code:
			list = append(list, old)
			m[old.Code] = old
		case fd != nil:
			list = append(list, fd)
			m[code] = fd
			found = true
		default:
			found = true
		}
	}
	if !found && fd != nil {
		list = append(list, fd)
		m[code] = fd
	}
	f.m.Store(&m)
	f.list.Store(&list)
}
