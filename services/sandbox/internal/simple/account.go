package simple

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // zones are known wherever the program runs

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// account is one customer's records, people and settings.
type account struct {
	name     string
	srv      *Server
	objects  map[string]*object // by plural name
	users    []user
	settings atomic.Pointer[accountSettings]
}

// accountSettings are replaced as a whole.
type accountSettings struct {
	Currencies []string // the account's own first
	Zone       *time.Location
}

type user struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	Active bool   `json:"active"`
}

func newAccount(s *Server, name string) *account {
	a := &account{name: name, srv: s, objects: map[string]*object{}}
	for _, plural := range plurals {
		a.objects[plural] = newObject(plural)
	}
	a.users = []user{
		{"1", "Ada Miller", "ada.miller@example.com", true},
		{"2", "Ben Schmidt", "ben.schmidt@example.com", true},
		{"3", "Cleo Martin", "cleo.martin@example.com", true},
		{"4", "Dan Former", "dan.former@example.com", false},
	}
	a.settings.Store(&accountSettings{Currencies: []string{"EUR", "GBP", "USD"}, Zone: time.UTC})
	return a
}

func (a *account) hasUser(id string) bool {
	return slices.ContainsFunc(a.users, func(u user) bool { return u.ID == id })
}

var plurals = []string{"orders", "contacts", "companies"}

// object is one object type of an account: its records and their fields.
type object struct {
	plural string
	table  *crm.Table

	mu     sync.Mutex // for writers of fields
	fields atomic.Pointer[[]field]
}

// Values of a record that are no fields of its own.
const (
	keyValue  = "external_key"
	fromValue = "merged_from"
)

func newObject(plural string) *object {
	o := &object{plural: plural, table: crm.NewTable(1, nil)}
	o.table.SetUnique(keyValue)
	fields := standardFields(plural)
	o.fields.Store(&fields)
	return o
}

func (o *object) field(name string) *field {
	all := *o.fields.Load()
	if i := slices.IndexFunc(all, func(f field) bool { return f.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

func (o *object) add(f field) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.field(f.Name) != nil || f.Name == keyValue || f.Name == fromValue {
		return false
	}
	next := append(slices.Clone(*o.fields.Load()), f)
	o.fields.Store(&next)
	return true
}
