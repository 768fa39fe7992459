package connector

import (
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// Manifest declares an app: the conformance suite holds the driver to it.
type Manifest struct {
	App   string
	Title string
	// About says in one sentence what the app is.
	About string
	// Shared are the objects that the app shares (R2).
	Shared []SharedObject
	// Associations that the app has between objects (R16).
	Associations []Association
	// SignIn are the ways to sign in, the preferred one first: "oauth2", "token".
	SignIn []string
	// Scopes are asked for when signing in.
	Scopes []Scope
	// Stages: the app's deals have pipelines and stages (R10).
	Stages bool
	// UniqueKey: creates are idempotent by pair key in the app itself.
	UniqueKey bool
	// EditTimes: Read gives the edit time of each field, not only the record's.
	EditTimes  bool
	ReadBatch  int
	WriteBatch int
	// Parallel is how many writes may be under way where WriteBatch is 1.
	Parallel int
	// PollEvery is the default interval of polls.
	PollEvery time.Duration
	// Budget is the declared rate limit of the account.
	Budget Budget
	// SearchBudget is a limit of its own that searches have; zero: none.
	SearchBudget Budget
	// Webhooks: the app pushes changes; the driver is a WebhookDriver.
	Webhooks bool
}

// SharedObject is an object that an app shares.
type SharedObject struct {
	Object deal.Object
	// Title is the app's own name for it, in the singular: "person".
	Title string
	// Ways are the directions that are possible.
	Ways deal.Ways
	// Fields are the default field mappings with HubSpot (R12).
	Fields []DefaultField
	// Match are the fields by which existing records are paired, in the order of
	// the rules (R15).
	Match []MatchField
}

// DefaultField is a field mapping that a sync has unless it says otherwise.
// Ways is zero where the sync's direction stands.
type DefaultField struct {
	HubSpot, App string
	Ways         deal.Ways
}

// MatchField is the field that holds what a rule compares. Rules are "email",
// "domain" and "name"; a sync uses those that both of its sides have.
type MatchField struct{ Rule, Field string }

// Association is an association that the app keeps with records of one object,
// as a field of type deal.Reference.
type Association struct {
	From, To deal.Object
	// Field of From holds the ids of the associated records.
	Field string
	// Title is the app's own name for the associated object.
	Title string
	// Many: a record can have more than one of them.
	Many bool
}

// Scope is a permission and, in plain words, what it is needed for.
type Scope struct{ Name, Reason string }

// Shares reports whether the app shares an object (R2).
func (m *Manifest) Shares(object deal.Object) bool { return m.Object(object) != nil }

// Object is what the app says of an object that it shares; nil when it does not.
func (m *Manifest) Object(object deal.Object) *SharedObject {
	for i := range m.Shared {
		if m.Shared[i].Object == object {
			return &m.Shared[i]
		}
	}
	return nil
}

// Objects are the objects that the app shares, by our name (R2).
func (m *Manifest) Objects() []deal.Object {
	objects := make([]deal.Object, len(m.Shared))
	for i := range m.Shared {
		objects[i] = m.Shared[i].Object
	}
	return objects
}

// Budget is a rate limit: Calls in every Per, and a daily amount of Cost units
// (0: none).
type Budget struct {
	Calls int
	Per   time.Duration
	Daily int
}
